"""What the tests of sinks share: events of a run, their journal, an outlet that does as a test says, and a voice."""

import threading
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from tests.events.material import ATTEMPT, DENIED, context
from tierwall.events import Event, Stage, fault, from_verdict, to_line
from tierwall.journal.file import LineFile
from tierwall.sinks.delivery import Delivery, Voice
from tierwall.sinks.entry import TAKEN, Entry, Outcome
from tierwall.sinks.following import START, Follower

NOW = datetime(2026, 11, 21, 2, 3, 4, 567000, tzinfo=UTC)


def event(number: int, run: str = "run", when: datetime = NOW) -> Event:
    return fault("one of many", Stage.CONFIG, when=when, id=f"{run}-{number:x}")


LINE_OCTETS = len(to_line(event(1)))


def entry(of: Event | None = None) -> Entry:
    """By default of a denial that breaks analytics."""
    found = of or from_verdict(DENIED, ATTEMPT, context())
    return Entry(to_line(found).rstrip(b"\n"), found.event.id)


class Written:
    """A journal that a test writes to, a line at a time."""

    def __init__(self, path: Path, rotate_octets: int = 1 << 30) -> None:
        self.path = path
        self._file = LineFile(path, rotate_octets=rotate_octets, keep=2)

    def write(self, *numbers: int, run: str = "run", when: datetime = NOW) -> None:
        for number in numbers:
            self._file.write(to_line(event(number, run, when)))


class Heard:
    """A voice that keeps what it is told."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self.journalled: list[str] = []
        self._came = threading.Condition()

    @property
    def voice(self) -> Voice:
        return Voice(say=partial(self._hear, self.said), journal=partial(self._hear, self.journalled))

    def _hear(self, where: list[str], text: str) -> None:
        with self._came:
            where.append(text)
            self._came.notify_all()

    def wait_for(self, part: str) -> str:
        with self._came:
            assert self._came.wait_for(lambda: any(part in text for text in self.said), 10), self.said
        return next(text for text in self.said if part in text)


class Played:
    """An outlet that answers as a test says, and keeps what it took."""

    def __init__(self, answer: Callable[[Sequence[Entry]], Outcome] = lambda _: TAKEN) -> None:
        self.answer = answer
        self.taken: list[str] = []
        self._came = threading.Condition()

    def send(self, entries: Sequence[Entry]) -> Outcome:
        outcome = self.answer(entries)
        with self._came:
            left = {each.id for each in outcome.again}
            self.taken += [each.id for each in entries if each.id not in left]
            self._came.notify_all()
        return outcome

    def close(self) -> None:
        """Nothing to let go."""

    def wait_for(self, count: int) -> None:
        with self._came:
            assert self._came.wait_for(lambda: len(self.taken) >= count, 10), self.taken


def a_sink(outlet: Played, journal: Path, heard: Heard, follower: Follower | None = None) -> Delivery:
    return Delivery("played", outlet, follower or Follower(journal, START), journal.with_name("kept"), heard.voice)
