"""`tierwall fleet ingest --listen`: Envoys send their logs here, over gRPC, until it is ended.

Knows where it listens, and signals; the protocol is fleet/log_service.py's. The site is loaded anew when its files
change, as the control plane does.
"""

import asyncio
import signal
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from tierwall.cli.faults import BadInput
from tierwall.cli.fleet.credentials import SERVER, credentials
from tierwall.decide.judging import LOOK_EVERY_S, Judging
from tierwall.fleet.envoy import Place
from tierwall.fleet.ingest import Ingest
from tierwall.loader import InvalidFiles
from tierwall.policy.authority import host_port

if TYPE_CHECKING:
    import grpc


class LogServer:
    """One that listens: `ingest` is under the newest site whenever lines are written."""

    def __init__(self, site: str, policies: Sequence[Path], say: Callable[[str], None]) -> None:
        """Load the site. Raises BadInput."""
        try:
            self._judging = Judging(site, policies, say, time.monotonic)
        except InvalidFiles as invalid:
            raise BadInput(invalid.faults) from None
        self.ingest = Ingest(self._judging.site, self._judging.catalogue)
        self._say = say
        self._failure: OSError | None = None

    def receive(self, listen: Place, tls: Path, write: Callable[[Sequence[bytes]], None]) -> None:
        """Until it is ended, or `write` fails. Raises BadInput, and what `write` raised."""
        shown = credentials(tls)
        asyncio.run(self._run(listen, shown, write))
        if self._failure is not None:
            raise self._failure

    async def _run(
        self, listen: Place, shown: "grpc.ServerCredentials", write: Callable[[Sequence[bytes]], None]
    ) -> None:
        import grpc  # noqa: PLC0415 - an extra

        from tierwall.fleet.log_service import AccessLogs  # noqa: PLC0415

        ending = asyncio.Event()

        def take(lines: Sequence[bytes]) -> None:
            try:
                write(lines)
            except OSError as failure:
                self._failure = failure
                ending.set()

        server = grpc.aio.server(options=SERVER)
        server.add_generic_rpc_handlers((AccessLogs(take).handler(),))
        at = host_port(listen.host, listen.port)
        try:
            server.add_secure_port(at, shown)
        except RuntimeError:
            raise BadInput([f"--listen {at}: cannot be listened on"]) from None
        await server.start()
        self._say(f"listening {at}")
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, ending.set)
        while not ending.is_set():
            with suppress(TimeoutError):
                await asyncio.wait_for(ending.wait(), LOOK_EVERY_S)
            self._judging.refresh()
            self.ingest.under(self._judging.site, self._judging.catalogue)
        await server.stop(1)
