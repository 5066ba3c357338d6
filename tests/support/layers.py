"""A layer of mitmproxy's that runs without a proxy: dials come to what a test says, hooks end at once, nothing waits.

Knows mitmproxy's commands and events. Refuses to know sockets, and what the layer is for.
"""

from collections import defaultdict, deque
from collections.abc import Callable
from typing import Final

from mitmproxy.connection import Client, Connection, ConnectionState, Server
from mitmproxy.options import Options
from mitmproxy.proxy import commands, events
from mitmproxy.proxy.context import Context
from mitmproxy.proxy.layer import Layer
from mitmproxy.proxy.mode_specs import ProxyMode

_OPTIONS: Final[dict[str, bool | int | str]] = {
    "validate_inbound_headers": True,
    "http2": True,
    "http2_ping_keepalive": 0,
    "stream_large_bodies": "",
    "body_size_limit": "",
    "store_streamed_bodies": False,
    "websocket": True,
    "connection_strategy": "lazy",
}
"""What mitmproxy's own addon defines for these layers."""


def context(mode: str = "regular", alpn: bytes | None = None, address: tuple[str, int] | None = None) -> Context:
    """A client's, by default of a proxy; `address`: where its tunnel leads."""
    client = Client(
        peername=("192.0.2.7", 40000),
        sockname=("192.0.2.1", 3128),
        timestamp_start=0.0,
        state=ConnectionState.OPEN,
        alpn=alpn,
        proxy_mode=ProxyMode.parse(mode),
    )
    options = Options()
    for name, default in _OPTIONS.items():
        options.add_option(name, type(default), default, "")
    made = Context(client, options)
    made.server.address = address
    return made


class Driven:
    """One layer. `dial`: what a dial fails for, None where it succeeds. `hook`: hears each before it ends."""

    def __init__(
        self,
        layer: Layer,
        *,
        dial: Callable[[Server], str | None] = lambda _: None,
        hook: Callable[[commands.StartHook], None] = lambda _: None,
    ) -> None:
        self.layer = layer
        self.sent: dict[Connection, bytearray] = defaultdict(bytearray)
        self.hooks: list[commands.StartHook] = []
        self.opened: list[Server] = []
        self.closed: list[Connection] = []
        self.wakeups: list[commands.RequestWakeup] = []
        self._dial, self._hook = dial, hook
        self.feed(events.Start())

    @property
    def client(self) -> Connection:
        """Whose layer it is."""
        return self.layer.context.client

    def says(self, connection: Connection, octets: bytes) -> bytes:
        """Let this peer say something; what was sent to the client for it."""
        before = len(self.sent[self.client])
        self.feed(events.DataReceived(connection, octets))
        return bytes(self.sent[self.client][before:])

    def ends(self, connection: Connection) -> None:
        """Let this peer close."""
        connection.state = ConnectionState.CLOSED
        self.feed(events.ConnectionClosed(connection))

    def time_passes(self) -> None:
        """Let every wakeup come that was asked for."""
        due, self.wakeups = self.wakeups, []
        for wakeup in due:
            self.feed(events.Wakeup(wakeup))

    def feed(self, event: events.Event) -> None:
        """Give it an event, and whatever its own commands come to."""
        waiting = deque([event])
        while waiting:
            for command in self.layer.handle_event(waiting.popleft()):
                waiting.extend(self._come_to(command))

    def _come_to(self, command: commands.Command) -> list[events.Event]:
        match command:
            case commands.SendData(connection=connection, data=octets):
                self.sent[connection] += octets
            case commands.OpenConnection(connection=server):
                self.opened.append(server)
                server.error = self._dial(server)
                if server.error is None:
                    server.state = ConnectionState.OPEN
                    server.timestamp_start = server.timestamp_tcp_setup = 1.0
                return [events.OpenConnectionCompleted(command, server.error)]
            case commands.CloseTcpConnection(half_close=True, connection=connection):
                connection.state &= ~ConnectionState.CAN_WRITE
            case commands.CloseConnection(connection=connection):
                self.closed.append(connection)
                if connection.state is not ConnectionState.CLOSED:
                    connection.state = ConnectionState.CLOSED
                    return [events.ConnectionClosed(connection)]
            case commands.RequestWakeup():
                self.wakeups.append(command)
            case commands.StartHook():
                self.hooks.append(command)
                self._hook(command)
                return [events.HookCompleted(command)] if command.blocking else []
            case _:
                pass
        return []
