"""Syslog over one TLS or TCP connection (RFC 5425, RFC 6587).

Syslog itself answers nothing. What counts as taken is what the other end's TCP has acknowledged, and a connection that
the other end has closed is not written to: what is lost is only what a server had received when it died.
"""

import array
import fcntl
import select
import socket
import ssl
import termios
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from tierwall.sinks.address import Address
from tierwall.sinks.entry import TAKEN, Entry, NotNow, Outcome
from tierwall.sinks.formats import syslog
from tierwall.sinks.outlets.http import PATIENCE_S, tls_context, why

_LOOK_EVERY_S: Final = 0.005


class SyslogOutlet:
    """Writes frames."""

    def __init__(self, address: Address, trust: Path | None, host: str, process: int) -> None:
        """`host`, `process`: who says it."""
        self._address, self._host, self._process = address, host, process
        self._tls = tls_context(trust) if address.secure else None
        self._socket: socket.socket | None = None

    def send(self, entries: Sequence[Entry]) -> Outcome:
        """All of them, until the other end's TCP has them."""
        try:
            connection = self._connected()
            connection.sendall(b"".join(syslog.frame(entry, self._host, self._process) for entry in entries))
            _wait_until_acknowledged(connection)
        except OSError as trouble:
            self.close()
            raise NotNow(why(trouble)) from None
        return TAKEN

    def close(self) -> None:
        """Say so where it is TLS, and let the connection go."""
        if self._socket is not None:
            connection, self._socket = self._socket, None
            connection.close()

    def _connected(self) -> socket.socket:
        if self._socket is not None and _ended(self._socket):
            self.close()
        if self._socket is None:
            there = (self._address.host, self._address.port)
            plain = socket.create_connection(there, timeout=PATIENCE_S)
            try:
                host = self._address.host
                self._socket = plain if self._tls is None else self._tls.wrap_socket(plain, server_hostname=host)
            except OSError:
                plain.close()
                raise
        return self._socket


def _ended(connection: socket.socket) -> bool:
    """A server that is heard has nothing to say but its end. TLS 1.3's session tickets are read and forgotten."""
    while select.select([connection], [], [], 0)[0]:
        connection.setblocking(False)
        try:
            if not connection.recv(4096):
                return True
        except (ssl.SSLWantReadError, BlockingIOError):
            continue
        except OSError:
            return True
        finally:
            connection.settimeout(PATIENCE_S)
    return False


def _wait_until_acknowledged(connection: socket.socket) -> None:
    """SIOCOUTQ of tcp(7): octets that the other end has not acknowledged. Raises OSError."""
    until = time.monotonic() + PATIENCE_S
    unacknowledged = array.array("i", [0])
    while True:
        fcntl.ioctl(connection.fileno(), termios.TIOCOUTQ, unacknowledged)
        if unacknowledged[0] == 0:
            if error := connection.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
                raise OSError(error, "the connection broke")
            return
        if time.monotonic() > until:
            raise TimeoutError
        time.sleep(_LOOK_EVERY_S)
