"""An endpoint over a socket of ours, served by the shared epoll: no transport, no protocol, no task.

Knows send, recv and edges. What an end does with what comes is endpoint.py's. Four rules: what is written is sent at
once, and the epoll asked for only where it would block; an edge is read to its end, or remembered; a short read is no
end where FIN came with it (EPOLLRDHUP); nobody is told of an end within a call of their own (`bury`).
"""

import _socket  # its wrapper in Python costs as much again as what it wraps
import asyncio
import os
import socket
from typing import Any, Final

from tierwall.proxy.transport.endpoints.asyncio_endpoint import give_to_asyncio
from tierwall.proxy.transport.endpoints.end_states import Happened, Peer, Use
from tierwall.proxy.transport.endpoints.endpoint import Endpoint
from tierwall.proxy.transport.endpoints.endpoint_roles import NOBODY, Dialler
from tierwall.proxy.transport.limits import Limits
from tierwall.proxy.transport.socket_poll import (
    CAN_READ,
    CAN_WRITE,
    HANGS_UP,
    READS,
    READS_AND_WRITES,
    VIEW,
    SocketPoll,
)

_READ_OCTETS: Final = len(VIEW)
_READS_A_TURN: Final = 8
_NOW: Final = getattr(socket, "MSG_DONTWAIT", 0)
_NOW_QUIETLY: Final = _NOW | getattr(socket, "MSG_NOSIGNAL", 0)
_MORE_FOLLOWS: Final = _NOW_QUIETLY | getattr(socket, "MSG_MORE", 0)


