"""The folder of a run carries its owner; what a killed run has left goes with the next one, and nothing else does."""

import os
import tempfile
from pathlib import Path

import pytest

from tierwall.reproduce.leftovers import PREFIX, folder_of_a_run, leftovers


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def left(here: Path, name: str, owner: str | None) -> Path:
    folder = here / f"{PREFIX}{name}"
    folder.mkdir()
    if owner is not None:
        (folder / "owner").write_text(owner)
    return folder


def test_what_belongs_to_no_process_any_more_is_left_over(here: Path) -> None:
    gone = left(here, "gone", "4194305 1\n")
    another_now = left(here, "again", f"{os.getpid()} 1\n")
    left(here, "new", None)
    left(here, "strange", "what?\n")
    (here / f"{PREFIX}link").symlink_to(gone)

    assert sorted(leftovers(here)) == sorted([gone, another_now])


def test_a_run_takes_them_away_and_leaves_nothing(here: Path) -> None:
    left(here, "gone", "4194305 1\n")

    with folder_of_a_run() as own:
        assert [path.name for path in here.iterdir()] == [own.name]
        assert list(leftovers(here)) == []
    assert list(here.iterdir()) == []
