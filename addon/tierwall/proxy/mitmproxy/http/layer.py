"""All of HTTP on one client connection: mitmproxy's HttpLayer, made of our connections and streams.

Knows which layers are made, and how much each side holds. Refuses to know octets.
"""

from typing import Final

from mitmproxy.connection import Connection, ConnectionState
from mitmproxy.proxy import commands, events, layer
from mitmproxy.proxy import layers as mitmproxy_layers
from mitmproxy.proxy.context import Context
from mitmproxy.proxy.layers import http
from mitmproxy.proxy.layers.http import GetHttpConnection, HTTPMode, RegisterHttpConnection
from mitmproxy.proxy.layers.http import HttpClient as MitmproxysClient
from mitmproxy.proxy.layers.http._base import HttpConnection
from mitmproxy.proxy.layers.http._events import RequestData, ResponseData
from mitmproxy.proxy.layers.http._http3 import Http3Client

from tierwall.proxy.mitmproxy.http.from_client import FromClient
from tierwall.proxy.mitmproxy.http.http2 import Congestion, Http2FromClient, Http2ToServer
from tierwall.proxy.mitmproxy.http.stream import Stream
from tierwall.proxy.mitmproxy.http.to_server import ToServer

type Commands = layer.CommandGenerator[None]

HELD_OCTETS: Final = 64 * 1024
"""Octets that may wait here for one side, before the other is read no further."""


class HttpLayer(mitmproxy_layers.HttpLayer):
    """See the module. mitmproxy's keeps every connection to a server for as long as its client's stands, and the error
    of one that could not be made for all later requests; HTTP/2 to a server of HTTP/1 takes one a request."""

    def __init__(self, context: Context, mode: HTTPMode) -> None:
        super().__init__(context, mode)
        self._over: set[Connection] = set()
        """Connections to servers that will say nothing more, while something of ours still knows them."""

    def _handle_event(self, event: events.Event) -> Commands:
        client, server = self.context.client, self.context.server
        if isinstance(event, events.Start) and client not in self.connections:
            fork = self.context.fork()
            if client.alpn == b"h2":
                self.connections[client] = Http2FromClient(fork)
            elif not http.is_h3_alpn(client.alpn):
                self.connections[client] = FromClient(fork, self.mode)
        elif isinstance(event, events.DataReceived) and event.connection is server and server not in self.connections:
            self.connections[server] = _to_server(self)  # it speaks first: HTTP/2 does (RFC 9113 section 3.4)
            yield from self.event_to_child(self.connections[server], events.Start())
        elif isinstance(event, events.ConnectionEvent) and event.connection not in {server, *self.connections}:
            return  # of one that was forgotten: its TLS failed, and now it has closed
        yield from super()._handle_event(event)
        if isinstance(event, events.ConnectionClosed) and event.connection is not client:
            top = self.connections.get(event.connection)
            self._over.update(each for each, other in self.connections.items() if other is top)
        self._forget()
        yield from self._regulate()

    def make_stream(self, stream_id: int) -> Commands:
        self.streams[stream_id] = Stream(self.context.fork(), stream_id)
        yield from self.event_to_child(self.streams[stream_id], events.Start())

    def get_connection(self, event: GetHttpConnection, *, reuse: bool = True) -> Commands:
        yield from super().get_connection(event, reuse=reuse)
        self.context.server.error = None  # it was told; the next request dials again

    def register_connection(self, command: RegisterHttpConnection) -> Commands:
        yield from super().register_connection(command)
        if command.err:
            self._over.add(command.connection)

    def reads(self, connection: Connection) -> bool:
        """Whether more of this connection's octets are wanted now. HTTP/2 is always read: its windows bound it."""
        own = self._http_of(connection)
        if isinstance(own, Http2FromClient | Http2ToServer):
            return True
        if connection is self.context.client:
            waits = own.held if isinstance(own, FromClient) else 0
            return waits + self._for_servers() <= HELD_OCTETS
        return self._for_client() <= HELD_OCTETS

    # -- private

    def _forget(self) -> None:
        for connection in tuple(self._over):
            if connection.state is ConnectionState.CLOSED and not self._serves(connection):
                self._over.discard(connection)
                self.connections.pop(connection, None)

    def _serves(self, connection: Connection) -> bool:
        return any(stream.context.server is connection for stream in self.streams.values())

    def _regulate(self) -> Commands:
        """Let peers that speak HTTP/2 send more, or not."""
        for connection, top in tuple(self.connections.items()):
            own = self._http_of(connection)
            if isinstance(own, Http2FromClient | Http2ToServer):
                others = self._for_servers() if connection is self.context.client else self._for_client()
                if own.h2_conn.patient != (others > HELD_OCTETS):
                    yield from self.event_to_child(top, Congestion(others > HELD_OCTETS))

    def _for_client(self) -> int:
        """Octets that wait for the client to take more."""
        own = self._http_of(self.context.client)
        waiting = own.held if isinstance(own, Http2FromClient) else 0
        return waiting + self._queued(ResponseData)

    def _for_servers(self) -> int:
        """The same for servers."""
        layers = (self._http_of(connection) for connection in self.connections if connection is not self.context.client)
        return sum(own.held for own in layers if isinstance(own, Http2ToServer)) + self._queued(RequestData)

    def _queued(self, kind: type[RequestData | ResponseData]) -> int:
        """Octets of bodies whose streams wait for a hook, or a dial."""
        return sum(
            len(event.data)
            for stream in self.streams.values()
            if stream._paused is not None  # noqa: SLF001
            for event in stream._paused_event_queue  # noqa: SLF001
            if isinstance(event, kind)
        )

    def _http_of(self, connection: Connection) -> object:
        """What speaks HTTP on it, below TLS and parents."""
        own: object = self.connections.get(connection)
        while own is not None and not isinstance(own, HttpConnection):
            own = getattr(own, "child_layer", None)
        return own


class HttpClient(MitmproxysClient):
    """mitmproxy's, which makes what speaks HTTP with a server: ours, where the streams are."""

    def _handle_event(self, event: events.Event) -> Commands:
        if not any(isinstance(each, HttpLayer) for each in self.context.layers):
            yield from super()._handle_event(event)
            return
        error: str | None = None
        if not self.context.server.connected:
            error = yield commands.OpenConnection(self.context.server)
        if not error:
            self.child_layer = _to_server(self)
            self._handle_event = self.child_layer.handle_event  # type: ignore[method-assign]
            yield from self.child_layer.handle_event(event)
        yield http.RegisterHttpConnection(self.context.server, error)


def install() -> None:
    """Take the place of the one class that mitmproxy makes by its name, for every connection to a server."""
    http.HttpClient = HttpClient  # type: ignore[misc]


def _to_server(of: layer.Layer) -> layer.Layer:
    context = of.context.fork() if isinstance(of, HttpLayer) else of.context
    if http.is_h3_alpn(context.server.alpn):
        return Http3Client(context)
    return Http2ToServer(context) if context.server.alpn == b"h2" else ToServer(context)
