"""What a parent makes of what its workers say: whole lines however they come, and notes from one of them alone."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.events.material import ATTEMPT, DENIED, context
from tierwall import events
from tierwall.proxy.run.settings import RunSettings
from tierwall.proxy.run.workers import _held_signals, _how, _Job, _Parent, _Worker

EVENT = events.to_line(events.from_verdict(DENIED, ATTEMPT, context())).rstrip(b"\n")


class Screen:
    """The parent's console."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, object]] = []

    def write(self, event: object) -> None:
        self.heard.append(("event", event))

    def complain(self, message: str) -> None:
        self.heard.append(("complaint", message))

    def warn(self, message: str) -> None:
        self.heard.append(("warning", message))

    def note(self, message: str) -> None:
        self.heard.append(("note", message))


class Workers:
    """A parent of two, who say what a test has them say."""

    def __init__(self) -> None:
        settings = RunSettings(journal=Path("/nonexistent"), ca=Path("/nonexistent"), workers=2)
        self.parent, self.screen = _Parent(_Job(settings, ["regular"], {})), Screen()
        screen: Any = self.screen
        self.parent._screen = screen
        self.says: list[int] = []
        for number in (1, 2):
            reading, writing = os.pipe()
            os.set_blocking(reading, False)
            self.says.append(writing)
            self.parent._workers[number] = _Worker(number, 0, reading, None, 0)

    def say(self, number: int, octets: bytes) -> None:
        os.write(self.says[number - 1], octets)
        self.parent._hear(self.parent._workers[number])

    def close(self) -> None:
        for end in (*self.says, *self.parent._lifeline, *(each.pipe for each in self.parent._workers.values())):
            os.close(end)
        self.parent._selector.close()


@pytest.fixture
def workers() -> Iterator[Workers]:
    workers = Workers()
    yield workers
    workers.close()


def test_a_line_that_comes_in_pieces_is_heard_when_it_is_whole(workers: Workers) -> None:
    workers.say(1, b"E" + EVENT[:50])
    before = list(workers.screen.heard)
    workers.say(1, EVENT[50:] + b"\nWtwo lines\nCone wri")
    workers.say(1, b"te\n")

    assert before == []
    assert workers.screen.heard == [
        ("event", events.parse(EVENT)),
        ("warning", "two lines"),
        ("complaint", "one write"),
    ]


def test_pieces_of_two_workers_are_not_mixed(workers: Workers) -> None:
    workers.say(1, b"Wfirst")
    workers.say(2, b"Wsecond\n")
    workers.say(1, b" one\n")

    assert workers.screen.heard == [("warning", "second"), ("warning", "first one")]


def test_what_all_of_them_do_is_noted_once(workers: Workers) -> None:
    for number in (1, 2):
        workers.say(number, b"Nbehaviour latency is on\n")

    assert workers.screen.heard == [("note", "behaviour latency is on")]


def test_lines_that_journals_lost_are_added_up(workers: Workers) -> None:
    workers.say(1, b"L2\n")
    workers.say(2, b"L3\n")

    assert workers.parent._lost == 5


def test_why_a_worker_cannot_start_is_kept_for_its_end(workers: Workers) -> None:
    workers.say(1, b"S\n")
    workers.say(2, b"X" + b"port 80: not allowed\nas a user".hex().encode() + b"\n")

    said = workers.parent._workers
    assert (said[1].started, said[2].started, said[2].cannot) == (True, False, "port 80: not allowed\nas a user")


def test_how_a_worker_ended_is_said_by_signal_or_status() -> None:
    assert (_how(9), _how(3 << 8)) == ("signal 9", "exit status 3")


def test_while_a_worker_is_made_no_signal_meets_it() -> None:
    before = signal.pthread_sigmask(signal.SIG_BLOCK, ())
    with _held_signals((signal.SIGTERM,)):
        held = signal.pthread_sigmask(signal.SIG_BLOCK, ())

    assert signal.SIGTERM in held
    assert signal.pthread_sigmask(signal.SIG_BLOCK, ()) == before
