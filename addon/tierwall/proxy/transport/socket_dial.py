"""Ends over sockets: one that connects to an address without waiting, and one that stands already.

Knows connect(2). Who may be dialled, and how long, others know.
"""

import _socket
import errno
import os
import socket
from typing import Final

from tierwall.policy.model import Address
from tierwall.proxy.transport.addresses import address_text
from tierwall.proxy.transport.endpoints.socket_endpoint import SocketEndpoint
from tierwall.proxy.transport.socket_poll import SocketPoll

_STREAM: Final = socket.SOCK_STREAM | getattr(socket, "SOCK_NONBLOCK", 0)


def dial(poll: SocketPoll, address: Address, port: int) -> SocketEndpoint:
    """The end that connects. It may be on its way still: `stands` says so, and `tell` how it ends. Raises OSError."""
    sock = _socket.socket(socket.AF_INET6 if address.version == 6 else socket.AF_INET, _STREAM, 0)
    try:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        peername = address_text(address), port
        error = sock.connect_ex(peername)
        if error not in {0, errno.EINPROGRESS}:
            raise OSError(error, os.strerror(error))
    except BaseException:
        sock.close()
        raise
    end = SocketEndpoint(poll, sock, sock.fileno(), peername)
    if error and not _stands(sock):
        end.dials()
    return end


def adopt(poll: SocketPoll, sock: socket.socket) -> SocketEndpoint:
    """The end of a connection that stands already; the socket is its own from now on."""
    peername = sock.getpeername()
    family, kind, fd = sock.family, sock.type, sock.detach()
    ours = _socket.socket(family, kind, 0, fd)
    if family in {socket.AF_INET, socket.AF_INET6}:
        ours.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return SocketEndpoint(poll, ours, fd, peername)


def _stands(sock: _socket.socket) -> bool:
    """Whether a handshake is over when `connect` returns, which on one machine it mostly is: to ask is cheaper than to
    be told."""
    try:
        sock.getpeername()
    except OSError:
        return False
    return True
