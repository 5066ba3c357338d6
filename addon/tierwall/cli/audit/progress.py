"""How far the reading is: by octets on the disk, with the time that remains, on a terminal, after a second.

Knows a console. It has no thread: it is told.
"""

import time
from typing import Final

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)

_AFTER_S: Final = 1.0
_EACH_S: Final = 0.2


class Octets:
    """A line that is there while something is read, and gone afterwards."""

    def __init__(self, console: Console, total: int | None) -> None:
        """`total` octets; None where nobody knows."""
        self._console = console
        self._total = total
        self._began = self._shown = time.monotonic()
        self._progress: Progress | None = None
        self._task = TaskID(0)

    def at(self, octets: int) -> None:
        """So many were read."""
        now = time.monotonic()
        if not self._console.is_terminal or now - self._began < _AFTER_S or now - self._shown < _EACH_S:
            return
        self._shown = now
        if self._progress is None:
            self._progress = Progress(
                TextColumn("reading"),
                BarColumn(),
                DownloadColumn(),
                TransferSpeedColumn(),
                TimeRemainingColumn(),
                console=self._console,
                transient=True,
                auto_refresh=False,
            )
            self._task = self._progress.add_task("", total=self._total)
            self._progress.start()
        self._progress.update(self._task, completed=octets, refresh=True)

    def end(self) -> None:
        """Away with it."""
        if self._progress is not None:
            self._progress.stop()
