"""A TCP connection as mitmproxy's connection handler reads and writes it: nothing that came is lost, nothing piles up.

Knows asyncio's protocols. Refuses to know what passes. Against asyncio's own streams: what was received before a reset
is read before the reset is heard, also what the kernel had not given out; and it is not read on while it may not be.
"""

import asyncio
import os
import socket
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final

_HIGH_WATER_OCTETS: Final = 128 * 1024
_LAST_OCTETS: Final = 1024 * 1024


class Wire(asyncio.Protocol):
    """Reader and writer at once. `may_read` is asked before each read, and again when `look` is called."""

    transport: asyncio.Transport

    def __init__(self, coming: bytes = b"", *, ended: bool = False) -> None:
        """`coming` came already, and `ended`: so did the end. They are here before a transport can tell of more."""
        self._coming = bytearray(coming)
        self._ended, self._lost, self._paused = ended, False, False
        self._reader: asyncio.Future[None] | None = None
        self._takes = asyncio.Event()
        self._takes.set()
        self.may_read: Callable[[], bool] = lambda: True

    def take_over(self, transport: asyncio.Transport) -> None:
        """Become the transport's protocol."""
        transport.set_protocol(self)
        self.connection_made(transport)
        if not self._ended and not self._paused:
            transport.resume_reading()

    # -- what the event loop calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport  # type: ignore[assignment]
        if len(self._coming) > _HIGH_WATER_OCTETS:
            self._paused = True
            self.transport.pause_reading()

    def data_received(self, data: bytes) -> None:
        self._coming += data
        if len(self._coming) > _HIGH_WATER_OCTETS and not self._paused:
            self._paused = True
            self.transport.pause_reading()
        self.look()

    def eof_received(self) -> bool:
        self._ended = True
        self.look()
        return True

    def connection_lost(self, exc: Exception | None) -> None:
        if exc is not None:
            self._coming += _left_in(self.transport.get_extra_info("socket"))
        self._ended = self._lost = True
        self._takes.set()
        self.look()

    def pause_writing(self) -> None:
        self._takes.clear()

    def resume_writing(self) -> None:
        self._takes.set()

    # -- what mitmproxy calls

    async def read(self, most: int) -> bytes:
        """What came; empty at the end."""
        while not (self._lost or (self.may_read() and (self._coming or self._ended))):
            self._reader = asyncio.get_running_loop().create_future()
            try:
                await self._reader
            finally:
                self._reader = None
        octets = bytes(self._coming[:most])
        del self._coming[:most]
        if self._paused and len(self._coming) < _HIGH_WATER_OCTETS // 2 and not self._ended:
            self._paused = False
            self.transport.resume_reading()
        return octets

    def look(self) -> None:
        """What is read may have changed."""
        if self._reader is not None and not self._reader.done():
            self._reader.set_result(None)

    def write(self, octets: bytes) -> None:
        """Send these, if anybody is there."""
        if not self._lost:
            self.transport.write(octets)

    async def drain(self) -> None:
        """Wait until the peer takes more, or is gone; that it is gone the reader will say."""
        await self._takes.wait()

    def write_eof(self) -> None:
        """Say that nothing more comes."""
        if not self._lost and self.transport.can_write_eof():
            self.transport.write_eof()

    def is_closing(self) -> bool:
        """Whether it is on its way to its end."""
        return self._lost or self.transport.is_closing()

    def close(self) -> None:
        """End it, when what was written is sent."""
        self.transport.close()

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        """What the transport knows."""
        return self.transport.get_extra_info(name, default)


def _left_in(sock: Any) -> bytes:
    """What a peer had sent before it reset the connection, and our side's failed write kept us from reading."""
    left = bytearray()
    if sock is None:
        return b""
    with suppress(OSError), socket.socket(fileno=os.dup(sock.fileno())) as again:
        again.setblocking(False)
        while len(left) < _LAST_OCTETS and (octets := again.recv(64 * 1024)):
            left += octets
    return bytes(left)
