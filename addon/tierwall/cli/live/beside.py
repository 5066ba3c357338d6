"""The page of `tierwall run --ui`, as a process beside the proxy: its work costs the proxy's own processes nothing.

Knows one child. It ends when the run has ended, however that ended: the pipe that is its stdin is closed then.
"""

import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

from tierwall.cli.faults import BadInput
from tierwall.cli.live.page_options import Page
from tierwall.dashboard.server.serve import CannotListen, bound

_END_S = 5.0


class PageBeside:
    """Started before the proxy, whose control sockets it waits for."""

    def __init__(self, page: Page, policies: tuple[Path, ...]) -> None:
        """Start it. Raises BadInput where the page has no port."""
        from tierwall.cli.live.watch import listen_of  # noqa: PLC0415 - which knows this command's too

        try:
            listener = bound(listen_of(page.listen, "--ui-listen"))
        except (CannotListen, ValueError) as fault:
            raise BadInput([fault]) from None
        with listener:
            options = [f"--policy={path}" for path in policies] + ([] if page.opens else ["--no-open"])
            command = ["watch", "--proxy", str(os.getpid()), "--attached", str(listener.fileno()), *options]
            self._child = subprocess.Popen(  # noqa: S603 - this program itself
                [sys.executable, "-m", "tierwall", *command], stdin=subprocess.PIPE, pass_fds=[listener.fileno()]
            )

    def end(self) -> None:
        """The run is over."""
        if self._child.stdin is not None:
            self._child.stdin.close()
        with suppress(subprocess.TimeoutExpired):
            self._child.wait(_END_S)
        self._child.kill()
        self._child.wait()
