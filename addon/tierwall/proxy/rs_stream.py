"""A transport over mitmproxy_rs's TCP streams (tun, wireguard, local), so that one front door serves every mode.

Knows the stream's read, write and drain. Refuses to know what passes through.
"""

import asyncio
import contextlib
from typing import Any, Final

import mitmproxy_rs

_READ_OCTETS: Final = 65536
_HIGH_WATER_OCTETS: Final = 65536


class StreamTransport(asyncio.Transport):
    """What asyncio's selector transport is to a socket. Starts reading when `start` is awaited as a task."""

    def __init__(self, stream: mitmproxy_rs.Stream, protocol: asyncio.Protocol) -> None:
        super().__init__()
        self._stream = stream
        self._protocol = protocol
        self._may_read = asyncio.Event()
        self._may_read.set()
        self._unsent = 0
        self._draining: asyncio.Task[None] | None = None
        self._closing = False
        self._lost = False
        self._closed = asyncio.Event()
        protocol.connection_made(self)

    async def run(self) -> None:
        """Deliver what the stream brings until it is closed or lost."""
        try:
            while not self._closing:
                await self._may_read.wait()
                data = await self._stream.read(_READ_OCTETS)
                if self._lost:
                    break
                if data:
                    self._protocol.data_received(data)
                elif not self._protocol.eof_received():
                    self.close()
                else:
                    break
            await self._closed.wait()
        except OSError as exc:
            self._lose(exc)

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return self._stream.get_extra_info(name, default)

    def is_closing(self) -> bool:
        return self._closing

    def pause_reading(self) -> None:
        self._may_read.clear()

    def resume_reading(self) -> None:
        self._may_read.set()

    def can_write_eof(self) -> bool:
        return True

    def write(self, data: bytes | bytearray | memoryview) -> None:
        if self._closing:
            return
        try:
            self._stream.write(bytes(data))
        except OSError as exc:
            self._lose(exc)
            return
        self._unsent += len(data)
        if self._draining is None:
            if self._unsent > _HIGH_WATER_OCTETS:
                self._protocol.pause_writing()
            self._draining = asyncio.get_running_loop().create_task(self._drain())

    def write_eof(self) -> None:
        with contextlib.suppress(OSError):
            self._stream.write_eof()  # type: ignore[no-untyped-call]

    def close(self) -> None:
        if self._closing:
            return
        self._closing = True
        with contextlib.suppress(OSError):
            self._stream.close()  # type: ignore[no-untyped-call]
        asyncio.get_running_loop().call_soon(self._lose, None)

    def abort(self) -> None:
        self.close()

    async def _drain(self) -> None:
        paused = self._unsent > _HIGH_WATER_OCTETS
        try:
            await self._stream.drain()
        except OSError as exc:
            self._lose(exc)
            return
        finally:
            self._unsent = 0
            self._draining = None
        if paused and not self._lost:
            self._protocol.resume_writing()

    def _lose(self, exc: Exception | None) -> None:
        if self._lost:
            return
        self._lost = self._closing = True
        self._closed.set()
        self._may_read.set()
        self._protocol.connection_lost(exc)
