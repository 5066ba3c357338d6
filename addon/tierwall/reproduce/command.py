"""`tierwall reproduce`: both rounds, side by side, with a progress bar; then the table.

Knows the beginning and the end: the temporary folder, what is shown meanwhile, the exit status. Leaves nothing behind.
"""

import asyncio
import signal
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from tierwall.reproduce.checks import Check
from tierwall.reproduce.results import Row, rows
from tierwall.reproduce.trial import Round, play

WITHOUT = "reference"
"""The site that opens all that the vendors ask for, and has no behaviours."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """What is to be compared."""

    site: str
    """As `tierwall run --site` takes it; a file's path is absolute."""
    policies: tuple[Path, ...]
    checks: tuple[Check, ...]


def compare(wanted: Comparison, talk: Console) -> Sequence[Row]:
    """Run every check without and with the site. Raises ExceptionGroup with ProxyFailed in it."""
    return asyncio.run(_compare(wanted, talk))


async def _compare(wanted: Comparison, talk: Console) -> Sequence[Row]:
    task = asyncio.current_task()
    if task is not None:  # as Ctrl-C does already: the proxies end, the folder goes
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    run = [check for check in wanted.checks if check.not_run is None]
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.completed}/{task.total}"))
    with (
        TemporaryDirectory(prefix="tierwall-reproduce-") as name,
        Progress(*columns, TimeElapsedColumn(), console=talk, transient=True, disable=not talk.is_terminal) as progress,
    ):
        bar = progress.add_task("clients, without and with the site", total=2 * len(run))

        def advance() -> None:
            progress.advance(bar)

        async with asyncio.TaskGroup() as group:
            before = group.create_task(_round(WITHOUT, wanted, run, Path(name, "without"), advance))
            now = group.create_task(_round(wanted.site, wanted, run, Path(name, "with"), advance))
    return rows(wanted.checks, before.result(), now.result())


async def _round(
    site: str, wanted: Comparison, checks: Sequence[Check], folder: Path, advance: Callable[[], None]
) -> Round:
    if not checks:
        return Round({}, ())
    folder.mkdir()
    return await play(site, wanted.policies, checks, folder, advance)
