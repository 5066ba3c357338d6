"""Clients: one tunnel each, or a try at one.

Knows CONNECT and a real ClientHello. How clients misbehave is the scenarios'.
"""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager, suppress
from functools import cache
from typing import Final

from bench.soak.proxy import NAME, PORT
from bench.soak.server import SERVER_HELLO, reset

LIMIT_S: Final = 15.0
AT_ONCE: Final = 100
"""Tunnels that are opened side by side."""

CONNECT: Final = f"CONNECT {NAME}:{PORT} HTTP/1.1\r\nHost: {NAME}:{PORT}\r\n\r\n".encode()


class Refused(Exception):
    """The proxy said no, or nothing: with what it said."""


class Tunnel:
    """A connection to the server through the proxy."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer
        self.source_port: int = writer.get_extra_info("sockname")[1]
        """Which the journal has too."""

    async def echoes(self, octets: bytes) -> bool:
        """Whether they come back, and nothing else does."""
        try:
            async with asyncio.timeout(LIMIT_S):
                self.writer.write(octets)
                await self.writer.drain()
                return await self.reader.readexactly(len(octets)) == octets
        except (OSError, EOFError, TimeoutError):
            return False

    async def agrees(self) -> bool:
        """Whether a ClientHello is answered by the server's ServerHello."""
        try:
            async with asyncio.timeout(LIMIT_S):
                self.writer.write(client_hello())
                return await self.reader.readexactly(len(SERVER_HELLO)) == SERVER_HELLO
        except (OSError, EOFError, TimeoutError):
            return False

    async def read_to_end(self) -> tuple[int, bool]:
        """How many octets come, and whether RST ended them."""
        count = 0
        try:
            while octets := await self.reader.read(1 << 18):
                count += len(octets)
        except ConnectionResetError:
            return count, True
        return count, False

    async def close(self) -> None:
        """FIN, and wait for the other side's."""
        with suppress(OSError):
            self.writer.close()
            await self.writer.wait_closed()

    def reset(self) -> None:
        """RST."""
        reset(self.writer)


async def connect(proxy_port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A bare connection to the proxy."""
    return await asyncio.open_connection("127.0.0.1", proxy_port)


async def tunnel(proxy_port: int, opening: bytes = b"") -> Tunnel:
    """CONNECT, then send these octets. Raises Refused or OSError."""
    async with asyncio.timeout(LIMIT_S):
        reader, writer = await connect(proxy_port)
        try:
            writer.write(CONNECT)
            head = await reader.readuntil(b"\r\n\r\n")
        except BaseException as trouble:
            writer.transport.abort()
            if isinstance(trouble, asyncio.IncompleteReadError):
                raise Refused("no answer") from None
            raise
    if b" 200 " not in head.partition(b"\r\n")[0]:
        writer.transport.abort()
        raise Refused(head.partition(b"\r\n")[0].decode())
    writer.write(opening)
    return Tunnel(reader, writer)


async def talking_tunnel(proxy_port: int) -> Tunnel:
    """One whose ClientHello was answered."""
    opened = await tunnel(proxy_port)
    if not await opened.agrees():
        opened.writer.transport.abort()
        raise Refused("the ClientHello was not answered")
    return opened


@asynccontextmanager
async def tunnels(proxy_port: int, count: int) -> AsyncIterator[list[Tunnel]]:
    """So many, standing."""
    found: list[Tunnel] = []

    async def one(_: int) -> None:
        found.append(await talking_tunnel(proxy_port))

    try:
        await each(range(count), one)
        yield found
    finally:
        for opened in found:
            opened.writer.close()
        await asyncio.gather(*(opened.close() for opened in found))


async def each[T](things: Iterable[T], do: Callable[[T], Awaitable[None]], at_once: int = AT_ONCE) -> None:
    """Do it to all of them, so many side by side."""
    rest = iter(things)

    async def work() -> None:
        for thing in rest:
            await do(thing)

    async with asyncio.TaskGroup() as group:
        for _ in range(at_once):
            group.create_task(work())


@cache
def client_hello() -> bytes:
    """A real one, with the admitted name."""
    outgoing = ssl.MemoryBIO()
    client = ssl.create_default_context().wrap_bio(ssl.MemoryBIO(), outgoing, server_hostname=NAME)
    with suppress(ssl.SSLWantReadError):
        client.do_handshake()
    return outgoing.read()
