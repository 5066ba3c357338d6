"""Puts the front door before mitmproxy's servers: every TCP connection of theirs is ours first.

Knows which seams of mitmproxy hold (docs/mitmproxy-seams.md). What is installed here outlives the script that
installed it: without a live tierwall it refuses everything.
"""

import _socket
import asyncio
import socket
import ssl
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, Final
from weakref import WeakKeyDictionary, WeakSet

import mitmproxy_rs
from mitmproxy import platform
from mitmproxy.proxy import commands, mode_servers, mode_specs, server_hooks
from mitmproxy.proxy.mode_servers import AsyncioServerInstance, ServerInstance

from tierwall.events import ClosedBy
from tierwall.policy.limits import FIRST_BYTES_S
from tierwall.policy.model import Address
from tierwall.proxy.connection.client_connection import Known, Listener, Speaks
from tierwall.proxy.connection.parent_proxy import Parent
from tierwall.proxy.mitmproxy import dns, wireguard_keys
from tierwall.proxy.mitmproxy.handler import GuardedHandler
from tierwall.proxy.mitmproxy.handover import hand_over
from tierwall.proxy.mitmproxy.http import layer as http_layer
from tierwall.proxy.serving.doors import Doors
from tierwall.proxy.serving.front_door import FrontDoor
from tierwall.proxy.serving.modes.name_server import PORT
from tierwall.proxy.transport.addresses import socket_address
from tierwall.proxy.transport.descriptors import Descriptors
from tierwall.proxy.transport.endpoints.asyncio_endpoint import AsyncioEndpoint
from tierwall.proxy.transport.endpoints.endpoint import Endpoint
from tierwall.proxy.transport.listening import BACKLOG, bind, listening
from tierwall.proxy.transport.mitmproxy_stream import StreamTransport
from tierwall.proxy.transport.relay import Relay
from tierwall.proxy.transport.socket_poll import SocketPoll

type Mode = mode_specs.ProxyMode

_INHERITED: Final[dict[str, Sequence[socket.socket]]] = {}
"""By mode spec: sockets that the parent of several workers bound."""

_SECURED: Final[dict[str, ssl.SSLContext]] = {}
"""By mode spec: servers whose clients speak TLS to the proxy itself."""

_ENTRANCES: Final[WeakKeyDictionary[ServerInstance[Mode], Listener]] = WeakKeyDictionary()

UDP_IDLE_S: Final = 600
"""Seconds after which mitmproxy gives an admitted UDP flow up; its 20 s would end a call that is muted. Beneath it
mitmproxy_rs forgets a tun or wireguard flow after 60 s of silence both ways, which nothing can change: the next
datagram then begins a new flow, from a new port, and is judged again."""

_SPEAKS: Final[dict[type[Mode], Speaks]] = {
    mode_specs.RegularMode: Speaks.HTTP_PROXY,
    mode_specs.UpstreamMode: Speaks.HTTP_PROXY,
    mode_specs.Socks5Mode: Speaks.SOCKS5,
    mode_specs.TransparentMode: Speaks.ANYTHING,
    mode_specs.WireGuardMode: Speaks.ANYTHING,
    mode_specs.TunMode: Speaks.ANYTHING,
    mode_specs.LocalMode: Speaks.ANYTHING,
}
"""Modes whose TCP goes through the front door. Reverse and DNS modes have their destination from mitmproxy."""


class Listeners:
    """Where connections find the front door that is live now, if any."""

    def __init__(self) -> None:
        self._door: Doors | None = None
        self._doors: WeakSet[FrontDoor] = WeakSet()
        """Those before it too, while connections go through them."""
        self._streams: dict[Endpoint, ServerInstance[Mode]] = {}

    @property
    def door(self) -> Doors | None:
        """None: everything is refused."""
        return self._door

    @door.setter
    def door(self, door: Doors | None) -> None:
        self._door = door
        if door is not None:
            self._doors.update(door.every)

    async def serve_stream(
        self, stream: mitmproxy_rs.Stream, instance: ServerInstance[Mode], original: tuple[Address, int] | None
    ) -> None:
        """Serve a connection of a server that has no sockets."""
        end = AsyncioEndpoint()
        transport = StreamTransport(stream, end)
        self._streams[end] = instance
        try:
            self.open(end, instance, original)
            await transport.run()
        finally:
            del self._streams[end]

    def end_streams(self, instance: ServerInstance[Mode]) -> None:
        """That server stops. Its streams would end as if their clients had left, were we not the first."""
        for end, server in tuple(self._streams.items()):
            if server is not instance:
                continue
            if isinstance(end.watcher, Relay):
                end.watcher.shut(ClosedBy.SHUTDOWN)
            else:
                end.close()

    def open(self, client: Endpoint, instance: ServerInstance[Mode], original: tuple[Address, int] | None) -> None:
        """Serve a connection; where there is no door, it is refused."""
        if self._door is None:
            client.reset()
        else:
            self._door.open(client, _listener_of(instance), original)

    async def serve(
        self, client: Endpoint, instance: ServerInstance[Mode], original: tuple[Address, int] | None
    ) -> None:
        """The same, until nothing follows any more."""
        if self._door is None:
            client.reset()
        else:
            await self._door.serve(client, _listener_of(instance), original)

    def turn_away(self, client: Endpoint) -> None:
        """Refuse a connection at once: there is no room for it."""
        client.reset()
        if self._door is not None and (complaint := _DESCRIPTORS.complaint()) is not None:
            self._door.say(complaint)

    async def empty(self) -> None:
        """End every tunnel and wait until each has been journalled."""
        await asyncio.gather(*(door.shut(_LAST_OCTETS_S) for door in tuple(self._doors)))


