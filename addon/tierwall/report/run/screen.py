"""What a run of the proxy says to people: start-up talk, a line for each denial, complaints, and the last summary.

Knows a terminal (stderr). The proxy that it speaks for may be one process or several.
"""

import io
import os
import sys
from typing import IO, cast

import rich.console
from rich.text import Text

from tierwall.events import Event, visible
from tierwall.report.run.console import Console
from tierwall.report.run.start import Start, say_start
from tierwall.report.run.summary import Quiet, Tally
from tierwall.report.run.text import print_summary


class Screen:
    """One terminal. A sink: what happens is printed and tallied."""

    def __init__(self) -> None:
        self._terminal = rich.console.Console(file=cast("IO[str]", _Stderr()))
        self._lines = Console(self._terminal)
        self._tally = Tally()

    def write(self, event: Event) -> None:
        """Print the event's line where it has one, and remember it for the summary."""
        self._tally.write(event)
        self._lines.write(event)

    def add(self, quiet: Quiet) -> None:
        """Remember what another process added up."""
        self._tally.add(quiet)

    def tick(self) -> None:
        """Say what is due; called about once a second."""
        self._lines.tick()

    def started(self, start: Start) -> None:
        """The proxy listens. A WireGuard client's key is shown to people only, whatever FORCE_COLOR says."""
        say_start(start, self._terminal)
        for server in start.listening:
            if server.configuration is not None and sys.stderr.isatty():
                from tierwall.report.run.wireguard import show_configuration  # noqa: PLC0415 - for one mode of many

                show_configuration(server.configuration.read_text(encoding="utf-8"), self._terminal)

    def complain(self, message: str) -> None:
        """Something of ours is wrong."""
        self._terminal.print(Text(visible(message), "red"), highlight=False, soft_wrap=True)

    def warn(self, message: str) -> None:
        """Something may go wrong."""
        self._terminal.print(Text(visible(message), "yellow"), highlight=False, soft_wrap=True)

    def note(self, message: str) -> None:
        """Something that was asked for is done."""
        self._terminal.print(Text(visible(message), "green"), highlight=False, soft_wrap=True)

    def sum_up(self, lost: int) -> None:
        """The end. `lost`: lines that the journal lacks."""
        self._lines.close()
        print_summary(self._tally.summary(), self._terminal)
        if lost:
            self.complain(f"the journal lost {lost} lines: it holds less than what happened")


class _Stderr(io.TextIOBase):
    """stderr, until nobody reads it any more: a terminal that was closed ends the proxy in order, and no line of it."""

    def write(self, text: str) -> int:
        try:
            return sys.stderr.write(text)
        except OSError:
            _let_go()
            return len(text)

    def flush(self) -> None:
        try:
            sys.stderr.flush()
        except OSError:
            _let_go()

    def isatty(self) -> bool:
        return sys.stderr.isatty()

    def fileno(self) -> int:
        return sys.stderr.fileno()

    @property
    def encoding(self) -> str:  # type: ignore[override]
        return sys.stderr.encoding


def _let_go() -> None:
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
