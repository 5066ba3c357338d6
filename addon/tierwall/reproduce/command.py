"""`tierwall reproduce`: both rounds, by proxy and by gateway, side by side; then rows, and what was not shown.

Knows the beginning and the end: the folder, what is shown meanwhile. Leaves nothing behind.
"""

import asyncio
import signal
import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from rich.console import Console

from tierwall.events import Event
from tierwall.policy.site import Site
from tierwall.reproduce.checks import Check, Means, Wanted, Way
from tierwall.reproduce.leftovers import folder_of_a_run
from tierwall.reproduce.network.entry import CannotPlay, as_asked
from tierwall.reproduce.network.entry import play as play_there
from tierwall.reproduce.network.messages import Asked, Told, outcome_of
from tierwall.reproduce.progress import Waiting, show
from tierwall.reproduce.results import NotShown, Row, not_shown, rows
from tierwall.reproduce.trial import Played, Round, Telling, events_in, play
from tierwall.standins.clients import Outcome

WITHOUT: Final = "reference"
"""The site that opens all that the vendors ask for, and has no behaviours."""

_NOTHING: Final = Round({}, ())


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
    login: str | None = None


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
    return asyncio.run(_compare(wanted, talk))


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
    async with asyncio.TaskGroup() as group:
        tasks = [
            group.create_task(_one(wanted, site, way, folder / f"{way}-{number}", waiting.telling(number)))
            for number, (site, way) in enumerate((site, way) for way in Way for site in (WITHOUT, wanted.site))
        ]
    by_proxy_before, by_proxy_now, there_before, there_now = (task.result() for task in tasks)
    failed = next((each for each in (there_before, there_now) if isinstance(each, str)), None)
    if failed is None:
        there = [each for each in (there_before, there_now) if isinstance(each, Round)]
    else:
        there = [_NOTHING, _NOTHING]
    checks = tuple(
        replace(check, not_run=check.not_run or failed) if check.way is Way.GATEWAY else check
        for check in wanted.checks
    )
    by_proxy = [each for each in (by_proxy_before, by_proxy_now) if isinstance(each, Round)]
    before, now = (_joined(one, other) for one, other in zip(by_proxy, there, strict=True))
    return checks, before, now


def _joined(one: Round, other: Round) -> Round:
    return Round(one.outcomes | other.outcomes, one.events + other.events)


async def _one(wanted: Comparison, site: str, way: Way, folder: Path, telling: Telling) -> Round | str:
    """One round; of the namespaces, why there was none."""
    checks = tuple(check for check in wanted.checks if check.way is way and check.not_run is None)
    if not checks:
        return _NOTHING
    folder.mkdir()
    if way is Way.PROXY:
        played = Played(site=site, policies=wanted.policies, checks=checks, login=wanted.login)
        return await play(played, folder, telling)
    try:
        return await _there(wanted, site, folder, telling)
    except CannotPlay as why:
        return f"the namespaces failed: {why}"


async def _there(wanted: Comparison, site: str, folder: Path, telling: Telling) -> Round:
    outcomes: dict[Check, Outcome] = {}

    def hear(line: Told) -> None:
        check = wanted.checks[line.check]
        outcomes[check] = outcome_of(line)
        telling.ends(check)

    await play_there(
        Asked(
            site=wanted.site,
            under=site,
            vendor=wanted.wanted.vendor,
            policies=tuple(str(path.absolute()) for path in wanted.policies),
            longest_s=wanted.wanted.longest_s,
            only=tuple(wanted.wanted.only),
            means=as_asked(wanted.means),
            folder=str(folder),
        ),
        hear,
    )
    return Round(outcomes, events_in(folder))
