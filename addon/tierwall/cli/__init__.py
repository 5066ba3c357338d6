"""The command line: what people type -> the work, and its exit status.

Knows options and words. Each command's work is imported when it is asked for, because mitmproxy alone takes two
seconds to import, and `--help` and `explain` need none of it.
"""

import gc
import io
import sys
from typing import Final

from tierwall.cli.commands import cli

__all__ = ["cli", "main"]

_GC_THRESHOLD: Final = 100_000
"""What is imported stays: with Python's own 700 a start looks for garbage two hundred times, a sixth of its time."""


def main() -> None:
    """The console script."""
    gc.set_threshold(_GC_THRESHOLD)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # an ASCII terminal gets `\u2192`, not a traceback
    cli.main(prog_name="tierwall")
