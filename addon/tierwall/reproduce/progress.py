"""What is being waited for, while checks run: how many are over, and how long connections are still held.

Knows checks and a clock that is passed in. A terminal gets a line that changes, a file a line when waiting begins.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Final

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from tierwall.reproduce.check import Check
from tierwall.reproduce.trial import Telling

_TICK_S: Final = 0.5
_LONG_S: Final = 5.0
"""Shorter holds are not worth a word."""


class Waiting:
    """Checks that run, and since when."""

    def __init__(self, total: int, clock: Callable[[], float]) -> None:
        self.total = total
        self.over = 0
        self._clock = clock
        self._held: dict[tuple[int, Check], float] = {}

    def telling(self, round_number: int) -> Telling:
        """For one of several rounds of the same checks."""

        def begins(check: Check) -> None:
            if check.hold_s > _LONG_S:
                self._held[round_number, check] = self._clock()

        def ends(check: Check) -> None:
            self._held.pop((round_number, check), None)
            self.over += 1

        return Telling(begins=begins, ends=ends)

    @property
    def longest(self) -> tuple[float, float] | None:
        """Of the connection that will be held the longest still: seconds so far, and in all."""
        now = self._clock()
        held = [(now - since, check.hold_s) for (_, check), since in self._held.items()]
        return max(held, key=lambda each: each[1] - each[0], default=None)

    @property
    def said(self) -> str:
        """`holding 43 of 60 s`, or that clients run."""
        if (longest := self.longest) is None:
            return "clients, without and with the site"
        return f"holding {min(longest):.0f} of {longest[1]:.0f} s"


async def show(waiting: Waiting, talk: Console) -> None:
    """Until it is cancelled."""
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.completed}/{task.total}"))
    if not talk.is_terminal:
        await _say_once(waiting, talk)
        return
    with (
        Progress(*columns, TimeElapsedColumn(), console=talk, transient=True) as progress,
        suppress(asyncio.CancelledError),
    ):
        bar = progress.add_task(waiting.said, total=waiting.total)
        while True:
            progress.update(bar, description=waiting.said, completed=waiting.over)
            await asyncio.sleep(_TICK_S)


async def _say_once(waiting: Waiting, talk: Console) -> None:
    while (longest := waiting.longest) is None:
        await asyncio.sleep(_TICK_S)
    talk.print(f"holding connections for {longest[1]:.0f} s, to see whether they last", style="dim")
