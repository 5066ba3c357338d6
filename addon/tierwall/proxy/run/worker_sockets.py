"""Binds the ports that several workers will share, so that a port in use is an error before any of them starts.

Knows mitmproxy's mode specs and sockets. Who accepts on them is listeners/sockets.py's.
"""

import socket
from collections.abc import Mapping, Sequence

from mitmproxy.proxy import mode_specs

from tierwall.proxy.run.listening_faults import cannot_start
from tierwall.proxy.run.settings import CannotStart, RunSettings, tls_spec
from tierwall.proxy.transport import listening

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
            bound[mode.full_spec] = listening.bind(host, port or 0)
        except OSError as fault:
            faults.append(cannot_start(mode, settings.listen, fault, tls=tls_spec(settings)))
    if faults:
        raise CannotStart("\n".join(faults))
    return bound
