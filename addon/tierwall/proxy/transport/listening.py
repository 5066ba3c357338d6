"""Sockets that listen, and what they accept, served by the shared epoll.

Knows addresses to bind and how to accept a few at a time. Refuses to know what is accepted.
"""

import _socket
import asyncio
import errno
import logging
import os
import socket
from collections.abc import Callable, Sequence
from typing import Any, Final

from tierwall.proxy.transport.endpoints.socket_endpoint import SocketEndpoint
from tierwall.proxy.transport.socket_poll import ACCEPTS, SocketPoll

logger = logging.getLogger(__name__)

BACKLOG: Final = 4096
"""Connections that may wait to be accepted."""

_A_TURN: Final = 32
_REST_S: Final = 1.0
"""Seconds without accepting where the machine has no descriptor or no memory left for one more."""
_NOTHING_LEFT: Final = {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM}

type Accepted = Callable[[SocketEndpoint, _socket.socket, int], None]
"""An end that is not read yet, its socket and its descriptor."""


def bind(host: str | None, port: int) -> list[socket.socket]:
    """Listen at every address of the host, all of the machine's where there is none. Raises OSError."""
    found = socket.getaddrinfo(host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    sockets: list[socket.socket] = []
    try:
        for family, _, _, _, address in dict.fromkeys(found):
            sock = socket.socket(family, socket.SOCK_STREAM)
            sockets.append(sock)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family is socket.AF_INET6:
                sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            # The second family of a free port takes the first one's.
            sock.bind((*address[:1], sockets[0].getsockname()[1] if len(sockets) > 1 else port, *address[2:]))
            sock.listen(BACKLOG)
            sock.setblocking(False)
    except BaseException:
        for sock in sockets:
            sock.close()
        raise
    return sockets


class ListeningSocket:
    """One of them, as mitmproxy looks at its servers."""

    def __init__(self, poll: SocketPoll, sock: socket.socket, accepted: Accepted) -> None:
        self.sockets: Sequence[socket.socket] = (sock,)
        self._poll, self._sock, self._accepted = poll, sock, accepted
        self._fd = sock.fileno()
        sock.setblocking(False)
        sock.listen(BACKLOG)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # what is accepted inherits it
        poll.add(self._fd, ACCEPTS, self)

    def ready(self, events: int) -> None:  # noqa: ARG002 - only one is asked for
        family, poll, accepted = self._sock.family, self._poll, self._accepted
        accept = self._sock._accept  # type: ignore[attr-defined]  # noqa: SLF001 - `accept` makes its wrapper in Python
        for count in range(_A_TURN):
            try:
                fd, peername = accept()
            except BlockingIOError:
                return
            except OSError as failure:
                self._not_accepted(failure, first=not count)
                return
            sock = _socket.socket(family, socket.SOCK_STREAM, 0, fd)
            accepted(SocketEndpoint(poll, sock, fd, peername), sock, fd)

    def read_on(self) -> None:
        """Level-triggered: there is nothing that the poll would not tell again."""

    def bury(self) -> None:
        """The same."""

    def failed(self, failure: Exception) -> None:
        """What is accepted fails by itself."""

    def close(self) -> None:
        """Listen no more."""
        if self._fd >= 0:
            self._poll.remove(self._fd)
            self._fd = -1
            self._sock.close()

    async def wait_closed(self) -> None:
        """It is closed at once."""

    def is_serving(self) -> bool:
        """Whether it listens."""
        return self._fd >= 0

    def _not_accepted(self, failure: OSError, *, first: bool) -> None:
        if failure.errno not in _NOTHING_LEFT:
            return  # that one left before it was accepted
        if not first:
            return  # those that were turned away in this turn are closed at its end, and leave room for the next
        logger.error("no connection can be accepted: %s", os.strerror(failure.errno or 0))
        self._poll.remove(self._fd)
        asyncio.get_running_loop().call_later(_REST_S, self._listen_again)

    def _listen_again(self) -> None:
        if self._fd >= 0:
            self._poll.add(self._fd, ACCEPTS, self)


def listening(poll: SocketPoll, sockets: Sequence[socket.socket], accepted: Accepted) -> list[Any]:
    """Accept on these."""
    return [ListeningSocket(poll, sock, accepted) for sock in sockets]
