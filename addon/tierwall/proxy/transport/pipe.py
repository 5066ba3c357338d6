"""Two transports joined in memory: what is written to one is received by the other, with back-pressure, FIN and RST.

Knows asyncio's protocols. Refuses to know what passes, and has no time of its own.
"""

import asyncio
from typing import Any, Final, Protocol

_HIGH_WATER_OCTETS: Final = 64 * 1024


class Known(Protocol):
    """What knows of a connection what transports know of theirs."""

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        """`peername`, `sockname`, `socket`."""


def join(near: asyncio.Protocol, far: asyncio.Protocol, like: Known) -> None:
    """Join these. The far one is told of its peer and its socket what `like` tells: it seems to be there itself."""
    near_end, far_end = _Pipe(near, None), _Pipe(far, like)
    near_end.other, far_end.other = far_end, near_end
    near.connection_made(near_end)
    far.connection_made(far_end)


class _Pipe(asyncio.Transport):
    """One of two. A `close` ends both: what is on its way is received before."""

    other: "_Pipe"

    def __init__(self, protocol: asyncio.Protocol, like: Known | None) -> None:
        super().__init__()
        self._protocol, self._like = protocol, like
        self._loop = asyncio.get_running_loop()
        self.coming = bytearray()
        """What is on its way here."""
        self.ends = False
        """Whether nothing comes after that."""
        self.failure: Exception | None = None
        """Why it was lost, where that was no `close`."""
        self.paused = self.closing = False
        self._ended = self._scheduled = self._writer_waits = self._lost = False

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return default if self._like is None else self._like.get_extra_info(name, default)

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        if not isinstance(protocol, asyncio.Protocol):
            raise TypeError("what comes through a pipe goes to an asyncio.Protocol")
        self._protocol = protocol

    def get_protocol(self) -> asyncio.BaseProtocol:
        return self._protocol

    def is_closing(self) -> bool:
        return self.closing

    def is_reading(self) -> bool:
        return not (self.paused or self.closing)

    def pause_reading(self) -> None:
        self.paused = True

    def resume_reading(self) -> None:
        self.paused = False
        self.deliver_soon()

    def can_write_eof(self) -> bool:
        return True

    def get_write_buffer_size(self) -> int:
        return len(self.other.coming)

    def write(self, data: bytes | bytearray | memoryview) -> None:
        other = self.other
        if self.closing or other.closing:
            return
        other.coming += data
        other.deliver_soon()
        if len(other.coming) > _HIGH_WATER_OCTETS and not self._writer_waits:
            self._writer_waits = True
            self._protocol.pause_writing()

    def write_eof(self) -> None:
        self.other.ends = True
        self.other.deliver_soon()

    def close(self) -> None:
        if not self.closing:
            self.closing = True
            self.coming.clear()
            self._loop.call_soon(self._lose)
            self.other.deliver_soon()

    def abort(self) -> None:
        if not self.closing:
            self.other.coming.clear()
            self.other.paused = False
            self.other.failure = ConnectionResetError("the other end of the pipe was aborted")
        self.close()

    def deliver_soon(self) -> None:
        """As asyncio's transports do: nothing is received within a call of one's own."""
        if not self._scheduled:
            self._scheduled = True
            self._loop.call_soon(self._deliver)

    def _deliver(self) -> None:
        self._scheduled = False
        if self.coming and not (self.paused or self._lost):
            octets = bytes(self.coming)
            self.coming.clear()
            self._protocol.data_received(octets)
            self.other.relieve()
        if self.coming or self.paused or self._lost:
            return
        if self.ends and not self._ended:
            self._ended = True
            if not self._protocol.eof_received():
                self.close()
        if self.other.closing:
            self.closing = True
            self._lose()

    def relieve(self) -> None:
        """The other has received what was written."""
        if self._writer_waits and not self._lost:
            self._writer_waits = False
            self._protocol.resume_writing()

    def _lose(self) -> None:
        if not self._lost:
            self._lost = True
            self._protocol.connection_lost(self.failure)
