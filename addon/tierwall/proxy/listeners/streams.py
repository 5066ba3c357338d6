"""Connections of servers that have no sockets (tun, wireguard, local), and how they end with their server.

Knows mitmproxy_rs's streams. Without it here, such a server's streams would end first, as if their clients had left.
"""

from typing import Any, Final

import mitmproxy_rs
from mitmproxy.proxy import mode_servers
from mitmproxy.proxy.mode_servers import ServerInstance

from tierwall.events import ClosedBy
from tierwall.policy.model import Address
from tierwall.proxy.listeners.live_door import LIVE_DOOR, Mode
from tierwall.proxy.transport.endpoints.asyncio_endpoint import AsyncioEndpoint
from tierwall.proxy.transport.endpoints.endpoint import Endpoint
from tierwall.proxy.transport.mitmproxy_stream import StreamTransport
from tierwall.proxy.transport.relay import Relay

_SERVED: Final[dict[Endpoint, ServerInstance[Mode]]] = {}

_STOPS: Final[dict[Any, Any]] = {
    server: server._stop  # noqa: SLF001
    for server in (mode_servers.TunInstance, mode_servers.WireGuardServerInstance)
}
"""mitmproxy's way to stop each server whose connections are streams."""


def install() -> None:
    """Let a server that stops end its streams first."""
    for server, stop in _STOPS.items():
        server._stop = _ending_streams(stop)  # noqa: SLF001


async def serve(
    stream: mitmproxy_rs.Stream, instance: ServerInstance[Mode], original: tuple[Address, int] | None
) -> None:
    """Serve one connection, until it is over."""
    end = AsyncioEndpoint()
    transport = StreamTransport(stream, end)
    _SERVED[end] = instance
    try:
        LIVE_DOOR.open(end, instance, original)
        await transport.run()
    finally:
        del _SERVED[end]


def end(instance: ServerInstance[Mode]) -> None:
    """That server stops: what goes through its streams is journalled as ended by us."""
    for client, server in tuple(_SERVED.items()):
        if server is not instance:
            continue
        if isinstance(client.watcher, Relay):
            client.watcher.shut(ClosedBy.SHUTDOWN)
        else:
            client.close()


def _ending_streams(stop: Any) -> Any:
    async def stop_after_streams(self: ServerInstance[Mode]) -> None:
        end(self)
        await stop(self)

    return stop_after_streams
