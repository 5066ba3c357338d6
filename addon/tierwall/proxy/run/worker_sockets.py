"""Binds the ports that several workers will share, so that a port in use is an error before any of them starts.

Knows mitmproxy's mode specs and sockets. Who accepts on them is listeners.py's.
"""

import socket
from collections.abc import Mapping, Sequence

from mitmproxy.proxy import mode_specs

from tierwall.proxy.listeners import BACKLOG
from tierwall.proxy.run.listening_faults import cannot_start
from tierwall.proxy.run.settings import CannotStart, RunSettings

type Sockets = Mapping[str, Sequence[socket.socket]]
"""Sockets that listen, by mode spec."""


def bind(settings: RunSettings, specs: Sequence[str]) -> Sockets:
    """Listen for every mode. Raises CannotStart, naming every port that cannot be had."""
    bound: dict[str, list[socket.socket]] = {}
    faults: list[str] = []
    for spec in specs:
        mode = mode_specs.ProxyMode.parse(spec)
        host, port = mode.listen_host(settings.listen[0]), mode.listen_port(settings.listen[1])
        try:
            bound[mode.full_spec] = _listening(host, port or 0)
        except OSError as fault:
            faults.append(cannot_start(mode, settings.listen, fault))
    if faults:
        raise CannotStart("\n".join(faults))
    return bound


def _listening(host: str, port: int) -> list[socket.socket]:
    found = socket.getaddrinfo(host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    sockets: list[socket.socket] = []
    for family, _, _, _, address in found:
        sock = socket.socket(family, socket.SOCK_STREAM)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family is socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        # The second family of a free port takes the first one's.
        sock.bind((address[0], sockets[0].getsockname()[1] if sockets else port))
        sock.listen(BACKLOG)
        sock.setblocking(False)
        sockets.append(sock)
    return sockets
