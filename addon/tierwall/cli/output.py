"""Where output goes: reports to stdout, talk to stderr. Colour only on a terminal; NO_COLOR is rich's to honour.

Knows streams only.
"""

import errno
import os
import sys
from typing import Final

from rich.console import Console

_WIDEST: Final = 100
"""Columns; longer lines are hard to read, however wide the terminal is."""


def report() -> Console:
    """What the command was asked for."""
    return _narrow(_Console(highlight=False, markup=False, emoji=False))


def talk() -> Console:
    """What is said besides."""
    return _narrow(_Console(stderr=True, highlight=False, markup=False, emoji=False))


def write(text: str) -> None:
    """Text for programs, as it is."""
    sys.stdout.write(text + "\n")


class _Console(Console):
    """rich's own ends the program with status 1, which here means that something was denied."""

    def on_broken_pipe(self) -> None:
        """Left to the command line, which ends every command."""
        raise BrokenPipeError(errno.EPIPE, os.strerror(errno.EPIPE))


def _narrow(console: Console) -> Console:
    console.width = min(console.width, _WIDEST)
    return console
