"""One line of the journal on its way to an engine, and what an engine said to it.

Knows values. What is done about an answer is delivery.py's.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from tierwall.events import Event, parse


@dataclass(slots=True)
class Entry:
    """A line, its LF left out, and the id of its event. The event itself is read when somebody asks for it."""

    line: bytes
    id: str
    _event: Event | None = field(default=None, init=False, repr=False, compare=False)

    @property
    def event(self) -> Event:
        """Raises ValueError where the line has an id and is no event all the same."""
        if self._event is None:
            self._event = parse(self.line)
        return self._event


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of some entries; those that are not named here were taken."""

    refused: int = 0
    """How many the engine will never take."""
    why: str = ""
    """What it said of the last of them."""
    again: tuple[Entry, ...] = ()
    """Those that it could not take now."""


TAKEN = Outcome()


class NotNow(Exception):
    """The engine is away, busy, or not as it should be: the same entries are sent again."""

    def __init__(self, why: str, after_s: float | None = None) -> None:
        """`after_s`: when the engine wants to be asked again, where it says so."""
        super().__init__(why)
        self.after_s = after_s


class Unwelcome(Exception):
    """The engine does not take these entries together: smaller parts are tried, and a single one is refused."""


class Outlet(Protocol):
    """The way to one engine. Used by one thread, which may wait here."""

    def send(self, entries: Sequence[Entry]) -> Outcome:
        """Send them all, and hear what became of them. Raises NotNow and Unwelcome."""

    def close(self) -> None:
        """Let the connection go."""
