"""`tierwall reproduce`: both rounds, by proxy and by gateway, side by side; then rows, and what was not shown.

Knows the beginning and the end: the folder, what is shown meanwhile. Leaves nothing behind.
"""

import asyncio
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from rich.console import Console

from tierwall.events import Event
from tierwall.policy.site import Site
from tierwall.reproduce.check import Check, Means, Wanted, Way
from tierwall.reproduce.checks import login_of
from tierwall.reproduce.leftovers import folder_of_a_run
from tierwall.reproduce.progress import Waiting, show
from tierwall.reproduce.results import NotShown, Row, not_shown, rows
from tierwall.reproduce.rounds import Cast, joined, one_round
from tierwall.reproduce.trial import Round

WITHOUT: Final = "reference"
"""The site that opens all that the vendors ask for, and has no behaviours."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """What is to be compared."""

    site: str
    """As `tierwall run --site` takes it; a file's path is absolute."""
    loaded: Site
    policies: tuple[Path, ...]
    wanted: Wanted
    means: Means
    checks: tuple[Check, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """What came of it."""

    rows: tuple[Row, ...]
    not_shown: tuple[NotShown, ...]
    events: tuple[Event, ...]
    """Of the rounds with the site."""
    when: datetime
    until: datetime


def compare(wanted: Comparison, talk: Console) -> Compared:
    """Run every check without and with the site. Raises ExceptionGroup with ProxyFailed in it."""
    return ended_by_signal(lambda: asyncio.run(_compare(wanted, talk)))


def ended_by_signal[T](work: Callable[[], T]) -> T:
    """What it comes to; a SIGTERM, which cancels it, ends the program as a shell expects, when all is cleaned up."""
    try:
        return work()
    except asyncio.CancelledError:
        raise SystemExit(128 + signal.SIGTERM) from None


async def _compare(wanted: Comparison, talk: Console) -> Compared:
    task = asyncio.current_task()
    if task is not None:  # as Ctrl-C does already: the proxies end, the folder goes
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    run = [check for check in wanted.checks if check.not_run is None]
    waiting = Waiting(2 * len(run), time.monotonic)
    showing = asyncio.create_task(show(waiting, talk))
    when = datetime.now(UTC)
    try:
        with folder_of_a_run() as folder:
            checks, before, now = await _rounds(wanted, folder, waiting)
    finally:
        showing.cancel()
        await asyncio.gather(showing, return_exceptions=True)
    return Compared(
        rows=rows(checks, before, now),
        not_shown=tuple(not_shown(wanted.loaded.behaviours, checks, before, now)),
        events=now.events,
        when=when,
        until=datetime.now(UTC),
    )


async def _rounds(wanted: Comparison, folder: Path, waiting: Waiting) -> tuple[tuple[Check, ...], Round, Round]:
    """The checks, those at the gateway not run where its namespaces failed; and both rounds of them."""
    cast = Cast(
        parts=((wanted.site, wanted.wanted.vendor),),
        wanted=wanted.wanted,
        policies=wanted.policies,
        means=wanted.means,
        checks=wanted.checks,
        login=login_of(wanted.loaded),
    )
    async with asyncio.TaskGroup() as group:
        tasks = [
            group.create_task(one_round(cast, site, way, folder / f"{way}-{number}", waiting.telling(number)))
            for number, (site, way) in enumerate((site, way) for way in Way for site in (WITHOUT, wanted.site))
        ]
    by_proxy_before, by_proxy_now, there_before, there_now = (task.result() for task in tasks)
    checks, before, now = settled(wanted.checks, (by_proxy_before, there_before), (by_proxy_now, there_now))
    return checks, before, now


def settled(
    checks: tuple[Check, ...], before: tuple[Round | str, Round | str], now: tuple[Round | str, Round | str]
) -> tuple[tuple[Check, ...], Round, Round]:
    """Rounds by each way, or why there was none, as one round each; where one failed, its checks are not run."""
    failed = {
        way: next((each for each in pair if isinstance(each, str)), None)
        for way, pair in zip(Way, zip(before, now, strict=True), strict=True)
    }
    checks = tuple(replace(check, not_run=check.not_run or failed[check.way]) for check in checks)
    kept = set(checks)
    both = [joined([each for each in of if isinstance(each, Round)]) for of in (before, now)]
    known = [Round({check: it for check, it in each.outcomes.items() if check in kept}, each.events) for each in both]
    return checks, known[0], known[1]
