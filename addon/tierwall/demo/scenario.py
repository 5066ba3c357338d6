"""`tierwall demo`: every scene played at once, then told; 1 where anything is not as the policies say.

Knows the beginning and the end: the temporary folder, the progress shown, the exit status. Leaves nothing behind.
"""

import asyncio
import io
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn

from tierwall.demo.output import introduce, tell
from tierwall.demo.runner import Performance, play
from tierwall.demo.steps import SCENES, SITE_FILE, SITE_TEXT
from tierwall.standins.process import ProxyFailed, Screen

_WIDEST: Final = 100
"""Columns; longer lines are hard to read, however wide the terminal is."""


def main() -> int:
    """Play, tell, and return the exit status."""
    console = Console(highlight=False, markup=False, emoji=False)
    console.width = min(console.width, _WIDEST)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # symptoms and file paths may hold what an ASCII terminal cannot show
    introduce(console)
    performances: Sequence[Performance] = ()
    try:
        performances = asyncio.run(_play_all(Screen(width=console.width, is_terminal=console.is_terminal)))
    except* ProxyFailed as failed:
        for fault in failed.exceptions:
            print(f"tierwall demo: {fault}", file=sys.stderr)
    except* asyncio.CancelledError:
        print("tierwall demo: stopped", file=sys.stderr)
    return conclude(console, performances) if performances else 1


def conclude(console: Console, performances: Sequence[Performance]) -> int:
    """Tell what happened. 1 where anything is not as the policies say."""
    tell(console, performances)
    return int(any(played.mismatches for performance in performances for played in performance.played))


async def _play_all(screen: Screen) -> Sequence[Performance]:
    """All scenes side by side, each with a proxy and origins of its own."""
    task = asyncio.current_task()
    if task is not None:  # as Ctrl-C does already: the proxies end, the folder goes
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    talk = Console(stderr=True)
    steps = sum(len(scene.steps) for scene in SCENES)
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.completed}/{task.total}"),
    )
    with (
        TemporaryDirectory(prefix="tierwall-demo-") as name,
        Progress(*columns, console=talk, transient=True, disable=not talk.is_terminal) as progress,
    ):
        folder = Path(name)
        (folder / SITE_FILE).write_text(SITE_TEXT)
        bar = progress.add_task("clients through the proxy", total=steps)
        async with asyncio.TaskGroup() as group:
            playing = [
                group.create_task(play(scene, folder, screen, lambda: progress.advance(bar))) for scene in SCENES
            ]
        return [task.result() for task in playing]
