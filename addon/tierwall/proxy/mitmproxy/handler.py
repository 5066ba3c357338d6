"""mitmproxy's own connection handler, made safe: hooks start denied, what crashes is told, and nothing piles up.

Knows how mitmproxy runs a connection. Refuses to decide: hooks are judged in serving/enforcement.py.
"""

import asyncio
import logging
import sys
from typing import Any, Final

import mitmproxy_rs
from mitmproxy.connection import Connection
from mitmproxy.options import Options
from mitmproxy.proxy import commands, events, server_hooks
from mitmproxy.proxy.layer import CommandGenerator, Layer, NextLayer, NextLayerHook
from mitmproxy.proxy.layers.dns import DnsRequestHook
from mitmproxy.proxy.layers.http._hooks import HttpConnectHook, HttpRequestHeadersHook
from mitmproxy.proxy.layers.tls import TlsClienthelloHook, TlsStartServerHook
from mitmproxy.proxy.mode_servers import ProxyConnectionHandler
from mitmproxy.proxy.mode_specs import ProxyMode

from tierwall.proxy.mitmproxy.certificate_names import is_verifiable
from tierwall.proxy.mitmproxy.guard import deny_until_judged
from tierwall.proxy.mitmproxy.http.layer import HttpLayer
from tierwall.proxy.mitmproxy.http.told import Crash, TierwallCrashedHook, refused
from tierwall.proxy.mitmproxy.parts import Master
from tierwall.proxy.state.own_failures import told, traceable
from tierwall.proxy.transport.wire import Wire

type Reader = asyncio.StreamReader | mitmproxy_rs.Stream | Wire
type Writer = asyncio.StreamWriter | mitmproxy_rs.Stream | Wire

IDLE_S: Final = 10 * 365 * 86400
"""mitmproxy's `tcp_timeout`, for what is handed over; 0 would not be off but end every connection (its
TimeoutWatchdog)."""


class _Options:
    """mitmproxy's options, but for two that its own command line may set otherwise than a judged connection needs."""

    connection_strategy: Final = "lazy"
    """Nothing is dialled before a request or a ClientHello has said all the names to judge it by."""
    tcp_timeout: Final = IDLE_S
    validate_inbound_headers: Final = True
    """What could be read in two ways goes nowhere."""

    def __init__(self, options: Options) -> None:
        self._options = options

    def __getattr__(self, name: str) -> object:
        return getattr(self._options, name)

    def __contains__(self, name: str) -> bool:
        return name in self._options


class AfterTls(NextLayer):
    """What follows TLS with the client: for our own hook to say, as soon as the handshake is done."""


class GuardedHandler(ProxyConnectionHandler):
    """mitmproxy's own handler, whose hooks start out denied: an addon that raises, or is gone, lets nothing through."""

    def __init__(
        self, master: Master, reader: Reader, writer: Writer, options: Options, mode: ProxyMode
    ) -> None:  # mitmproxy's signature
        super().__init__(master, reader, writer, _Options(options), mode)  # type: ignore[no-untyped-call]
        self._ended = False
        self.answered_here = False
        """Whether no server is asked, not even for its certificate, as stock mitmproxy would first."""
        if isinstance(reader, Wire):
            reader.may_read = lambda: self._reads(self.client)

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
        match hook:
            case server_hooks.ServerConnectedHook(data=data):
                self._wire(data.server)
            case TlsClienthelloHook(data=data) if self.answered_here:
                data.establish_server_tls_first = False
            case TlsStartServerHook(data=data) if not is_verifiable(data.conn.sni or ""):
                data.ssl_conn = None  # which ends the connection, behind a parent proxy too
            case _:
                pass

    async def server_event(self, event: events.Event) -> None:
        await super().server_event(event)
        for io in self.transports.values():
            if isinstance(reader := _any(io.reader), Wire):
                reader.look()

    async def drain_writers(self) -> None:
        """Wait for those whom this connection sends to, not for itself: two such would wait for each other."""
        current = asyncio.current_task()
        own = next((connection for connection, io in self.transports.items() if io.handler is current), None)
        to_client = own is not None and own is not self.client
        for connection, io in tuple(self.transports.items()):
            if io.writer is not None and connection is not own and (connection is self.client or not to_client):
                try:
                    await io.writer.drain()
                except OSError as exc:
                    if io.handler is not None:
                        io.handler.cancel(f"Error sending data: {exc}")

    def log(self, message: str, level: int = logging.INFO, exc_info: Any = None) -> None:
        """mitmproxy's way to say, among other things, that a layer has raised; it leaves the client waiting then."""
        failure = sys.exception() if exc_info is True else exc_info[1] if exc_info else None
        shown = None if failure is None or traceable(failure) is None else exc_info
        super().log(message, level, shown)
        if failure is not None and not self._ended:
            self._ended = True
            self._end(failure)

    def give_up_handshake(self) -> None:
        """End the connection, unless its TLS stands."""
        if self.client.timestamp_tls_setup is None and not self._ended:
            self._ended = True
            self._tell_and_end(refused(self.layer.context, "a TLS handshake that is not finished in time", "close"))

    def _end(self, failure: BaseException) -> None:
        self._tell_and_end(TierwallCrashedHook(Crash(self.layer.context, told(failure))))

    def _tell_and_end(self, hook: commands.StartHook) -> None:
        self.layer = _Dead(self.layer.context.fork())
        telling = asyncio.get_running_loop().create_task(self.hook_task(hook))
        _telling.add(telling)
        telling.add_done_callback(_telling.discard)
        for io in tuple(self.transports.values()):
            if isinstance(writer := _any(io.writer), Wire):
                writer.transport.abort()
            elif io.writer is not None:
                io.writer.close()

    def _wire(self, connection: Connection) -> None:
        """Read and write a connection that mitmproxy has opened by a Wire, as the client's is."""
        io = self.transports[connection]
        if isinstance(io.reader, asyncio.StreamReader) and isinstance(io.writer, asyncio.StreamWriter):
            reader, transport = io.reader, io.writer.transport
            came = bytes(reader._buffer)  # type: ignore[attr-defined]  # noqa: SLF001
            wire = Wire(came, ended=reader._eof)  # type: ignore[attr-defined]  # noqa: SLF001
            wire.may_read = lambda: self._reads(connection)
            wire.take_over(transport)  # type: ignore[arg-type]  # it reads too
            io.reader = io.writer = wire  # type: ignore[assignment]

    def _reads(self, connection: Connection) -> bool:
        http = next((each for each in self.layer.context.layers if isinstance(each, HttpLayer)), None)
        return http is None or http.reads(connection)


def _any(io: Any) -> Any:
    """mitmproxy's annotations know no Wire."""
    return io


_telling: Final[set[asyncio.Task[None]]] = set()
"""asyncio keeps tasks only weakly."""


class _Dead(Layer):
    """In the place of a layer that raised: nothing passes any more."""

    def _handle_event(self, _: events.Event) -> CommandGenerator[None]:
        yield from ()
