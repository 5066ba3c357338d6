"""`tierwall reproduce --matrix`: every site against every vendor, what each round shows, side by side.

Knows which rounds disturb each other: none does, so that a few more run at a time than there are processors, and those
that only hold connections besides. A round plays all vendors under its site, as most of what it costs is its beginning;
the round without a site is played once, for all sites.
"""

import asyncio
import os
import signal
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from rich.console import Console

from tierwall.policy.site import Site
from tierwall.reproduce.check import Check, Means, Wanted, Way
from tierwall.reproduce.checks import HOLD_S, login_of
from tierwall.reproduce.command import WITHOUT, Compared, ended_by_signal, settled
from tierwall.reproduce.leftovers import folder_of_a_run
from tierwall.reproduce.patience import LONG_S
from tierwall.reproduce.progress import Waiting, show
from tierwall.reproduce.results import not_shown, rows
from tierwall.reproduce.rounds import Cast, one_round
from tierwall.reproduce.trial import Round, Telling
from tierwall.standins.process import ProxyFailed

VENDORS: Final = ("8x8", "vevox", "google-meet")
"""Where none is named: together they speak TLS of their own, WebSocket, HTTP, TURN, media and QUIC."""

_BESIDES: Final = 1
"""Rounds beyond the processors: there is waiting in each of them."""
_OPENED_S: Final = 5.0
"""What a connection takes at the most until it is held."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """A vendor under a site."""

    name: str
    """The site, as `tierwall run --site` takes it; a file's path is absolute."""
    site: Site
    vendor: str
    checks: tuple[Check, ...]

    @property
    def holds(self) -> bool:
        """Whether it holds connections for long."""
        return any(check.hold_s > LONG_S and check.not_run is None for check in self.checks)


@dataclass(frozen=True, slots=True, kw_only=True)
class Matrix:
    """All that is to be played."""

    cells: tuple[Cell, ...]
    """A vendor's sites in one order."""
    wanted: Wanted
    """Of any vendor: the cells say which."""
    policies: tuple[Path, ...]
    means: Means


def compare_all(matrix: Matrix, talk: Console) -> tuple[tuple[Cell, Compared], ...]:
    """Play it. Raises ExceptionGroup with ProxyFailed in it."""
    return ended_by_signal(lambda: asyncio.run(_compare_all(matrix, talk)))


async def _compare_all(matrix: Matrix, talk: Console) -> tuple[tuple[Cell, Compared], ...]:
    task = asyncio.current_task()
    if task is not None:
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    sites: dict[str, list[Cell]] = {}
    for cell in sorted(matrix.cells, key=lambda cell: not cell.holds):
        sites.setdefault(cell.name, []).append(cell)
    total = sum(check.not_run is None for cell in matrix.cells for check in cell.checks)
    waiting = Waiting(total, time.monotonic)
    showing = asyncio.create_task(show(waiting, talk))
    try:
        with folder_of_a_run() as folder:
            stage = _Stage(matrix, folder, waiting)
            async with asyncio.TaskGroup() as group:
                before = group.create_task(stage.before())
                nows = {name: group.create_task(stage.now(cells)) for name, cells in sites.items()}
    finally:
        showing.cancel()
        await asyncio.gather(showing, return_exceptions=True)
    return tuple((cell, _compared(cell, before.result(), nows[cell.name].result())) for cell in matrix.cells)


type _Rounds = tuple[Round | str, Round | str]
"""By each way, or why there was none."""


@dataclass(frozen=True, slots=True)
class _Now:
    rounds: _Rounds
    when: datetime
    until: datetime


