"""What goes on inside TLS that mitmproxy opened: HTTP is its to read, anything else is relayed, or cut.

Knows mitmproxy's layers. Refuses to decide: whether something is cut is its watcher's to say.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol

from mitmproxy.proxy import commands, events, layer, layers
from mitmproxy.proxy.context import Context
from mitmproxy.proxy.layers.http import HTTPMode

from tierwall.opening import Http, NeedMore, NotHttp, read_inside_tls
from tierwall.proxy.middlebox.dpi import SILENCE_S

LISTEN_AFTER_S: Final = 0.5
"""Seconds that a client is silent before its server is dialled, which may be the one that speaks first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What holds for a connection."""

    admitted: bool
    """Otherwise TLS was opened only to show why not, and nothing is dialled."""
    only_https: bool
    """Whether anything else is cut."""


class Watcher(Protocol):
    """Who says what holds, and is told what happens."""

    def rules(self, context: Context) -> Rules:
        """What holds for it."""

    def relayed(self, context: Context) -> None:
        """It is not HTTP, and goes on."""

    def cut(self, context: Context, detail: str) -> None:
        """It is not HTTPS, and ends now."""


class InsideTls(layer.Layer):
    """Holds the first decrypted octets until they say what they are; then it is in the way of nothing."""

    def __init__(self, context: Context, watcher: Watcher) -> None:
        super().__init__(context)
        self._watcher = watcher
        self._rules = watcher.rules(context)
        self._said = bytearray()
        self._held: list[events.Event] = []
        self._listening: commands.RequestWakeup | None = None
        self._limit: commands.RequestWakeup | None = None
        self._state: Callable[[events.Event], layer.CommandGenerator[None]] = self._gather

    def _handle_event(self, event: events.Event) -> layer.CommandGenerator[None]:
        if isinstance(event, events.Wakeup) and event.command in (self._listening, self._limit):
            yield from self._time_passed(event)
        else:
            yield from self._state(event)

    def _gather(self, event: events.Event) -> layer.CommandGenerator[None]:
        client, server = self.context.client, self.context.server
        match event:
            case events.Start():
                if self._rules.admitted:
                    self._listening = commands.RequestWakeup(LISTEN_AFTER_S)
                    yield self._listening
                if self._rules.only_https:
                    self._limit = commands.RequestWakeup(SILENCE_S)
                    yield self._limit
            case events.DataReceived(connection=connection, data=data) if connection is client:
                self._said += data
                self._held.append(event)
                yield from self._read()
            case events.DataReceived(data=data):
                self._held.append(event)
                if server.alpn != b"h2":  # which speaks first on both sides (RFC 9113 section 3.4)
                    yield from self._something_else(f"the server spoke first, {len(data)} octets")
            case events.ConnectionClosed():
                yield from self._close()
            case _:
                pass

    def _read(self) -> layer.CommandGenerator[None]:
        match read_inside_tls(self._said):
            case Http():
                yield from self._become(layers.HttpLayer(self.context, HTTPMode.transparent))
            case NotHttp(why=why):
                yield from self._something_else(f"what is inside TLS {why}")
            case NeedMore():
                pass

    def _something_else(self, detail: str) -> layer.CommandGenerator[None]:
        if self._rules.only_https:
            self._watcher.cut(self.context, detail)
            yield from self._close()
        else:
            self._watcher.relayed(self.context)
            yield from self._become(layers.TCPLayer(self.context, ignore=True))

    def _become(self, child: layer.Layer) -> layer.CommandGenerator[None]:
        held, self._held = self._held, []
        self._said = bytearray()
        self._state = child.handle_event
        for event in (events.Start(), *held):
            yield from child.handle_event(event)

    def _time_passed(self, event: events.Wakeup) -> layer.CommandGenerator[None]:
        if self._state != self._gather:
            return
        if event.command is self._limit:
            self._watcher.cut(self.context, f"no request within {SILENCE_S:g} s")
            yield from self._close()
        elif not self._said:
            yield commands.OpenConnection(self.context.server)

    def _close(self) -> layer.CommandGenerator[None]:
        self._state = self._over
        if self.context.server.connected:
            yield commands.CloseConnection(self.context.server)
        yield commands.CloseConnection(self.context.client)

    def _over(self, _: events.Event) -> layer.CommandGenerator[None]:
        yield from ()
