"""What mitmproxy makes for a connection that its own code accepted: UDP, tun streams, or under stock mitmproxy.

Knows which of them are the front door's, and how a connection is taken out of mitmproxy's streams.
"""

import asyncio
from typing import Final

import mitmproxy_rs
from mitmproxy.proxy import commands, server_hooks
from mitmproxy.proxy.mode_servers import ServerInstance

from tierwall.proxy.listeners import streams
from tierwall.proxy.listeners.live_door import LIVE_DOOR, SPEAKS, Mode, destination
from tierwall.proxy.mitmproxy.handler import GuardedHandler
from tierwall.proxy.serving.modes.name_server import PORT
from tierwall.proxy.transport.endpoints.asyncio_endpoint import AsyncioEndpoint

UDP_IDLE_S: Final = 600
"""Seconds after which mitmproxy gives an admitted UDP flow up; its 20 s would end a call that is muted. Beneath it
mitmproxy_rs forgets a tun or wireguard flow after 60 s of silence both ways, which nothing can change: the next
datagram then begins a new flow, from a new port, and is judged again."""


class FrontedHandler(GuardedHandler):
    """One of them: through the front door where that serves it, refused where there is none."""

    async def handle_client(self) -> None:
        mode = self.client.proxy_mode
        if LIVE_DOOR.door is None:
            self._close()
        elif self.client.transport_protocol != "tcp" or type(mode) not in SPEAKS or self._asks_for_names():
            await super().handle_client()
        else:
            await self._through_front_door()

    async def handle_hook(self, hook: commands.StartHook) -> None:
        await super().handle_hook(hook)
        if isinstance(hook, server_hooks.ServerConnectedHook) and self.client.transport_protocol == "udp":
            # An admitted flow. Raising works while the watchdog sleeps, lowering would not.
            self.timeout_watchdog.timeout = UDP_IDLE_S

    def _asks_for_names(self) -> bool:
        """Whether it is DNS over TCP (RFC 7766), which name_server.py answers for whatever server is asked."""
        address = self.layer.context.server.address
        return isinstance(self.transports[self.client].writer, mitmproxy_rs.Stream) and (address or ("", 0))[1] == PORT

    async def _through_front_door(self) -> None:
        io = self.transports[self.client]
        instance = _instance_of(self)
        address = self.layer.context.server.address
        original = destination(*address[:2]) if address is not None else None
        if isinstance(io.writer, mitmproxy_rs.Stream):
            await streams.serve(io.writer, instance, original)
            return
        if io.writer is None or not isinstance(io.reader, asyncio.StreamReader):
            self._close()
            return
        end = AsyncioEndpoint()
        socket_transport = io.writer.transport
        socket_transport.set_protocol(end)
        end.connection_made(socket_transport)
        end.keep_alive()  # the socket that listens is mitmproxy's
        end.transport.resume_reading()  # mitmproxy's reader stops where its buffer is full, ours decides itself
        if gathered := bytes(io.reader._buffer):  # type: ignore[attr-defined]  # noqa: SLF001  # came before we looked
            end.data_received(gathered)
        if io.reader.at_eof() or io.reader._eof:  # type: ignore[attr-defined]  # noqa: SLF001
            end.eof_received()
        await LIVE_DOOR.serve(end, instance, original)

    def _close(self) -> None:
        writer = self.transports.pop(self.client).writer
        if writer is not None:
            writer.close()


def _instance_of(handler: GuardedHandler) -> ServerInstance[Mode]:
    servers = handler.master.addons.get("proxyserver").servers
    return servers[handler.client.proxy_mode]  # type: ignore[no-any-return]
