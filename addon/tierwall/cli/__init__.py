"""The command line: what people type -> the work, and its exit status.

Knows options and words. Each command's work is imported when it is asked for, because mitmproxy alone takes two
seconds to import, and `--help` and `explain` need none of it.
"""

import io
import sys

from tierwall.cli.commands import cli

__all__ = ["cli", "main"]


def main() -> None:
    """The console script."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # an ASCII terminal gets `\u2192`, not a traceback
    cli.main(prog_name="tierwall")