_LAST_OCTETS_S: Final = 0.5
"""Seconds that tunnels have at the end to send what they hold; then what still waits is cut."""

_DESCRIPTORS: Final = Descriptors()

LISTENERS: Final = Listeners()
"""One a process, as mitmproxy's servers are; module state because it must outlive a reloaded script."""


def install() -> None:
    """Take the place of mitmproxy's connection handler, and of its way to listen for TCP."""
    mode_servers.ProxyConnectionHandler = _FrontedHandler  # type: ignore[misc]
    AsyncioServerInstance.listen = _listen  # type: ignore[method-assign,assignment]
    wireguard_keys.keep_private()
    http_layer.install()
    dns.install()
    for server in _STREAMING:
        server._stop = _ending_streams(_STREAMING[server])  # noqa: SLF001


def inherit(sockets: Mapping[str, Sequence[socket.socket]]) -> None:
    """Listen on these instead of binding, in a worker."""
    _INHERITED.update(sockets)


def secure(spec: str, context: ssl.SSLContext) -> None:
    """Speak TLS with the clients of that mode."""
    _SECURED[spec] = context


def is_secured(spec: str) -> bool:
    """Whether the clients of that mode speak TLS to it."""
    return spec in _SECURED


def _listener_of(instance: ServerInstance[Mode]) -> Listener:
    """How connections of that server come in."""
    if (known := _ENTRANCES.get(instance)) is None:
        known = _ENTRANCES[instance] = _new_entrance(instance)
    return known


def _new_entrance(instance: ServerInstance[Mode]) -> Listener:
    mode = instance.mode

    async def give_to_mitmproxy(end: Endpoint, known: Known | None) -> None:
        await hand_over(instance, end, known)

    parent = None
    if isinstance(mode, mode_specs.UpstreamMode):
        from mitmproxy import ctx  # noqa: PLC0415  # the options are there only when a master is

        parent = Parent(
            host=mode.address[0],
            port=mode.address[1],
            tls=mode.scheme == "https",
            verify=not ctx.options.ssl_insecure,
            credentials=getattr(ctx.options, "upstream_auth", None),
        )
    return Listener(
        speaks=_SPEAKS[type(mode)],
        hand_over=give_to_mitmproxy,
        gateway=_SPEAKS[type(mode)] is Speaks.ANYTHING,
        parent=parent,
        spec=mode.full_spec,
    )


def _arrived(
    instance: ServerInstance[Mode], client: Endpoint, sock: socket.socket | _socket.socket, descriptor: int
) -> None:
    if _DESCRIPTORS.are_scarce(descriptor):
        LISTENERS.turn_away(client)
        return
    try:
        original = _original_destination(instance, sock)
    except OSError:
        client.reset()  # redirected in another network namespace, or gone already
        return
    LISTENERS.open(client, instance, original)


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
    return _destination(host, port)


def _destination(host: str, port: int) -> tuple[Address, int]:
    return socket_address(host), port


_mitmproxy_listen = AsyncioServerInstance.listen

_STREAMING: Final[dict[Any, Any]] = {
    server: server._stop  # noqa: SLF001
    for server in (mode_servers.TunInstance, mode_servers.WireGuardServerInstance)
}
"""mitmproxy's way to stop each server whose connections are streams."""


def _ending_streams(stop: Any) -> Any:
    async def stop_after_streams(self: ServerInstance[Mode]) -> None:
        LISTENERS.end_streams(self)
        await stop(self)

    return stop_after_streams


async def _listen(self: AsyncioServerInstance[Mode], host: str, port: int) -> list[Any]:
    """mitmproxy's `listen`, with our protocol instead of its streams where the front door serves."""
    inherited = _INHERITED.get(self.mode.full_spec, ())
    if self.mode.transport_protocol != "tcp" or type(self.mode) not in _SPEAKS:
        if inherited:
            return [await asyncio.start_server(self.handle_stream, sock=sock, backlog=BACKLOG) for sock in inherited]
        return await _mitmproxy_listen(self, host, port)
    sockets = inherited or bind(host, port)
    loop = asyncio.get_running_loop()
    if (context := _SECURED.get(self.mode.full_spec)) is not None:
        return [
            await loop.create_server(
                lambda: _Arrival(self), sock=sock, backlog=BACKLOG, ssl=context, ssl_handshake_timeout=FIRST_BYTES_S
            )
            for sock in sockets
        ]
    if (poll := SocketPoll.here()) is not None:
        return listening(poll, sockets, partial(_arrived, self))
    for sock in sockets:  # what is accepted inherits it, at no cost a connection
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    return [await loop.create_server(lambda: _Arrival(self), sock=sock, backlog=BACKLOG) for sock in sockets]


class _FrontedHandler(GuardedHandler):
    """What mitmproxy makes for a connection that its own code accepted: UDP, tun streams, or under stock mitmproxy."""

    async def handle_client(self) -> None:
        mode = self.client.proxy_mode
        if LISTENERS.door is None:
            self._close()
        elif self.client.transport_protocol != "tcp" or type(mode) not in _SPEAKS or self._asks_for_names():
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
        original = _destination(*address[:2]) if address is not None else None
        if isinstance(io.writer, mitmproxy_rs.Stream):
            await LISTENERS.serve_stream(io.writer, instance, original)
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
        await LISTENERS.serve(end, instance, original)

    def _close(self) -> None:
        writer = self.transports.pop(self.client).writer
        if writer is not None:
            writer.close()


def _instance_of(handler: GuardedHandler) -> ServerInstance[Mode]:
    servers = handler.master.addons.get("proxyserver").servers
    return servers[handler.client.proxy_mode]  # type: ignore[no-any-return]
