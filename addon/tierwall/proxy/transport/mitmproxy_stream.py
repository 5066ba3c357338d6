"""A transport over mitmproxy_rs's TCP streams (tun, wireguard, local), so that one front door serves every mode.

Knows the stream's read, write and drain. Refuses to know what passes through. What such a stream cannot do: send RST
(smoltcp's own stack behind it ends a connection with FIN only), and say that its client sent one (it reads as FIN).
"""

import asyncio
import contextlib
from typing import Any, Final

import mitmproxy_rs

_READ_OCTETS: Final = 65536
_HIGH_WATER_OCTETS: Final = 65536


class StreamTransport(asyncio.Transport):
    """What asyncio's selector transport is to a socket. Reads while `run` is awaited."""

    def __init__(self, stream: mitmproxy_rs.Stream, protocol: asyncio.BaseProtocol) -> None:
        super().__init__()
        self._stream = stream
        self.set_protocol(protocol)
        self._may_read = asyncio.Event()
        self._may_read.set()
        self._unsent = 0
        self._writer_waits = False
        self._draining: asyncio.Task[None] | None = None
        self._closing = False
        self._lost = False
        self._closed = asyncio.Event()
        self._protocol.connection_made(self)

    async def run(self) -> None:
        """Deliver what the stream brings until we close it: its client alone never ends it for good."""
        reading = asyncio.get_running_loop().create_task(self._read())
        try:
            await self._closed.wait()
        finally:
            reading.cancel()  # a stream that we closed goes on waiting for its client's FIN
            await asyncio.gather(reading, return_exceptions=True)

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        try:
            return self._stream.get_extra_info(name, default)
        except KeyError:  # what mitmproxy_rs raises for a default of None
            return default

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        if not isinstance(protocol, asyncio.Protocol):
            raise TypeError("a stream's bytes go to an asyncio.Protocol")
        self._protocol = protocol

    def get_protocol(self) -> asyncio.BaseProtocol:
        return self._protocol

    def is_closing(self) -> bool:
        return self._closing

    def is_reading(self) -> bool:
        return self._may_read.is_set() and not self._closing

    def pause_reading(self) -> None:
        self._may_read.clear()

    def resume_reading(self) -> None:
        self._may_read.set()

    def can_write_eof(self) -> bool:
        return True

    def get_write_buffer_size(self) -> int:
        return self._unsent

    def write(self, data: bytes | bytearray | memoryview) -> None:
        if self._closing:
            return
        try:
            self._stream.write(bytes(data))
        except OSError as exc:
            self._lose_soon(exc)
            return
        self._unsent += len(data)
        if self._unsent > _HIGH_WATER_OCTETS and not self._writer_waits:
            self._writer_waits = True
            self._protocol.pause_writing()
        if self._draining is None:
            self._draining = asyncio.get_running_loop().create_task(self._drain())

    def write_eof(self) -> None:
        with contextlib.suppress(OSError):
            self._stream.write_eof()  # type: ignore[no-untyped-call]

    def close(self) -> None:
        if self._closing:
            return
        with contextlib.suppress(OSError):
            self._stream.close()  # type: ignore[no-untyped-call]  # after what was written
        self._lose_soon(None)

    def abort(self) -> None:
        self.close()

    async def _read(self) -> None:
        while not self.is_closing():
            await self._may_read.wait()
            data = await self._stream.read(_READ_OCTETS)
            if self.is_closing():
                return
            if data:
                self._protocol.data_received(data)
            else:
                if not self._protocol.eof_received():
                    self.close()
                return

    async def _drain(self) -> None:
        """Wait until the stream has room for more than was written so far; meanwhile more may come."""
        try:
            while self._unsent:
                draining, self._unsent = self._unsent, 0
                await self._stream.drain()
                if draining and self._writer_waits and self._unsent <= _HIGH_WATER_OCTETS:
                    self._writer_waits = False
                    if not self._closing:
                        self._protocol.resume_writing()
        except OSError as exc:
            self._lose_soon(exc)
        finally:
            self._draining = None

    def _lose_soon(self, exc: Exception | None) -> None:
        """As asyncio's transports do: the protocol is told after the call that lost the connection has returned."""
        self._closing = True
        asyncio.get_running_loop().call_soon(self._lose, exc)

    def _lose(self, exc: Exception | None) -> None:
        if self._lost:
            return
        self._lost = True
        self._closed.set()
        self._may_read.set()
        self._protocol.connection_lost(exc)
