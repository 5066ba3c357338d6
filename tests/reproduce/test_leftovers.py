"""The folder of a run is held by it; what a killed run has left goes with the next one, and nothing else does."""

import tempfile
from pathlib import Path

import pytest

from tierwall.reproduce.leftovers import MARK, PREFIX, folder_of_a_run, leftovers


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def left(here: Path, name: str, *inside: str) -> Path:
    folder = here / f"{PREFIX}{name}"
    folder.mkdir()
    for file in inside:
        (folder / file).touch()
    return folder


def test_what_nobody_holds_is_left_over_and_what_has_no_mark_yet_is_not(here: Path) -> None:
    gone = left(here, "gone", MARK)
    left(here, "new", "being-marked")
    (here / f"{PREFIX}link").symlink_to(gone)

    assert list(leftovers(here)) == [gone]


def test_a_run_takes_them_away_and_leaves_nothing(here: Path) -> None:
    left(here, "gone", MARK)

    with folder_of_a_run() as own:
        assert list(here.iterdir()) == [own]
    assert list(here.iterdir()) == []


def test_two_runs_side_by_side_leave_each_other_alone(here: Path) -> None:
    with folder_of_a_run() as one, folder_of_a_run() as other:
        assert sorted(here.iterdir()) == sorted([one, other])
        assert list(leftovers(here)) == []
