"""Gives a connection that is to be inspected, or speaks plain HTTP, to mitmproxy with the bytes gathered so far.

Knows mitmproxy's connection handlers and layers. Refuses to decide: mitmproxy's hooks are judged in enforcement.py.
"""

import asyncio
import socket
from typing import Final

from mitmproxy import ctx
from mitmproxy.connection import Client
from mitmproxy.proxy import layers
from mitmproxy.proxy.context import Context
from mitmproxy.proxy.layer import Layer
from mitmproxy.proxy.layers.http import HTTPMode
from mitmproxy.proxy.layers.http._upstream_proxy import HttpUpstreamProxy
from mitmproxy.proxy.mode_servers import ServerInstance
from mitmproxy.proxy.mode_specs import ProxyMode, UpstreamMode
from mitmproxy.proxy.tunnel import LayerStack

from tierwall.policy.limits import DIAL_S, FIRST_BYTES_S
from tierwall.proxy.connection.client_connection import Known
from tierwall.proxy.mitmproxy.handler import AfterTls, GuardedHandler
from tierwall.proxy.mitmproxy.http.layer import HttpLayer
from tierwall.proxy.transport.endpoints.endpoint import Endpoint
from tierwall.proxy.transport.endpoints.farewells import RESET
from tierwall.proxy.transport.wire import Wire

HANDSHAKE_S: Final = DIAL_S + FIRST_BYTES_S
"""Seconds for a client's TLS handshake, during which its server is dialled, whose certificate ours is made after."""

_TLS_HANDSHAKE: Final = 0x16
_SSL2_HELLO: Final = 0x80
"""The first octet of a ClientHello in SSL 2.0's format has this bit; no text has. mitmproxy refuses it as TLS."""


async def hand_over(instance: ServerInstance[ProxyMode], end: Endpoint, known: Known | None) -> None:
    """Let mitmproxy have the connection, and return when it is done with it.

    `known` is a destination that was judged already, where the client was answered by us (CONNECT, SOCKS5) or was
    redirected here; None lets mitmproxy read the request from the start.
    """
    if end.gone:
        return
    first = end.received[0] if end.received else 0
    encrypted = first == _TLS_HANDSHAKE or first >= _SSL2_HELLO
    wire = Wire(bytes(end.received), ended=end.eof)
    end.received = bytearray()
    await end.give_to(wire)
    handler = GuardedHandler(ctx.master, wire, wire, ctx.options, instance.mode)
    context = handler.layer.context
    if known is None:
        upstream = isinstance(instance.mode, UpstreamMode)
        handler.layer = HttpLayer(context, HTTPMode.upstream if upstream else HTTPMode.regular)
    else:
        context.server.address = (str(known.host), known.port)
        handler.answered_here = known.answered_here
        if isinstance(instance.mode, UpstreamMode):
            context.server.via = (instance.mode.scheme, instance.mode.address)
        handler.layer = _tls(context) if encrypted else HttpLayer(context, HTTPMode.transparent)
    client: Client = context.client
    limit = asyncio.get_running_loop().call_later(HANDSHAKE_S, handler.give_up_handshake) if encrypted else None
    try:
        with instance.manager.register_connection(client.id, handler):
            await handler.handle_client()
    except BaseException:
        wire.transport.abort()  # the end has given it away
        raise
    finally:
        if limit is not None:
            limit.cancel()


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
