"""A WebSocket as a client that only asks whether it is there (RFC 6455): the upgrade, pings, and nothing else.

Knows frames without payload worth keeping. What the server sends is read and forgotten.
"""

import base64
import os
import socket
import struct
import time
from dataclasses import dataclass, field

from tierwall.probe.wire import http1
from tierwall.probe.wire.failure import EndOfStream, Malformed, take

_PING, _PONG, _CLOSE = 0x9, 0xA, 0x8
_MOST_FRAME_OCTETS = 1024 * 1024


def upgrade(host: str, target: str = "/") -> bytes:
    """The request."""
    key = base64.b64encode(os.urandom(16)).decode()
    return http1.request(
        "GET",
        target,
        host,
        "Connection: Upgrade",
        "Upgrade: websocket",
        "Sec-WebSocket-Version: 13",
        f"Sec-WebSocket-Key: {key}",
        f"Origin: https://{host}",
    )


@dataclass
class Socket:
    """One that stands. Reads are bounded by the socket's own time limit."""

    sock: socket.socket
    held: bytes = field(default=b"", repr=False)

    def ping(self, limit_s: float) -> float:
        """Milliseconds until the pong to a new ping. Raises OSError."""
        token = os.urandom(4)
        mask = os.urandom(4)
        masked = bytes(one ^ other for one, other in zip(token, mask))  # noqa: B905 - both are four
        began = time.monotonic()
        self.sock.settimeout(limit_s)
        self.sock.sendall(bytes((0x80 | _PING, 0x80 | len(token))) + mask + masked)
        while True:
            self.sock.settimeout(max(0.01, limit_s - (time.monotonic() - began)))
            kind, payload = self._frame()
            if kind == _PONG and payload == token:
                return (time.monotonic() - began) * 1000
            if kind == _CLOSE:
                raise EndOfStream("closed")

    def _frame(self) -> tuple[int, bytes]:
        head = self._take(2)
        length = head[1] & 0x7F
        if length == 126:
            (length,) = struct.unpack("!H", self._take(2))
        elif length == 127:
            (length,) = struct.unpack("!Q", self._take(8))
        if head[1] & 0x80 or length > _MOST_FRAME_OCTETS:
            raise Malformed("no frame of a server's")
        return head[0] & 0xF, self._take(length)

    def _take(self, count: int) -> bytes:
        while len(self.held) < count:
            piece = take(self.sock, 65536)
            if not piece:
                raise EndOfStream("ended")
            self.held += piece
        taken, self.held = self.held[:count], self.held[count:]
        return taken
