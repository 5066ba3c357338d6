"""What goes on inside TLS that mitmproxy opened: HTTP is its to read, anything else is relayed, or cut.

Knows mitmproxy's layers. Refuses to decide: whether something is cut is its watcher's to say.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Final, Protocol, assert_never

from mitmproxy.proxy import commands, events, layer, layers
from mitmproxy.proxy.context import Context
from mitmproxy.proxy.layers.http import HTTPMode

from tierwall.opening import ClientHello, Following, Http, Malformed, NeedMore, Opaque, following, read_inside_tls
from tierwall.policy.limits import FIRST_BYTES_S
from tierwall.proxy.connection.first_bytes import PAUSE_S
from tierwall.proxy.middlebox.dpi import SILENCE_S
from tierwall.proxy.mitmproxy.http.layer import HttpLayer

LISTEN_AFTER_S: Final = 0.5
"""Seconds that a client is silent before its server is dialled, which may be the one that speaks first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What holds for a connection."""

    admitted: bool
    """Otherwise TLS was opened only to show why not, and nothing is dialled."""
    only_https: bool
    """Whether anything else is cut."""


class SniffWatcher(Protocol):
    """Who says what holds, and is told what happens."""

    def rules(self, context: Context) -> Rules:
        """What holds for it."""

    def admits(self, context: Context, opening: ClientHello | Opaque | Malformed) -> bool:
        """Whether what is not HTTP may go on, a hello inside TLS among it."""

    def relayed(self, context: Context) -> None:
        """It is not HTTP, and goes on."""

    def cut(self, context: Context, detail: str) -> None:
        """It is not HTTPS, and ends now."""


class InsideTls(layer.Layer):
    """Holds the first decrypted octets until they say what they are; then it is in the way of nothing."""

    def __init__(self, context: Context, watcher: SniffWatcher) -> None:
        super().__init__(context)
        self._watcher = watcher
        self._rules = watcher.rules(context)
        self._said = bytearray()
        self._held: list[events.Event] = []
        self._server_spoke = False
        self._listening: commands.RequestWakeup | None = None
        self._pausing: commands.RequestWakeup | None = None
        self._unfinished: commands.RequestWakeup | None = None
        self._wakeups: list[commands.RequestWakeup] = []
        self._limit: commands.RequestWakeup | None = None
        self._state: Callable[[events.Event], layer.CommandGenerator[None]] = self._gather

    def _handle_event(self, event: events.Event) -> layer.CommandGenerator[None]:
        if isinstance(event, events.Wakeup) and event.command in self._wakeups:
            yield from self._time_passed(event)
        else:
            yield from self._state(event)

    def _gather(self, event: events.Event) -> layer.CommandGenerator[None]:
        client, server = self.context.client, self.context.server
        match event:
            case events.Start():
                if self._rules.admitted:
                    self._listening = commands.RequestWakeup(LISTEN_AFTER_S)
                    yield from self._wake(self._listening)
                if self._rules.only_https:
                    self._limit = commands.RequestWakeup(SILENCE_S)
                    yield from self._wake(self._limit)
            case events.DataReceived(connection=connection, data=data) if connection is client:
                self._said += data
                self._held.append(event)
                yield from self._read()
            case events.DataReceived() if server.alpn == b"h2":
                self._held.append(event)  # it speaks first on both sides (RFC 9113 section 3.4)
            case events.DataReceived(data=data) if self._rules.only_https:
                yield from self._cut(f"the server spoke first, {len(data)} octets")
            case events.DataReceived(data=data):
                self._server_spoke = True
                yield commands.SendData(client, data)
            case events.ConnectionClosed() if self._server_spoke and not self._said:
                self._held.append(event)  # nothing was said that would have to be read
                self._watcher.relayed(self.context)
                yield from self._become(layers.TCPLayer(self.context, ignore=True))
            case events.ConnectionClosed():
                yield from self._close()
            case _:
                pass

    def _wake(self, wakeup: commands.RequestWakeup) -> layer.CommandGenerator[None]:
        self._wakeups.append(wakeup)
        yield wakeup

    def _read(self) -> layer.CommandGenerator[None]:
        match read_inside_tls(self._said):
            case NeedMore(may_pause=True):
                self._pausing = commands.RequestWakeup(PAUSE_S)
                yield from self._wake(self._pausing)
            case NeedMore():
                self._pausing = None
                if self._unfinished is None:
                    self._unfinished = commands.RequestWakeup(FIRST_BYTES_S)
                    yield from self._wake(self._unfinished)
            case Malformed() if self._answers_in_http():
                yield from self._become(HttpLayer(self.context, HTTPMode.transparent))  # which refuses it in HTTP
            case Http():
                yield from self._become(HttpLayer(self.context, HTTPMode.transparent))
            case opening if self._rules.only_https:
                yield from self._cut(_against(opening))
            case opening:
                yield from self._something_else(opening)

    def _answers_in_http(self) -> bool:
        """Whether what cannot be read began as text, to a server that has said nothing."""
        return not (self._rules.only_https or self._server_spoke) and chr(self._said[0]).isprintable()

    def _cut(self, detail: str) -> layer.CommandGenerator[None]:
        self._watcher.cut(self.context, detail)
        yield from self._close()

    def _something_else(self, opening: ClientHello | Opaque | Malformed) -> layer.CommandGenerator[None]:
        if not self._watcher.admits(self.context, opening):
            yield from self._close()
            return
        self._watcher.relayed(self.context)
        yield from self._become(layers.TCPLayer(self.context, ignore=True), following(opening))

    def _become(self, child: layer.Layer, watch: Following | None = None) -> layer.CommandGenerator[None]:
        held, self._held = self._held, []
        self._said = bytearray()
        self._state = child.handle_event if watch is None else partial(self._read_on, child, watch)
        for event in (events.Start(), *held):
            yield from self._state(event)

    def _read_on(self, child: layer.Layer, watch: Following, event: events.Event) -> layer.CommandGenerator[None]:
        """What the client says on, before it passes to the child, until none of it has to be read."""
        client = self.context.client
        match event:
            case events.DataReceived(connection=connection, data=data) if connection is client:
                watch.hear(data)
            case events.DataReceived(data=data):
                watch.answered(data)
                yield from child.handle_event(event)
            case _:
                yield from child.handle_event(event)
        while (found := watch.found()) is not None:
            if not self._watcher.admits(self.context, found):
                yield from self._close()
                return
        if octets := watch.read():
            yield from child.handle_event(events.DataReceived(client, octets))
        if watch.over:
            self._state = child.handle_event

    def _time_passed(self, event: events.Wakeup) -> layer.CommandGenerator[None]:
        if self._state != self._gather:
            return
        if event.command is self._limit:
            yield from self._cut(f"no request within {SILENCE_S:g} s")
        elif event.command is self._unfinished:
            late = Malformed(f"an opening of {len(self._said)} octets, not finished within {FIRST_BYTES_S:.0f} s")
            yield from (self._cut(_against(late)) if self._rules.only_https else self._something_else(late))
        elif event.command is self._pausing:
            yield from (self._cut(_against(Opaque())) if self._rules.only_https else self._something_else(Opaque()))
        elif not self._said:
            yield commands.OpenConnection(self.context.server)

    def _close(self) -> layer.CommandGenerator[None]:
        self._state = self._over
        if self.context.server.connected:
            yield commands.CloseConnection(self.context.server)
        yield commands.CloseConnection(self.context.client)

    def _over(self, _: events.Event) -> layer.CommandGenerator[None]:
        yield from ()


def _against(opening: ClientHello | Opaque | Malformed) -> str:
    match opening:
        case ClientHello():
            return "what is inside TLS begins with another TLS handshake"
        case Opaque():
            return "what is inside TLS begins with neither a request of HTTP/1 nor the preface of HTTP/2"
        case Malformed(why=why):
            return f"what is inside TLS begins as HTTP or TLS does, but {why}"
        case _:
            assert_never(opening)
