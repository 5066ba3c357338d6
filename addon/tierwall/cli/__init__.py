"""The command line: what people type -> the work, and its exit status.

Knows options and words. Each command's work is imported when it is asked for, because mitmproxy alone takes two
seconds to import, and `--help` and `explain` need none of it.
"""

from tierwall.cli.commands import cli

__all__ = ["cli", "main"]


def main() -> None:
    """The console script."""
    cli.main(prog_name="tierwall")