class SocketEndpoint(Endpoint):
    """One end."""

    __slots__ = (
        "_closes_when_sent",
        "_dialler",
        "_ends",
        "_fd",
        "_fin_when_sent",
        "_missed",
        "_peername",
        "_poll",
        "_polled",
        "_reads",
        "_sock",
        "_unsent",
        "_unwritable",
    )

    def __init__(self, poll: SocketPoll, sock: _socket.socket, fd: int, peername: Any) -> None:
        """Of a connection that stands. It is not read before `begin`."""
        super().__init__()
        self._poll, self._sock, self._fd, self._peername = poll, sock, fd, peername
        self._polled = 0
        """What the poll was asked to tell; 0 where it knows nothing of this end."""
        self._unsent: bytearray | None = None
        self._reads = True
        self._missed = False
        """Whether there may be something to read that no edge will tell again."""
        self._unwritable = False
        """Whether writing failed. What can still be read is read, and its end is no FIN."""
        self._ends: Happened | None = None
        """How it is about to be buried. From then on nothing happens here."""
        self._fin_when_sent = self._closes_when_sent = False
        self._dialler: Dialler | None = None

    @property
    def stands(self) -> bool:
        """Whether the other side has answered."""
        return self._dialler is None

    def dials(self) -> None:
        """It is on its way: the other side has not answered."""
        self._dialler = NOBODY
        self._polled = READS_AND_WRITES
        self._poll.add(self._fd, READS_AND_WRITES, self)

    def tell(self, dialler: Dialler) -> None:
        """Say how the dial ends."""
        self._dialler = dialler

    def begin(self, *, speaks_first: bool = False) -> None:
        """Read whatever comes from now on. `speaks_first`: there is most likely something already."""
        if self._ends is not None:
            return
        if self._polled:
            self._missed = True
            self._poll.again(self)
            return
        if speaks_first:
            self._read(hangs_up=False)
        if self._ends is None:
            self._polled = READS if self._unsent is None else READS_AND_WRITES
            self._poll.add(self._fd, self._polled, self)

    # -- what the poll calls

    def ready(self, events: int) -> None:
        if self._ends is not None:
            return
        if self._dialler is not None:
            self._look_whether_it_stands(self._dialler)
            return
        if self._unsent is not None and events & CAN_WRITE:
            self._send_on(self._unsent)
        if events & CAN_READ:
            if self._reads:
                self._read(hangs_up=events & HANGS_UP != 0)
            else:
                self._missed = True

    def read_on(self) -> None:
        if self._missed and self._reads and self._ends is None:
            self._missed = False
            self._read(hangs_up=True)

    def bury(self) -> None:
        if self.peer < Peer.LEFT and self._ends is not None:
            self._poll.forget(self._fd)
            self._sock.close()
            self._unsent = None
            self.take_end(self._ends)

    # -- what an endpoint asks for

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        if self._sock.fileno() < 0:
            return default
        match name:
            case "socket":
                return self._sock
            case "peername":
                return self._peername  # the kernel knows it only as long as the other side is there
            case "sockname":
                return self._sock.getsockname()
            case _:
                return default

    @property
    def limits(self) -> Limits:
        return self._poll.limits

    @property
    def is_reading(self) -> bool:
        return self._reads and self._ends is None

    def pause_reading(self) -> None:
        self._reads = False

    def resume_reading(self) -> None:
        if not self._reads:
            self._reads = True
            if self._missed:
                self._poll.again(self)

    @property
    def unsent(self) -> int:
        return 0 if self._unsent is None else len(self._unsent)

    def write(self, octets: bytes | bytearray | memoryview, how: int = _NOW_QUIETLY) -> None:
        if self._unsent is not None:
            if not (self._fin_when_sent or self._closes_when_sent):
                self._unsent += octets
            return
        if self.fin_sent or self._ends is not None or self._unwritable:
            return
        try:
            sent = self._sock.send(octets, how)
        except BlockingIOError:
            sent = 0
        except OSError:
            self._write_failed()
            return
        if sent < len(octets):
            self._unsent = bytearray(memoryview(octets)[sent:])
            if self._polled == READS:
                self._polled = READS_AND_WRITES
                self._poll.change(self._fd, READS_AND_WRITES)
            self.block()

    def write_last(self, octets: bytes) -> bool:
        """One segment carries them and FIN, and wakes the other side once: the kernel keeps the octets back for it."""
        self.write(octets, _MORE_FOLLOWS)
        return self.half_close()

    def half_close(self) -> bool:
        if self._ends is not None or self._closes_when_sent:
            return False
        if not self.fin_sent:
            self.fin_sent = True
            if self._unsent is not None:
                self._fin_when_sent = True
            else:
                self._send_fin()
        return True

    def close(self) -> None:
        if self._unsent is None:
            self._end(Happened.CLOSE)
        else:
            self._closes_when_sent, self._reads = True, False

    def abort(self) -> None:
        self._end(Happened.CLOSE)

    async def give_to(self, protocol: asyncio.Protocol) -> None:
        self.keep_alive()
        self._poll.remove(self._fd)
        self._ends = Happened.CLOSE  # nothing happens here any more, and nobody is told
        with_octets, self._unsent = self._unsent, None
        sock = socket.socket(self._sock.family, self._sock.type, 0, self._sock.detach())
        await give_to_asyncio(sock, with_octets or b"", protocol)

    # -- private

    def _read(self, *, hangs_up: bool) -> None:
        """Until nothing is left. `hangs_up`: an end comes with this edge, so that a short read does not say so."""
        recv_into = self._sock.recv_into
        for _ in range(_READS_A_TURN):
            try:
                count = recv_into(VIEW, 0, _NOW)
            except BlockingIOError:
                return
            except OSError:
                self._end(Happened.LOSS)
                return
            if not count:
                self._read_end()
                return
            if self.use is Use.FORWARDS and self.filter is None and self.tap is None and self.partner is not None:
                self.octets += count
                self.partner.write(VIEW[:count])
            elif self.tap is not None:
                self.tap.heard(self, bytes(VIEW[:count]))
            else:
                self.take(bytes(VIEW[:count]))
            if (count < _READ_OCTETS and not hangs_up) or self._ends is not None:
                return
            if not self._reads:
                self._missed = True
                return
        self._missed = True
        self._poll.again(self)

    def _read_end(self) -> None:
        if self._unwritable:
            self._end(Happened.LOSS)
        elif self.peer is Peer.SPEAKS and not self.take_fin():
            self.close()

    def _send_on(self, unsent: bytearray) -> None:
        try:
            while unsent:
                del unsent[: self._sock.send(unsent, _NOW_QUIETLY)]
        except BlockingIOError:
            return
        except OSError:
            self._write_failed()
            return
        self._unsent = None
        if self._closes_when_sent:
            self._end(Happened.CLOSE)
            return
        if self._fin_when_sent:
            self._fin_when_sent = False
            self._send_fin()
        self.unblock()

    def _send_fin(self) -> None:
        try:
            self._sock.shutdown(socket.SHUT_WR)
        except OSError:
            self._write_failed()

    def _write_failed(self) -> None:
        """Nobody is there who could read. What they sent before is read still, whoever was to wait with it."""
        self._unwritable, self._unsent = True, None
        if self._closes_when_sent:
            self._end(Happened.LOSS)
            return
        self._reads = self._missed = True
        self._poll.again(self)

    def _look_whether_it_stands(self, dialler: Dialler) -> None:
        self._dialler = None
        if error := self._sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
            self._end(Happened.LOSS)
            dialler.not_connected(self, OSError(error, os.strerror(error)))
        else:
            dialler.connected(self)

    def _end(self, how: Happened) -> None:
        if self._ends is None:
            self._ends = how
            self._poll.end(self)
