"""Where what was journalled and what is told meet: lines that are told while the journal is read wait, and none of both
is shown twice.

Knows lines and the ids of their events. The clock is passed in.
"""

from collections.abc import Iterable, Iterator
from typing import Final

from tierwall.dashboard.sources.replay import id_of

HELD: Final = 20_000
"""Lines that wait; more are counted."""

AGAIN_S: Final = 5.0
"""For so long what the journal had may still be told: both are at most a second behind."""


class Seam:
    """Of one proxy."""

    def __init__(self) -> None:
        self._held: list[bytes] = []
        self._recent: set[str] = set()
        self._until = 0.0
        self.lost = 0
        """Lines that found no room."""

    def hold(self, line: bytes) -> None:
        """It comes once the journal has been read."""
        if len(self._held) < HELD:
            self._held.append(line)
        else:
            self.lost += 1

    def close(self, recent: Iterable[str], now: float) -> Iterator[bytes]:
        """The journal was read, with these events at its end: what waited and was not among them."""
        if fresh := set(recent):
            self._recent |= fresh
            self._until = now + AGAIN_S
        held, self._held = self._held, []
        return (line for line in held if self.is_new(line, now))

    def is_new(self, line: bytes, now: float) -> bool:
        """Whether the journal did not have it."""
        if now > self._until:
            self._recent.clear()
        return not self._recent or id_of(line) not in self._recent
