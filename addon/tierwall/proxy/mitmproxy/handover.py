"""Gives a connection that is to be inspected, or speaks plain HTTP, to mitmproxy with the bytes gathered so far.

Knows mitmproxy's connection handlers and layers. Refuses to decide: mitmproxy's hooks are judged in enforcement.py.
"""

import asyncio
import socket
from typing import Final

import mitmproxy_rs
from mitmproxy import ctx
from mitmproxy.connection import Client
from mitmproxy.options import Options
from mitmproxy.proxy import commands, layers, server_hooks
from mitmproxy.proxy.context import Context
from mitmproxy.proxy.layer import Layer, NextLayer, NextLayerHook
from mitmproxy.proxy.layers.dns import DnsRequestHook
from mitmproxy.proxy.layers.http import HTTPMode
from mitmproxy.proxy.layers.http._hooks import HttpConnectHook, HttpRequestHeadersHook
from mitmproxy.proxy.layers.http._upstream_proxy import HttpUpstreamProxy
from mitmproxy.proxy.mode_servers import ProxyConnectionHandler, ServerInstance
from mitmproxy.proxy.mode_specs import ProxyMode, UpstreamMode
from mitmproxy.proxy.tunnel import LayerStack

from tierwall.proxy.connection.client_connection import Known
from tierwall.proxy.mitmproxy.guard import deny_until_judged
from tierwall.proxy.mitmproxy.parts import Master
from tierwall.proxy.transport.endpoint import RESET, End

type Reader = asyncio.StreamReader | mitmproxy_rs.Stream
type Writer = asyncio.StreamWriter | mitmproxy_rs.Stream

IDLE_S: Final = 10 * 365 * 86400
"""mitmproxy's `tcp_timeout`, for what is handed over; 0 would not be off but end every connection (FACTS.md, 4)."""


_TLS_HANDSHAKE: Final = 0x16
_SSL2_HELLO: Final = 0x80
"""The first octet of a ClientHello in SSL 2.0's format has this bit; no text has. mitmproxy refuses it as TLS."""


class _Options:
    """mitmproxy's options, but for two that its own command line may set otherwise than a judged connection needs."""

    connection_strategy: Final = "lazy"
    """Nothing is dialled before a request or a ClientHello has said all the names to judge it by."""
    tcp_timeout: Final = IDLE_S

    def __init__(self, options: Options) -> None:
        self._options = options

    def __getattr__(self, name: str) -> object:
        return getattr(self._options, name)

    def __contains__(self, name: str) -> bool:
        return name in self._options


class GuardedHandler(ProxyConnectionHandler):
    """mitmproxy's own handler, whose hooks start out denied: an addon that raises, or is gone, lets nothing through."""

    def __init__(
        self, master: Master, reader: Reader, writer: Writer, options: Options, mode: ProxyMode
    ) -> None:  # mitmproxy's signature
        super().__init__(master, reader, writer, _Options(options), mode)  # type: ignore[no-untyped-call]

    async def handle_hook(self, hook: commands.StartHook) -> None:
        match hook:
            case (
                server_hooks.ClientConnectedHook()
                | server_hooks.ServerConnectHook()
                | HttpConnectHook()
                | HttpRequestHeadersHook()
                | DnsRequestHook()
                | NextLayerHook(data=AfterTls())
            ):
                deny_until_judged(hook)
            case _:
                pass
        await super().handle_hook(hook)


async def hand_over(instance: ServerInstance[ProxyMode], end: End, known: Known | None) -> None:
    """Let mitmproxy have the connection, and return when it is done with it.

    `known` is a destination that was judged already, where the client was answered by us (CONNECT, SOCKS5) or was
    redirected here; None lets mitmproxy read the request from the start.
    """
    if end.gone:
        return
    first = end.received[0] if end.received else 0
    encrypted = first == _TLS_HANDSHAKE or first >= _SSL2_HELLO
    reader, writer = _streams(end)
    handler = GuardedHandler(ctx.master, reader, writer, ctx.options, instance.mode)
    context = handler.layer.context
    if known is None:
        handler.layer = instance.make_top_layer(context)
    else:
        context.server.address = (str(known.host), known.port)
        if isinstance(instance.mode, UpstreamMode):
            context.server.via = (instance.mode.scheme, instance.mode.address)
        handler.layer = _tls(context) if encrypted else layers.HttpLayer(context, HTTPMode.transparent)
    client: Client = context.client
    with instance.manager.register_connection(client.id, handler):
        await handler.handle_client()


def _tls(context: Context) -> Layer:
    """mitmproxy's own choice of layers could be raw TCP: by `ignore_hosts`, or for a method that it does not know.

    A parent proxy is asked for whatever is not HTTP too; HTTP asks it itself.
    """
    stack = LayerStack()
    if context.server.via:
        stack /= HttpUpstreamProxy.make(context, send_connect=True)
    stack /= layers.ServerTLSLayer(context)  # before the client's, which looks for it
    stack /= layers.ClientTLSLayer(context)
    stack /= AfterTls(context, ask_on_start=True)
    return stack[0]


class AfterTls(NextLayer):
    """What follows TLS with the client: for our own hook to say, as soon as the handshake is done."""


def reset_at_the_end(client: Client) -> None:
    """Let the connection of this client end by RST, not FIN, when it is closed."""
    proxyserver = ctx.master.addons.get("proxyserver")
    handler = proxyserver.connections.get(client.id) if proxyserver else None
    writer = handler.transports[client].writer if handler and client in handler.transports else None
    sock = writer.get_extra_info("socket") if writer else None
    if sock is not None:  # tun and wireguard have none
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)


def close_what_is_not_guarded() -> None:
    """Close connections that mitmproxy accepted before we took the place of its handler: nobody judges them."""
    proxyserver = ctx.master.addons.get("proxyserver")
    for handler in tuple(proxyserver.connections.values()) if proxyserver else ():
        if not isinstance(handler, GuardedHandler):
            for io in tuple(handler.transports.values()):
                if io.handler is not None:
                    io.handler.cancel("tierwall did not judge it")
                if io.writer is not None:
                    io.writer.close()


def _streams(end: End) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader(loop=loop)
    protocol = asyncio.StreamReaderProtocol(reader, loop=loop)
    transport = end.transport
    transport.set_protocol(protocol)
    protocol.connection_made(transport)
    transport.resume_reading()
    if end.received:
        reader.feed_data(bytes(end.received))
        end.received = bytearray()
    if end.eof:
        reader.feed_eof()
    return reader, asyncio.StreamWriter(transport, protocol, reader, loop)
