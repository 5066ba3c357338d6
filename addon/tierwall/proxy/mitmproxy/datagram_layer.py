"""UDP through tun and wireguard: holds a flow's first datagrams until they say what it wants, then relays untouched.

Knows QUIC's first flight and mitmproxy's layers. Refuses to decide: the dial is judged in enforcement.py, and where it
is denied the client gets silence. mitmproxy's own layers would end DTLS and QUIC themselves and keep every datagram.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol

from mitmproxy.connection import Server
from mitmproxy.proxy import commands, events, layer
from mitmproxy.proxy.context import Context
from mitmproxy.proxy.layers.quic import quic_parse_client_hello_from_datagrams

from tierwall.events import ClosedBy
from tierwall.policy.attempt import Seen

DATAGRAMS_HELD: Final = 16
"""Datagrams that a QUIC ClientHello may take; a post-quantum one takes two or three."""

_LONG_HEADER: Final = 0xC0
"""RFC 8999 section 5.1, with the fixed bit of RFC 9000 section 17.2. STUN, TURN channels, DTLS and RTP begin lower
(RFC 9443 section 3)."""
_READABLE_VERSIONS: Final = frozenset({0x00000001, 0x6B3343CF})
"""QUIC 1 (RFC 9000) and 2 (RFC 9369): the versions whose Initial packets the parser can decrypt."""
_GOOGLE: Final = frozenset(b"QT")
_DRAFTS: Final = 0xFF0000


@dataclass(frozen=True, slots=True)
class FirstFlight:
    """What a flow's first datagrams say."""

    seen: Seen = Seen.OPAQUE
    sni: str | None = None
    malformed: str | None = None


_UNREADABLE: Final = FirstFlight(Seen.QUIC, malformed="a QUIC Initial whose ClientHello cannot be read")
_UNFINISHED: Final = FirstFlight(Seen.QUIC, malformed="a QUIC ClientHello that was not finished")


def read_first_flight(datagrams: list[bytes]) -> FirstFlight | None:
    """What these say, None where it takes another datagram."""
    version = _quic_version(datagrams[0])
    if version is None:
        return FirstFlight()
    if version not in _READABLE_VERSIONS:
        return FirstFlight(Seen.QUIC)
    try:
        hello = quic_parse_client_hello_from_datagrams(datagrams)
    except (ValueError, AssertionError, IndexError):
        return _UNREADABLE
    if hello is not None:
        return FirstFlight(Seen.QUIC, sni=hello.sni)
    return _UNFINISHED if len(datagrams) >= DATAGRAMS_HELD else None


def _quic_version(datagram: bytes) -> int | None:
    """The version of a QUIC long header packet; None for anything else, a version that nobody uses included."""
    if len(datagram) < 7 or datagram[0] < _LONG_HEADER:
        return None
    version = int.from_bytes(datagram[1:5])
    greased = version & 0x0F0F0F0F == 0x0A0A0A0A  # RFC 9000 section 15
    known = version in _READABLE_VERSIONS or datagram[1] in _GOOGLE or version >> 8 == _DRAFTS
    return version if known or greased else None


@dataclass(slots=True, kw_only=True)
class Flow:
    """What passed of a UDP flow so far."""

    sent: int = 0
    received: int = 0


class Watcher(Protocol):
    """Who is told of a flow."""

    def flow_begins(self, context: Context, first: FirstFlight) -> None:
        """It is about to be dialled, and wants this."""

    def flow_unfinished(self, context: Context, first: FirstFlight) -> None:
        """Its client left before it had said what it wants."""

    def forgets_after(self, context: Context) -> float | None:
        """Seconds of silence both ways after which an admitted flow is forgotten; None: never."""

    def flow_forgotten(self, context: Context, then: str) -> None:
        """It was; and this came then."""

    def flow_ends(self, context: Context, flow: Flow, by: ClosedBy) -> None:
        """An admitted flow is over."""


class DatagramGate(layer.Layer):
    """One UDP flow. A denial at its dial ends it, and mitmproxy_rs swallows what its client still sends."""

    def __init__(self, context: Context, watcher: Watcher, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__(context)
        self._watcher, self._clock = watcher, clock
        self._server = context.server
        """Where the flow leads: another connection to the same address, once the first was forgotten."""
        self._moved_at = 0.0
        self._forgotten = False
        self._held: list[bytes] = []
        self._flow = Flow()
        self._state: Callable[[events.Event], layer.CommandGenerator[None]] = self._gather

    def _handle_event(self, event: events.Event) -> layer.CommandGenerator[None]:
        yield from self._state(event)

    def _gather(self, event: events.Event) -> layer.CommandGenerator[None]:
        match event:
            case events.DataReceived(data=data):
                self._held.append(data)
                first = read_first_flight(self._held)
                if first is None:
                    return
                self._watcher.flow_begins(self.context, first)
                yield from self._begin()
            case events.ConnectionClosed():
                if self._held:
                    self._watcher.flow_unfinished(self.context, _UNFINISHED)
                self._state = self._over
            case _:
                pass

    def _begin(self) -> layer.CommandGenerator[None]:
        """Dial, and send what is held."""
        refused = yield commands.OpenConnection(self._server)
        if refused is not None:
            self._state = self._over
            yield commands.CloseConnection(self.context.client)
            return
        self._state = self._relay
        self._moved_at = self._clock()
        for datagram in self._held:
            self._flow.sent += len(datagram)
            yield commands.SendData(self._server, datagram)
        self._held.clear()

    def _relay(self, event: events.Event) -> layer.CommandGenerator[None]:
        client, server = self.context.client, self._server
        match event:
            case events.DataReceived(connection=connection, data=data) if connection is client:
                if self._is_forgotten("what the client sends is a new flow, from another port"):
                    self._held.append(data)
                    yield from self._begin_anew()
                    return
                self._flow.sent += len(data)
                yield commands.SendData(server, data)
            case events.DataReceived(connection=connection, data=data) if connection is server:
                if self._is_forgotten("what the server sends goes nowhere"):
                    return
                self._flow.received += len(data)
                yield commands.SendData(client, data)
            case events.ConnectionClosed(connection=connection) if connection in {client, server}:
                by_client = connection is client
                self._state = self._over
                self._watcher.flow_ends(self.context, self._flow, ClosedBy.CLIENT if by_client else ClosedBy.SERVER)
                yield commands.CloseConnection(server if by_client else client)
            case _:
                pass

    def _is_forgotten(self, then: str) -> bool:
        """Whether nothing passed for too long when a datagram comes; journalled once."""
        after, now = self._watcher.forgets_after(self.context), self._clock()
        if not self._forgotten and (after is None or now - self._moved_at < after):
            self._moved_at = now
            return False
        if not self._forgotten:
            self._forgotten = True
            self._watcher.flow_forgotten(self.context, then)
        return True

    def _begin_anew(self) -> layer.CommandGenerator[None]:
        """Another flow of the same client to the same place: another port of ours, judged again, counted anew."""
        self._watcher.flow_ends(self.context, self._flow, ClosedBy.BEHAVIOUR)
        yield commands.CloseConnection(self._server)
        self._server = Server(address=self.context.server.address, transport_protocol="udp")
        self._flow, self._forgotten = Flow(), False
        yield from self._begin()

    def _over(self, _: events.Event) -> layer.CommandGenerator[None]:
        yield from ()
