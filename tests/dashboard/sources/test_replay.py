"""Of a journal, the events of one run that stands: all of them, in order, of its rotated files too, and no other's."""

import asyncio
from pathlib import Path

import pytest

from tests.dashboard.picture.lines import NOON, Try, picture
from tierwall.dashboard.picture.picture import Picture
from tierwall.dashboard.sources import replay as replaying
from tierwall.dashboard.sources.replay import Replayed, Run, replay


def line(host: str, run: str = "aa", second: int = 0) -> bytes:
    return Try(f"https://{host}", second=second).line().replace(b'"id":"1-1"', f'"id":"{run}-1"'.encode())


def replayed(journal: Path, since: float = NOON.timestamp()) -> tuple[Picture, Replayed]:
    seen = picture()
    found = asyncio.run(replay(Run(journal=journal, since=since, ids=frozenset({"aa", "bb"})), seen))
    return seen, found


def places(seen: Picture) -> list[str]:
    return [row.place for row in seen.rows.values()]


def test_events_of_every_process_of_the_run_and_of_no_other_run(tmp_path: Path) -> None:
    journal = tmp_path / "j"
    lines = [line("one.example"), line("of.another.example", "cc"), b"torn\n", line("two.example", "bb", 1)]
    journal.write_bytes(b"".join(lines))
    seen, found = replayed(journal)

    assert places(seen) == ["one.example:443", "two.example:443"]
    assert (found.whole, seen.unreadable) == (True, 0)


def test_rotated_files_come_first(tmp_path: Path) -> None:
    (tmp_path / "j.2").write_bytes(line("one.example"))
    (tmp_path / "j.1").write_bytes(line("two.example", second=1))
    (tmp_path / "j").write_bytes(line("three.example", second=2))

    assert places(replayed(tmp_path / "j")[0]) == ["one.example:443", "two.example:443", "three.example:443"]


@pytest.mark.parametrize(("first", "whole"), [("cc", True), ("aa", False)], ids=["another run's", "the run's own"])
def test_of_a_long_journal_the_end_is_read_and_it_is_said_whether_that_is_the_whole_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, first: str, whole: bool
) -> None:
    older = line("old.example", first, -5 if first == "cc" else 0)
    journal = tmp_path / "j"
    journal.write_bytes(older * 3 + line("new.example", second=1))
    monkeypatch.setattr(replaying, "TAIL_OCTETS", journal.stat().st_size - len(older) // 2)
    seen, found = replayed(journal)

    assert (found.whole, seen.events) == (whole, 1 if whole else 3)


def test_a_journal_that_cannot_be_read_is_a_fault(tmp_path: Path) -> None:
    (tmp_path / "j").mkdir()

    with pytest.raises(OSError, match="directory"):
        replayed(tmp_path / "j")
