"""Listening for TCP in mitmproxy's place: sockets bound or inherited, in the clear or by TLS, and who arrives at them.

Knows sockets and mitmproxy's servers. What becomes of who arrives is the live door's.
"""

import _socket
import asyncio
import socket
import ssl
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, Final

from mitmproxy import platform
from mitmproxy.proxy import mode_specs
from mitmproxy.proxy.mode_servers import AsyncioServerInstance, ServerInstance

from tierwall.policy.model import Address
from tierwall.proxy.listeners.live_door import LIVE_DOOR, SPEAKS, Mode, destination
from tierwall.proxy.transport.endpoints.asyncio_endpoint import AsyncioEndpoint
from tierwall.proxy.transport.endpoints.endpoint import Endpoint
from tierwall.proxy.transport.listening import BACKLOG, bind, listening
from tierwall.proxy.transport.socket_poll import SocketPoll
from tierwall.proxy.transport.tls_arrival import TlsArrivals

_INHERITED: Final[dict[str, Sequence[socket.socket]]] = {}
"""By mode spec: sockets that the parent of several workers bound."""

_SECURED: Final[dict[str, ssl.SSLContext]] = {}
"""By mode spec: servers whose clients speak TLS to the proxy itself."""

mitmproxys_listen: Final = AsyncioServerInstance.listen
"""mitmproxy's own way, for what the front door does not serve."""


def inherit(sockets: Mapping[str, Sequence[socket.socket]]) -> None:
    """Listen on these instead of binding, in a worker."""
    _INHERITED.update(sockets)


def secure(spec: str, context: ssl.SSLContext) -> None:
    """Speak TLS with the clients of that mode."""
    _SECURED[spec] = context


def is_secured(spec: str) -> bool:
    """Whether the clients of that mode speak TLS to it."""
    return spec in _SECURED


async def listen(self: AsyncioServerInstance[Mode], host: str, port: int) -> list[Any]:
    """mitmproxy's `listen`, with our protocol instead of its streams where the front door serves."""
    inherited = _INHERITED.get(self.mode.full_spec, ())
    if self.mode.transport_protocol != "tcp" or type(self.mode) not in SPEAKS:
        if inherited:
            return [await asyncio.start_server(self.handle_stream, sock=sock, backlog=BACKLOG) for sock in inherited]
        return await mitmproxys_listen(self, host, port)
    sockets = inherited or bind(host, port)
    loop = asyncio.get_running_loop()
    context = _SECURED.get(self.mode.full_spec)
    if context is None and (poll := SocketPoll.here()) is not None:
        return listening(poll, sockets, partial(_arrived, self))
    for sock in sockets:  # what is accepted inherits it, at no cost a connection
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    arrivals: Callable[[], asyncio.Protocol] = partial(_Arrival, self)
    if context is not None:
        arrivals = TlsArrivals(context, partial(_arrived_by_tls, self), partial(LIVE_DOOR.not_secured, self))
    return [await loop.create_server(arrivals, sock=sock, backlog=BACKLOG) for sock in sockets]


def _arrived(
    instance: ServerInstance[Mode], client: Endpoint, sock: socket.socket | _socket.socket, descriptor: int
) -> None:
    if LIVE_DOOR.descriptors.are_scarce(descriptor):
        LIVE_DOOR.turn_away(client)
        return
    try:
        original = _original_destination(instance, sock)
    except OSError:
        client.reset()  # redirected in another network namespace, or gone already
        return
    LIVE_DOOR.open(client, instance, original)


def _arrived_by_tls(instance: ServerInstance[Mode], client: AsyncioEndpoint) -> None:
    if not client.gone:
        sock = client.get_extra_info("socket")
        _arrived(instance, client, sock, sock.fileno())


class _Arrival(AsyncioEndpoint):
    """A client's end where there is no epoll, which is served as soon as it is connected."""

    __slots__ = ("_instance",)

    def __init__(self, instance: ServerInstance[Mode]) -> None:
        super().__init__()
        self._instance = instance

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        sock = transport.get_extra_info("socket")
        _arrived(self._instance, self, sock, sock.fileno())


def _original_destination(
    instance: ServerInstance[Mode], sock: socket.socket | _socket.socket
) -> tuple[Address, int] | None:
    if not isinstance(instance.mode, mode_specs.TransparentMode):
        return None
    host, port = platform.original_addr(sock)[:2]  # type: ignore[misc,arg-type]
    return destination(host, port)
