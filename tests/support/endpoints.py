"""Real loopback connections whose one end is ours (an Endpoint) and whose other end a test holds, and hand-made sinks.

Half-close, back-pressure and RST are the kernel's, so none of it is faked.
"""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from tierwall.events import Event
from tierwall.proxy.transport.endpoints.asyncio_endpoint import AsyncioEndpoint
from tierwall.proxy.transport.endpoints.endpoint import Endpoint
from tierwall.proxy.transport.socket_dial import adopt
from tierwall.proxy.transport.socket_poll import SocketPoll

LIMIT_S = 5.0


@dataclass(slots=True)
class Told:
    """A sink that keeps what it is told."""

    events: list[Event] = field(default_factory=list)

    def write(self, event: Event) -> None:
        self.events.append(event)

    @property
    def only(self) -> Event:
        """The one event there is."""
        [event] = self.events
        return event


class Peer:
    """The other end of a connection, held by the test."""

    def __init__(self, sock: socket.socket) -> None:
        sock.setblocking(False)
        self.sock = sock

    async def send(self, octets: bytes) -> None:
        await asyncio.get_running_loop().sock_sendall(self.sock, octets)

    async def read(self, count: int) -> bytes:
        """Exactly so many octets."""
        heard = b""
        while len(heard) < count:
            octets = await asyncio.get_running_loop().sock_recv(self.sock, count - len(heard))
            assert octets, f"ended after {heard!r}"
            heard += octets
        return heard

    async def read_to_end(self) -> bytes:
        """All that comes; `<reset>` where it ends so."""
        heard = b""
        try:
            while octets := await asyncio.get_running_loop().sock_recv(self.sock, 65536):
                heard += octets
        except ConnectionResetError:
            heard += b"<reset>"
        return heard

    def end(self) -> None:
        """FIN."""
        self.sock.shutdown(socket.SHUT_WR)

    def leave(self) -> None:
        self.sock.close()

    def reset(self) -> None:
        """RST."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
        self.sock.close()


@asynccontextmanager
async def connection(buffer_octets: int | None = None) -> AsyncIterator[tuple[Endpoint, Peer]]:
    """Our end, and the other one. `buffer_octets`: of the kernel, on both sides."""
    loop = asyncio.get_running_loop()
    end: Endpoint
    with socket.create_server(("127.0.0.1", 0)) as listener, socket.socket() as theirs:
        for sock in (listener, theirs) if buffer_octets else ():
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer_octets or 0)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, buffer_octets or 0)
        theirs.setblocking(False)
        await loop.sock_connect(theirs, listener.getsockname())
        ours, _ = listener.accept()
        poll = SocketPoll.here()
        if poll is None:
            _, end = await loop.create_connection(AsyncioEndpoint, sock=ours)
        else:
            end = adopt(poll, ours)
            end.begin()
        try:
            yield end, Peer(theirs)
        finally:
            end.abort()
            await until(lambda: end.gone or end.get_extra_info("socket") is None)  # or was given away


async def until(condition: Callable[[], object]) -> None:
    """Let the loop turn until this holds."""
    async with asyncio.timeout(LIMIT_S):
        while not condition():
            await asyncio.sleep(0)


def run[T](scene: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """What a test's scene comes to; it may take twice LIMIT_S."""

    async def limited() -> T:
        async with asyncio.timeout(2 * LIMIT_S):
            return await scene()

    return asyncio.run(limited())
