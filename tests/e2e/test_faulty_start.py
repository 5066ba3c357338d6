"""A start that fails says why, in its own words, and leaves nothing behind."""

import subprocess
import sys
from pathlib import Path

import pytest

FAULTY = "version: 1\nsite: acme\nadmitt: []\n"


def start(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tierwall", "run", "--listen", "127.0.0.1:0", *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize(
    ("site", "said"),
    [("refrence", "unknown site `refrence`; did you mean `reference`?"), ("acme.yaml", "did you mean `admit`?")],
)
def test_the_fault_is_said_and_no_journal_is_left(tmp_path: Path, site: str, said: str) -> None:
    (tmp_path / "acme.yaml").write_text(FAULTY, encoding="utf-8")
    journals = tmp_path / "journals"
    journals.mkdir()

    done = start(tmp_path, "--site", site, "--journal", str(journals / "j.jsonl"))

    assert done.returncode == 2
    assert said in done.stderr
    assert "cannot be written" not in done.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["acme.yaml", "journals"]


def test_it_is_said_where_the_current_folder_cannot_be_written(tmp_path: Path) -> None:
    done = start(Path("/proc"), "--site", "refrence", "--journal", str(tmp_path / "j.jsonl"))

    assert done.returncode == 2
    assert done.stderr.startswith("unknown site `refrence`")
