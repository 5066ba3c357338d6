"""Limits in time, kept by one coarse sweep: thousands begin and end a second, and hardly one passes.

Knows durations and who is to be told. Refuses to be exact: a limit of S seconds passes between S and S + S/8, at most a
second late.
"""

import asyncio
import logging
import math
import threading
from typing import Final, Protocol
from weakref import ref

logger = logging.getLogger(__name__)

_COARSENESS: Final = 8
_LATEST_S: Final = 1.0
_AT_LEAST_S: Final = 0.002


class Limited(Protocol):
    """Who is told that a limit has passed."""

    def limit_passed(self) -> None:
        """It has, and was forgotten before."""


type Limit = dict[Limited, float]
"""All limits of one duration, the oldest first: who, and since when. To end one's own limit, pop it."""


class Limits:
    """All limits of an event loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._limits: dict[float, tuple[Limit, float]] = {}
        """By duration, and how long after it began one may be looked at at the latest."""
        self._sweeps_at = math.inf
        self._sweep_timer: asyncio.TimerHandle | None = None

    @staticmethod
    def here() -> "Limits":
        """Those of the loop that runs."""
        loop = asyncio.get_running_loop()
        known: Limits | None = None if (last := getattr(_LAST, "limits", None)) is None else last()
        if known is None or known._loop is not loop:  # noqa: SLF001
            known = Limits(loop)
            _LAST.limits = ref(known)
        return known

    def begin(self, seconds: float, who: Limited) -> Limit:
        """Tell them when so many seconds have passed, unless they pop themselves from what is returned before."""
        if seconds not in self._limits:
            self._limits[seconds] = ({}, min(_LATEST_S, max(_AT_LEAST_S, seconds / _COARSENESS)))
        limit, often = self._limits[seconds]
        now = limit[who] = self._loop.time()
        if now + often < self._sweeps_at:
            self._sweep_in(often)
        return limit

    def _sweep_in(self, seconds: float) -> None:
        if self._sweep_timer is not None:
            self._sweep_timer.cancel()
        self._sweeps_at = self._loop.time() + seconds
        self._sweep_timer = self._loop.call_later(seconds, self._sweep)

    def _sweep(self) -> None:
        self._sweeps_at, self._sweep_timer = math.inf, None
        now = self._loop.time()
        passed: list[Limited] = []
        for seconds, (limit, _) in self._limits.items():
            while limit and limit[oldest := next(iter(limit))] + seconds <= now:
                del limit[oldest]
                passed.append(oldest)
        if waiting := [often for limit, often in self._limits.values() if limit]:
            self._sweep_in(min(waiting))
        for who in passed:
            try:
                who.limit_passed()
            except Exception:
                logger.exception("a limit that has passed had no effect")


_LAST: Final = threading.local()
"""Of this thread: those of the loop that ran last. A timer holds them while there is any."""
