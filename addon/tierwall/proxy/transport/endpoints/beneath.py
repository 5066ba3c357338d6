"""What an endpoint asks of what reads and writes beneath it: a socket, or one of asyncio's transports.

Knows the one small interface that both have. Refuses to know what an end does with what comes.
"""

import asyncio
import fcntl
import socket
import sys
import termios
from abc import ABC, abstractmethod
from typing import Any

from tierwall.proxy.transport.limits import Limits


class Beneath(ABC):
    """Either of them."""

    __slots__ = ()

    @abstractmethod
    def get_extra_info(self, name: str, default: Any = None) -> Any:
        """`peername`, `sockname`, `socket`: as asyncio's transports say it."""

    @property
    @abstractmethod
    def is_reading(self) -> bool:
        """Whether octets that come are read."""

    @property
    def limits(self) -> Limits:
        """Those of its event loop."""
        return Limits.here()

    @abstractmethod
    def pause_reading(self) -> None:
        """Leave what comes to the kernel, until `resume_reading`."""

    @abstractmethod
    def resume_reading(self) -> None:
        """Read on."""

    @property
    @abstractmethod
    def unsent(self) -> int:
        """Octets that were written, and that we still hold."""

    @abstractmethod
    def write(self, octets: bytes | bytearray | memoryview) -> None:
        """Send these, unless nobody is there to take them."""

    def write_last(self, octets: bytes) -> bool:
        """Send these, then FIN. False where FIN cannot be sent alone; the octets are on their way all the same."""
        self.write(octets)
        return self.half_close()

    @abstractmethod
    def half_close(self) -> bool:
        """Send FIN after what was written. False where that cannot be: TLS, or nobody is there."""

    @abstractmethod
    def close(self) -> None:
        """Close once what was written has been sent."""

    @abstractmethod
    def abort(self) -> None:
        """Close at once. What was written and not sent is lost."""

    def begin(self, *, speaks_first: bool = False) -> None:  # noqa: B027 - not every one has to
        """Start to read, where that does not start by itself. `speaks_first`: there is most likely something."""

    @abstractmethod
    async def give_to(self, protocol: asyncio.Protocol) -> None:
        """Let a protocol of asyncio's have the connection, of which this end knows nothing any more.

        It is told of no octet and no end that came here before: whoever gives it away has them in `received` and `eof`.
        """

    @property
    def unconfirmed(self) -> int:
        """Octets that the other side's kernel has not confirmed yet; where that cannot be known, those we hold."""
        held, sock = self.unsent, self.get_extra_info("socket")
        if held or sock is None or sock.fileno() < 0:
            return held
        return int.from_bytes(fcntl.ioctl(sock.fileno(), termios.TIOCOUTQ, bytes(4)), sys.byteorder)

    def keep_alive(self) -> None:
        """TCP keepalive on, so that a peer that vanished is noticed although we set no time limit."""
        sock = self.get_extra_info("socket")
        if sock is not None and sock.family in (socket.AF_INET, socket.AF_INET6):
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
