"""UDP through tun and wireguard: holds a flow's first datagrams until they say what it wants, then relays untouched.

Knows QUIC's first flight and mitmproxy's layers. Refuses to decide: the dial is judged in enforcement.py, and where it
is denied the client gets silence. mitmproxy's own layers would end DTLS and QUIC themselves and keep every datagram.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol

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

    def flow_ends(self, context: Context, flow: Flow, by: ClosedBy) -> None:
        """An admitted flow is over."""


class DatagramGate(layer.Layer):
    """One UDP flow. A denial at its dial ends it, and mitmproxy_rs swallows what its client still sends."""

    def __init__(self, context: Context, watcher: Watcher) -> None:
        super().__init__(context)
        self._watcher = watcher
        self._held: list[bytes] = []
        self._flow = Flow()
        self._state: Callable[[events.Event], layer.CommandGenerator[None]] = self._gather

    def _handle_event(self, event: events.Event) -> layer.CommandGenerator[None]:
        yield from self._state(event)

    def _gather(self, event: events.Event) -> layer.CommandGenerator[None]:
        client, server = self.context.client, self.context.server
        match event:
            case events.DataReceived(data=data):
                self._held.append(data)
                first = read_first_flight(self._held)
                if first is None:
                    return
                self._watcher.flow_begins(self.context, first)
                refused = yield commands.OpenConnection(server)
                if refused is not None:
                    self._state = self._over
                    yield commands.CloseConnection(client)
                    return
                self._state = self._relay
                for datagram in self._held:
                    self._flow.sent += len(datagram)
                    yield commands.SendData(server, datagram)
                self._held.clear()
            case events.ConnectionClosed():
                if self._held:
                    self._watcher.flow_unfinished(self.context, _UNFINISHED)
                self._state = self._over
            case _:
                pass

    def _relay(self, event: events.Event) -> layer.CommandGenerator[None]:
        client, server = self.context.client, self.context.server
        match event:
            case events.DataReceived(connection=connection, data=data) if connection is client:
                self._flow.sent += len(data)
                yield commands.SendData(server, data)
            case events.DataReceived(data=data):
                self._flow.received += len(data)
                yield commands.SendData(client, data)
            case events.ConnectionClosed(connection=connection):
                by_client = connection is client
                self._state = self._over
                self._watcher.flow_ends(self.context, self._flow, ClosedBy.CLIENT if by_client else ClosedBy.SERVER)
                yield commands.CloseConnection(server if by_client else client)
            case _:
                pass

    def _over(self, _: events.Event) -> layer.CommandGenerator[None]:
        yield from ()
