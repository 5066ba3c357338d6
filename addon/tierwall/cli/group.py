"""How every command ends: exit status 0, 1 or 2, bad input on stderr, silence where somebody stopped listening.

Knows endings only; what the commands do is their own.
"""

import errno
import os
import signal
import sys
from typing import Any, Final

import click

from tierwall.cli.faults import BadInput

BAD_INPUT: Final = 2
"""As click has it for options."""

_DISK_FULL: Final = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


class Commands(click.Group):
    """A group whose commands return their exit status."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command, and exit as it ended."""
        try:
            status = super().invoke(ctx)
            sys.stdout.flush()  # now, while a failure can still be said
        except BadInput as bad:
            _say(bad)
            raise click.exceptions.Exit(BAD_INPUT) from None
        except OSError as cause:
            if cause.errno == errno.EPIPE:
                _stop_writing()
                raise click.exceptions.Exit(128 + signal.SIGPIPE) from None
            if cause.errno not in _DISK_FULL:
                raise
            _stop_writing()
            click.echo(f"stdout cannot be written: {cause.strerror}", err=True)
            raise click.exceptions.Exit(BAD_INPUT) from None
        except KeyboardInterrupt:
            raise click.exceptions.Exit(128 + signal.SIGINT) from None
        raise click.exceptions.Exit(status)


def _say(bad: BadInput) -> None:
    from tierwall.events.hostile_text import visible  # noqa: PLC0415 - 0.3 s that `--help` does not need

    for fault in bad.faults:
        click.echo(visible(fault), err=True)


def _stop_writing() -> None:
    """Nobody can read stdout any more (`| head`): what is still buffered must not fail again at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
