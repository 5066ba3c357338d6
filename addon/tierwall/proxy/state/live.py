"""A sink for whoever watches a run: bounded queues, never waited for, and what did not fit is counted.

Knows events. While nobody watches it costs nothing; while somebody does, at most what the numbers below allow, so that
the proxy's clients do not feel it.
"""

from collections import deque
from dataclasses import dataclass, field
from typing import Final

from tierwall.events import Action, Event

TURN_S: Final = 0.1
"""Seconds between two looks of a watcher."""

A_TURN: Final = 500
"""Events that a watcher takes at once: 5,000 a second."""

QUIET_A_TURN: Final = 50
"""Of what is let through or ended: 500 a second. These are the most by far, and are made for the watcher alone."""

QUIET_AT_ONCE: Final = 1000
"""As many of them may come at once after a silence, when an app starts."""

WAITING: Final = 5000
"""Events that wait for a watcher that is slow."""


@dataclass(slots=True, eq=False)
class Watcher:
    """One who watches. `lost` events did not reach it."""

    lost: int = 0
    _events: deque[Event] = field(default_factory=deque)
    _quiet: int = QUIET_AT_ONCE

    def put(self, event: Event) -> None:
        """Keep it until the watcher looks, where there is room."""
        action = event.action
        quiet = action is Action.ALLOWED or action is Action.CLOSED  # a set would hash the word in Python each time
        if len(self._events) >= WAITING or (quiet and not self.takes_quiet()):
            self.lost += 1
        else:
            self._events.append(event)

    def takes_quiet(self) -> bool:
        """Whether one more of what was let through may be told before the watcher looks again."""
        self._quiet -= 1
        return self._quiet >= 0

    def take(self) -> list[Event]:
        """What came, the oldest first. From here on there is room again."""
        self._quiet = min(QUIET_AT_ONCE, max(0, self._quiet) + QUIET_A_TURN)
        return [self._events.popleft() for _ in range(min(len(self._events), A_TURN))]


class Live:
    """All who watch this process."""

    def __init__(self) -> None:
        self._watchers: tuple[Watcher, ...] = ()

    @property
    def watched(self) -> bool:
        """Whether anybody does."""
        return bool(self._watchers)

    def turns_away(self) -> bool:
        """Whether one more of what was let through would reach nobody: it is counted then, and need not be made."""
        if any(watcher._quiet > 0 for watcher in self._watchers):  # noqa: SLF001 - the same module's
            return False
        for watcher in self._watchers:
            watcher.lost += 1
        return True

    def write(self, event: Event) -> None:
        """To each of them."""
        for watcher in self._watchers:
            watcher.put(event)

    def join(self) -> Watcher:
        """Watch from now on."""
        watcher = Watcher()
        self._watchers = (*self._watchers, watcher)
        return watcher

    def leave(self, watcher: Watcher) -> None:
        """Watch no more."""
        self._watchers = tuple(each for each in self._watchers if each is not watcher)
