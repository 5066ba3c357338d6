"""The vendors' machine: TLS for every name, echoes, QUIC, TURN, and a name server whose names can move.

Runs in a thread of its own that has entered the machine. Knows origins and coturn; what they show is nothing to it.
"""

import asyncio
import threading
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tierwall import programs
from tierwall.policy.model import Address
from tierwall.reproduce.addresses import moved
from tierwall.reproduce.network.topology import ECHO_PORT, QUIC_PORT, TLS_PORT, TURN_PORT, VENDORS, VENDORS_6, Machine
from tierwall.standins.certificates import Authority
from tierwall.standins.dns import A
from tierwall.standins.origins import HttpsOrigin, NameServerOrigin, UdpEchoOrigin
from tierwall.standins.quic import QuicEchoOrigin

PEER_PORT: Final = 3480
"""Where the other end of a relay's media is."""
ACCOUNT: Final = "lab"
"""Of the TURN server: user and password alike."""

_EVERYWHERE: Final = "0.0.0.0"
_EVERYWHERE_6: Final = "::"
_LIMIT_S: Final = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is to be served."""

    authority: Authority
    names: Sequence[str]
    """And addresses: what certificates are for."""
    addresses: Mapping[str, Address]
    turn: bool
    quic: bool
    ipv6: bool
    folder: Path


class Names:
    """The name server's records, which the client's thread moves."""

    def __init__(self, addresses: Mapping[str, Address]) -> None:
        self.records = {(name, A): address.packed for name, address in addresses.items()}
        self._addresses = addresses

    def move(self, name: str) -> None:
        """From now on it leads to its other address."""
        self.records[name, A] = moved(self._addresses[name]).packed


@contextmanager
def serving(vendors: Machine, wanted: Wanted) -> Iterator[Names]:
    """Serve while the block runs. Raises whatever kept a server from starting."""
    names = Names(wanted.addresses)
    started: Future[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = Future()

    def run() -> None:
        try:
            vendors.enter()
            asyncio.run(_serve(wanted, names, started))
        except BaseException as fault:  # noqa: BLE001 - raised where it is waited for
            if not started.done():
                started.set_exception(fault)

    thread = threading.Thread(target=run, name="vendors")
    thread.start()
    try:
        loop, stop = started.result()
        try:
            yield names
        finally:
            loop.call_soon_threadsafe(stop.set)
    finally:
        thread.join()


async def _serve(
    wanted: Wanted, names: Names, started: "Future[tuple[asyncio.AbstractEventLoop, asyncio.Event]]"
) -> None:
    stop = asyncio.Event()
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(NameServerOrigin(names.records, host=VENDORS))
        for everywhere in (_EVERYWHERE, _EVERYWHERE_6) if wanted.ipv6 else (_EVERYWHERE,):
            await stack.enter_async_context(
                HttpsOrigin(wanted.authority, list(wanted.names), host=everywhere, port=TLS_PORT)
            )
        by_both = _EVERYWHERE_6 if wanted.ipv6 else _EVERYWHERE  # such a socket takes UDP of IPv4 too
        await stack.enter_async_context(UdpEchoOrigin(host=by_both, port=ECHO_PORT))
        if wanted.quic:
            quic = QuicEchoOrigin(wanted.authority, list(wanted.names), host=by_both, port=QUIC_PORT)
            await stack.enter_async_context(quic)
        if wanted.turn:
            for command in (_turn_server(wanted), _PEER):
                await stack.enter_async_context(programs.running(command))
            await _listens(TURN_PORT)
        started.set_result((asyncio.get_running_loop(), stop))
        await stop.wait()


def _turn_server(wanted: Wanted) -> list[str]:
    folder = wanted.folder
    return [
        *("turnserver", "-n", "--no-tls", "--no-dtls", "--no-cli", "--lt-cred-mech", "--log-file", "stdout"),
        *("--simple-log", "--min-port", "49152", "--max-port", "49400", "-p", str(TURN_PORT)),
        *(word for address in ((VENDORS, VENDORS_6) if wanted.ipv6 else (VENDORS,)) for word in ("-L", address)),
        *("-u", f"{ACCOUNT}:{ACCOUNT}", "-r", "tierwall.example", "--userdb", str(folder / "turn.sqlite")),
        *("--pidfile", str(folder / "turn.pid")),
    ]


_PEER: Final = ["turnutils_peer", "-L", VENDORS, "-p", str(PEER_PORT)]


async def _listens(port: int) -> None:
    """Until it does, by TCP. Raises TimeoutError."""
    async with asyncio.timeout(_LIMIT_S):
        while True:
            try:
                _, writer = await asyncio.open_connection(VENDORS, port)
            except OSError:
                await asyncio.sleep(0.05)
            else:
                writer.close()
                return
