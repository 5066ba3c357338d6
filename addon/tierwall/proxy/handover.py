"""Gives a connection that is to be inspected, or speaks plain HTTP, to mitmproxy with the bytes gathered so far.

Knows mitmproxy's connection handlers and layers. Refuses to decide: mitmproxy's hooks are judged in enforcement.py.
"""

import asyncio

from mitmproxy import ctx
from mitmproxy.connection import Client
from mitmproxy.proxy import commands, layers, server_hooks
from mitmproxy.proxy.layers.dns import DnsRequestHook
from mitmproxy.proxy.layers.http._hooks import HttpRequestHeadersHook
from mitmproxy.proxy.mode_servers import ProxyConnectionHandler, ServerInstance
from mitmproxy.proxy.mode_specs import ProxyMode, UpstreamMode

from tierwall.proxy.ends import End
from tierwall.proxy.enforcement import deny_until_judged
from tierwall.proxy.passage import Known


class GuardedHandler(ProxyConnectionHandler):
    """mitmproxy's own handler, whose hooks start out denied: an addon that raises, or is gone, lets nothing through."""

    async def handle_hook(self, hook: commands.StartHook) -> None:
        match hook:
            case (
                server_hooks.ClientConnectedHook()
                | server_hooks.ServerConnectHook()
                | HttpRequestHeadersHook()
                | DnsRequestHook()
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
    reader, writer = _streams(end)
    handler = GuardedHandler(ctx.master, reader, writer, ctx.options, instance.mode)  # type: ignore[no-untyped-call]
    context = handler.layer.context
    if known is None:
        handler.layer = instance.make_top_layer(context)
    else:
        context.server.address = (str(known.host), known.port)
        if isinstance(instance.mode, UpstreamMode):
            context.server.via = (instance.mode.scheme, instance.mode.address)
        handler.layer = layers.modes.TransparentProxy(context)
    client: Client = context.client
    with instance.manager.register_connection(client.id, handler):
        await handler.handle_client()


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
