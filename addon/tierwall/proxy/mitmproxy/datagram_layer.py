"""UDP through tun and wireguard: holds a flow's first datagrams until they say what it wants, then relays untouched.

Knows mitmproxy's layers, and that every long header of QUIC is read, whenever it comes: a flow that began as something
else, or for one name, carries no connection to another. Refuses to decide: verdicts are its watcher's, and where a dial
is denied the client gets silence. mitmproxy's own layers would end DTLS and QUIC themselves and keep every datagram.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Protocol, assert_never

from mitmproxy.connection import Server
from mitmproxy.proxy import commands, events, layer
from mitmproxy.proxy.context import Context

from tierwall.events import ClosedBy
from tierwall.opening import Malformed, Opaque
from tierwall.opening.quic import LONG_HEADER, Hellos, QuicReader, Unfinished
from tierwall.policy.attempt import Seen

DATAGRAMS_HELD: Final = 16
"""Datagrams that a QUIC ClientHello may take; a post-quantum one takes two or three."""


@dataclass(frozen=True, slots=True)
class FirstFlight:
    """What datagrams say that a flow begins with, or a connection within it."""

    seen: Seen = Seen.OPAQUE
    names: tuple[str, ...] = ()
    """Of all hellos in them."""
    malformed: str | None = None


_UNFINISHED: Final = FirstFlight(Seen.QUIC, malformed="a QUIC ClientHello that was not finished")


def _flight(said: Hellos | Malformed) -> FirstFlight:
    match said:
        case Hellos(hellos=hellos):
            return FirstFlight(Seen.QUIC, tuple(dict.fromkeys(hello.sni for hello in hellos if hello.sni is not None)))
        case Malformed(why=why):
            return FirstFlight(Seen.QUIC, malformed=why)
        case _:
            assert_never(said)


@dataclass(slots=True, kw_only=True)
class Flow:
    """What passed of a UDP flow so far."""

    sent: int = 0
    received: int = 0


class FlowWatcher(Protocol):
    """Who is told of a flow."""

    def flow_begins(self, context: Context, first: FirstFlight) -> None:
        """It is about to be dialled, and wants this."""

    def flow_says(self, context: Context, more: FirstFlight) -> bool:
        """Whether what a standing flow says now may go out. Where not, it is told once."""

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

    def __init__(self, context: Context, watcher: FlowWatcher, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__(context)
        self._watcher, self._clock = watcher, clock
        self._server = context.server
        """Where the flow leads: another connection to the same address, once the first was forgotten."""
        self._moved_at = 0.0
        self._forgotten = False
        self._held: list[bytes] = []
        """Datagrams that begin a ClientHello and do not end it."""
        self._reader = QuicReader()
        self._flow = Flow()
        self._state: Callable[[events.Event], layer.CommandGenerator[None]] = self._gather

    def _handle_event(self, event: events.Event) -> layer.CommandGenerator[None]:
        yield from self._state(event)

    def _gather(self, event: events.Event) -> layer.CommandGenerator[None]:
        match event:
            case events.DataReceived(data=data):
                self._held.append(data)
                first = self._first()
                if first is None:
                    return
                self._watcher.flow_begins(self.context, first)
                going, self._held = self._held, []
                yield from self._begin(going)
            case events.ConnectionClosed():
                if self._held:
                    self._watcher.flow_unfinished(self.context, _UNFINISHED)
                self._state = self._over
            case _:
                pass

    def _first(self) -> FirstFlight | None:
        """What those held say; None where it takes another."""
        match self._reader.read(self._held[-1]):
            case Opaque() if len(self._held) == 1:
                return FirstFlight()
            case Opaque() | Unfinished():
                return _UNFINISHED if len(self._held) >= DATAGRAMS_HELD else None
            case said:
                return _flight(said)

    def _begin(self, going: Sequence[bytes]) -> layer.CommandGenerator[None]:
        """Dial, and send these."""
        refused = yield commands.OpenConnection(self._server)
        if refused is not None:
            self._state = self._over
            yield commands.CloseConnection(self.context.client)
            return
        self._reader.admit()
        self._state = self._relay
        self._moved_at = self._clock()
        yield from self._send(going)

    def _send(self, going: Sequence[bytes]) -> layer.CommandGenerator[None]:
        for datagram in going:
            self._flow.sent += len(datagram)
            yield commands.SendData(self._server, datagram)

    def _relay(self, event: events.Event) -> layer.CommandGenerator[None]:
        client, server = self.context.client, self._server
        match event:
            case events.DataReceived(connection=connection, data=data) if connection is client:
                going = self._read_on(data) if data and data[0] & LONG_HEADER else (data,)
                if not going:
                    return
                if self._is_forgotten("what the client sends is a new flow, from another port"):
                    yield from self._begin_anew(going)
                else:
                    yield from self._send(going)
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

    def _read_on(self, datagram: bytes) -> Sequence[bytes]:
        """Which datagrams may go out now that this one has come."""
        match self._reader.read(datagram):
            case Opaque():
                return (datagram,)
            case Unfinished() if len(self._held) < DATAGRAMS_HELD:
                self._held.append(datagram)
                return ()
            case Unfinished():
                flight = _UNFINISHED
            case said:
                flight = _flight(said)
        held, self._held = (*self._held, datagram), []
        if self._watcher.flow_says(self.context, flight):
            self._reader.admit()
            return held
        self._reader.deny()
        return ()

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

    def _begin_anew(self, going: Sequence[bytes]) -> layer.CommandGenerator[None]:
        """Another flow of the same client to the same place: another port of ours, judged again, counted anew."""
        self._watcher.flow_ends(self.context, self._flow, ClosedBy.BEHAVIOUR)
        yield commands.CloseConnection(self._server)
        self._server = Server(address=self.context.server.address, transport_protocol="udp")
        self._flow, self._forgotten = Flow(), False
        yield from self._begin(going)

    def _over(self, _: events.Event) -> layer.CommandGenerator[None]:
        yield from ()
