"""A run's start-up and its talk: what mitmproxy complains of ends it or is said, and a failed start leaves no file."""

import logging
from pathlib import Path
from typing import Any

import pytest

from tierwall.proxy.run import engine
from tierwall.proxy.run.engine import CannotStart, RunSettings, _no_journal_left, _Talk, run


class Voice:
    """Where a run says what happens."""

    def __init__(self) -> None:
        self.said: list[tuple[str, str]] = []

    def complain(self, message: str) -> None:
        self.said.append(("complaint", message))

    def warn(self, message: str) -> None:
        self.said.append(("warning", message))

    def note(self, message: str) -> None:
        self.said.append(("note", message))


def _fails(journal: Path, written: str) -> None:
    """A start that comes to nothing when this has been written."""
    with _no_journal_left(journal):
        with journal.open("a") as file:
            file.write(written)
        raise CannotStart("no such site")


def _heard(name: str, level: int, message: str) -> tuple[list[str], list[tuple[str, str]]]:
    """What of it ends the run, and what is said."""
    troubles, voice = list[str](), Voice()
    told: Any = voice
    talk = _Talk(troubles, told)
    record = logging.LogRecord(name, level, "", 0, message, (), None)
    if level >= talk.level:
        talk.handle(record)
    return troubles, voice.said


def test_what_does_not_listen_ends_the_run() -> None:
    assert _heard("mitmproxy.addons.proxyserver", logging.ERROR, "in use") == (["in use"], [])


@pytest.mark.parametrize(
    ("name", "level", "said"),
    [
        ("mitmproxy.addons.proxyserver", logging.WARNING, [("warning", "x")]),
        ("mitmproxy.proxy", logging.ERROR, [("complaint", "x")]),
        ("tierwall.proxy.state", logging.ERROR, [("complaint", "x")]),
        ("tierwall.proxy.state", logging.INFO, [("note", "x")]),
        ("mitmproxy.proxy", logging.INFO, []),
        ("tierwall.proxy.state", logging.DEBUG, []),
    ],
)
def test_other_complaints_are_said_and_only_our_own_notes(name: str, level: int, said: list[tuple[str, str]]) -> None:
    assert _heard(name, level, "x") == ([], said)


@pytest.mark.parametrize(("before", "after"), [(None, None), ("", ""), ("a line\n", "a line\n")])
def test_a_start_that_fails_leaves_no_journal_where_there_was_none(
    tmp_path: Path, before: str | None, after: str | None
) -> None:
    journal = tmp_path / "journal.jsonl"
    if before is not None:
        journal.write_text(before)

    with pytest.raises(CannotStart):
        _fails(journal, "")

    assert (journal.read_text() if journal.exists() else None) == after


def test_nor_does_it_take_away_what_was_journalled_meanwhile(tmp_path: Path) -> None:
    journal = tmp_path / "journal.jsonl"

    with pytest.raises(CannotStart):
        _fails(journal, "a line\n")

    assert journal.exists()


@pytest.mark.parametrize(("workers", "path"), [(1, "alone"), (2, "several")])
def test_several_workers_are_run_apart_and_each_may_have_all_descriptors(
    workers: int, path: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tierwall.proxy.run import workers as several  # noqa: PLC0415

    went: list[str] = []
    monkeypatch.setattr(engine, "raise_limit", lambda: went.append("raised"))
    monkeypatch.setattr(engine, "_run", lambda _: went.append("alone"))
    monkeypatch.setattr(several, "run_workers", lambda _: went.append("several"))

    run(RunSettings(journal=tmp_path / "j.jsonl", ca=tmp_path, workers=workers))

    assert went == ["raised", path]
