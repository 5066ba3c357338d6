"""The server behind the proxy. The first octet of a connection says how it behaves.

A ClientHello is answered by a ServerHello, and what follows it is echoed, as after an `E`. `F` and 8 octets: sends
so many, then FIN. `R` and 8 octets: sends so many, then RST. `S`: reads nothing until the gate opens, then all, and
answers with its digest.
"""

import asyncio
import fcntl
import hashlib
import socket
import struct
import termios
from types import TracebackType
from typing import Final, Self

BLOCK: Final = bytes(range(256)) * 256
SERVER_HELLO: Final = bytes.fromhex("160303002a020000260303") + bytes(32) + bytes.fromhex("00130100")
"""What a proxy that reads on after a ClientHello waits for (RFC 8446 section 4.1.3). No more TLS is spoken here."""

_RESET: Final = struct.pack("ii", 1, 0)


class Server:
    """On a free port of loopback while its block runs."""

    def __init__(self) -> None:
        self.port = 0
        self.standing = 0
        """Connections."""
        self.sent = 0
        """Octets of all `F` connections that the kernel or asyncio's buffer took."""
        self.gate = asyncio.Event()

    async def __aenter__(self) -> Self:
        self._tasks: set[asyncio.Task[None]] = set()
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0, backlog=4096)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.get_running_loop().create_task(self._serve(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.standing += 1
        try:
            first = await reader.read(65536)
            match first[:1]:
                case b"F" | b"R":
                    await self._send(int.from_bytes(first[1:9]), writer, counted=first[:1] == b"F")
                    if first[:1] == b"R":
                        await _all_arrived(writer)
                        reset(writer)
                case b"S":
                    await self._swallow(first[1:], reader, writer)
                case b"\x16":
                    writer.write(SERVER_HELLO)
                    await _echo(await reader.read(65536), reader, writer)
                case _:
                    await _echo(first, reader, writer)
            if not writer.transport.is_closing():
                writer.close()
                await writer.wait_closed()
        except OSError:
            pass  # clients here leave as they like
        finally:
            self.standing -= 1
            if not writer.transport.is_closing():
                writer.transport.abort()

    async def _send(self, octets: int, writer: asyncio.StreamWriter, *, counted: bool) -> None:
        while octets:
            block = BLOCK[:octets]
            writer.write(block)
            await writer.drain()
            octets -= len(block)
            self.sent += len(block) if counted else 0

    async def _swallow(self, first: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        digest = hashlib.blake2b(first)
        await self.gate.wait()
        while octets := await reader.read(1 << 18):
            digest.update(octets)
        writer.write(digest.digest())


async def _echo(octets: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while octets:
        writer.write(octets)
        await writer.drain()
        octets = await reader.read(65536)


async def _all_arrived(writer: asyncio.StreamWriter) -> None:
    """A reset takes away what the other side's kernel does not have yet."""
    sock = writer.get_extra_info("socket")
    while any(fcntl.ioctl(sock.fileno(), termios.TIOCOUTQ, bytes(4))) or writer.transport.get_write_buffer_size():
        await asyncio.sleep(0.005)


def reset(writer: asyncio.StreamWriter) -> None:
    """End with RST."""
    sock = writer.get_extra_info("socket")
    if sock is not None and not writer.transport.is_closing():
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
    writer.transport.abort()