class _Stage:
    """Plays rounds, each when there is room for it."""

    def __init__(self, matrix: Matrix, folder: Path, waiting: Waiting) -> None:
        self._matrix, self._folder, self._waiting = matrix, folder, waiting
        self._room = asyncio.Semaphore((os.cpu_count() or 1) + _BESIDES)
        self._number = 0

    async def before(self) -> _Rounds:
        """All checks of all sites without any: of one that several sites have, the longest."""
        cast = self._cast(self._matrix.cells)
        once: dict[Check, Check] = {}
        for check in cast.checks:
            longest = once.get(key := plain(check))
            if check.not_run is None and (longest is None or longest.hold_s < check.hold_s):
                once[key] = check
        kept = set(once.values())
        alone = tuple(
            check if check in kept else replace(check, not_run="another is the same") for check in cast.checks
        )
        silent = Telling(begins=lambda _: None, ends=lambda _: None)
        return await self._both(replace(cast, checks=alone), WITHOUT, silent)

    async def now(self, cells: Sequence[Cell]) -> "_Now":
        """The rounds with a site, of all its vendors."""
        when = datetime.now(UTC)
        self._number += 1
        rounds = await self._both(self._cast(cells), cells[0].name, self._waiting.telling(self._number))
        return _Now(rounds, when, datetime.now(UTC))

    def _cast(self, cells: Sequence[Cell]) -> Cast:
        matrix = self._matrix
        return Cast(
            parts=tuple((cell.name, cell.vendor) for cell in cells),
            wanted=matrix.wanted,
            policies=matrix.policies,
            means=matrix.means,
            checks=tuple(check for cell in cells for check in cell.checks),
            login=login_of(cells[0].site),  # without a site nobody asks
        )

    async def _both(self, cast: Cast, under: str, telling: Telling) -> _Rounds:
        async with asyncio.TaskGroup() as group:
            by_proxy = group.create_task(self._by_proxy(cast, under, telling))
            by_gateway = group.create_task(self._by_gateway(cast, under, telling))
        return by_proxy.result(), by_gateway.result()

    async def _by_gateway(self, cast: Cast, under: str, telling: Telling) -> Round | str:
        async with self._room:
            return await self._play(cast, under, Way.GATEWAY, telling)

    async def _by_proxy(self, cast: Cast, under: str, telling: Telling) -> Round | str:
        """Takes room only until nothing but held connections is left."""
        left = {check for check in cast.checks if check.way is Way.PROXY and check.not_run is None}
        quiet = asyncio.Event()

        def begins(check: Check) -> None:
            telling.begins(check)
            if check.hold_s > LONG_S:
                over(check)

        def ends(check: Check) -> None:
            telling.ends(check)
            over(check)

        def over(check: Check) -> None:
            left.discard(check)
            if not left:
                quiet.set()

        async with self._room:
            round_ = asyncio.create_task(self._play(cast, under, Way.PROXY, Telling(begins=begins, ends=ends)))
            waiting = asyncio.create_task(quiet.wait())
            try:
                await asyncio.wait({round_, waiting}, return_when=asyncio.FIRST_COMPLETED)
                if not round_.done():
                    await asyncio.wait({round_}, timeout=_OPENED_S)
            finally:
                waiting.cancel()
        return await round_

    async def _play(self, cast: Cast, under: str, way: Way, telling: Telling) -> Round | str:
        self._number += 1
        folder = self._folder / f"{way}-{self._number}"
        try:
            return await one_round(cast, under, way, folder, telling)
        except ProxyFailed as why:
            return f"the proxy did not run: {' '.join(str(why).splitlines()[:2])}"


def plain(check: Check) -> Check:
    """The check as it is for every site: without what this one makes of it."""
    return replace(check, hold_s=HOLD_S if check.hold_s else 0.0, meets=(), not_run=None)


def _compared(cell: Cell, before: _Rounds, now: _Now) -> Compared:
    one, other = before
    checks, without, with_it = settled(cell.checks, (_for(cell, one), _for(cell, other)), now.rounds)
    return Compared(
        rows=rows(checks, without, with_it),
        not_shown=tuple(not_shown(cell.site.behaviours, checks, without, with_it)),
        events=with_it.events,
        when=now.when,
        until=now.until,
    )


def _for(cell: Cell, before: Round | str) -> Round | str:
    """The vendor's round without a site, under the names that this cell's checks have."""
    if isinstance(before, str):
        return before
    known = {plain(check): outcome for check, outcome in before.outcomes.items()}
    outcomes = {check: known[key] for check in cell.checks if (key := plain(check)) in known}
    return Round(outcomes, before.events)
