"""A UDP flow as a middlebox remembers it, event in and command out, with a clock of the test's own."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from mitmproxy.connection import Client, ConnectionState, Server
from mitmproxy.options import Options
from mitmproxy.proxy import commands, events
from mitmproxy.proxy.context import Context

from tests.support.quic_packets import first_flight
from tierwall.events import ClosedBy
from tierwall.proxy.mitmproxy.datagram_layer import DATAGRAMS_HELD, DatagramGate, FirstFlight, Flow

AT = ("203.0.113.2", 10000)


@dataclass(slots=True)
class Watching:
    """Forgets flows after a second, where `forgets` says so, and keeps what it was told."""

    forgets: bool = True
    told: list[str] = field(default_factory=list)

    def flow_begins(self, context: Context, first: FirstFlight) -> None:
        self.told.append(" ".join(("begins", *first.names, first.malformed or "")).strip())

    def flow_says(self, context: Context, more: FirstFlight) -> bool:
        self.told.append(" ".join(("says", *more.names, more.malformed or "")).strip())
        return more.malformed is None and "evil.example" not in more.names

    def flow_unfinished(self, context: Context, first: FirstFlight) -> None:
        self.told.append("unfinished")

    def forgets_after(self, context: Context) -> float | None:
        return 1.0 if self.forgets else None

    def flow_forgotten(self, context: Context, then: str) -> None:
        self.told.append(then)

    def flow_ends(self, context: Context, flow: Flow, by: ClosedBy) -> None:
        self.told.append(f"ends by {by}: {flow.sent} sent, {flow.received} received")


@dataclass(slots=True)
class Played:
    """A gate at work. What it does for an event comes back as `send server hello`, `open`, `close server`."""

    watching: Watching
    now: float = 0.0
    servers: list[Server] = field(default_factory=list)
    gate: DatagramGate = field(init=False)
    context: Context = field(init=False)

    def __post_init__(self) -> None:
        client = Client(peername=("10.0.0.2", 5000), sockname=AT, state=ConnectionState.OPEN, transport_protocol="udp")
        self.context = Context(client, Options())
        self.context.server = Server(address=AT, transport_protocol="udp")
        self.gate = DatagramGate(self.context, self.watching, lambda: self.now)
        list(self.gate.handle_event(events.Start()))

    def client_says(self, text: str) -> list[str]:
        return self.client_sends(text.encode())

    def client_sends(self, datagram: bytes) -> list[str]:
        return self._does(events.DataReceived(self.context.client, datagram))

    def server_says(self, text: str, which: int = -1) -> list[str]:
        return self._does(events.DataReceived(self.servers[which], text.encode()))

    def _does(self, event: events.Event) -> list[str]:
        done = []
        for command in self.gate.handle_event(event):
            done.append(self._text(command))
            if isinstance(command, commands.OpenConnection):
                self.servers.append(command.connection)
                done += self._does(events.OpenConnectionCompleted(command, None))
        return done

    def _text(self, command: Any) -> str:
        match command:
            case commands.OpenConnection():
                return "open"
            case commands.SendData(connection=connection, data=data):
                return f"send {self._who(connection)} {data.decode() if data.isascii() else len(data)}"
            case commands.CloseConnection(connection=connection):
                return f"close {self._who(connection)}"
            case _:
                return str(command)

    def _who(self, connection: object) -> str:
        return "client" if connection is self.context.client else "server"


def after(seconds: float, played: Played, act: Callable[[], list[str]]) -> list[str]:
    """What it does after that much silence."""
    played.now += seconds
    return act()


def test_what_comes_in_time_passes_and_keeps_the_flow() -> None:
    played = Played(Watching())

    assert played.client_says("one") == ["open", "send server one"]
    assert after(0.9, played, lambda: played.server_says("two")) == ["send client two"]
    assert after(0.9, played, lambda: played.client_says("three")) == ["send server three"]
    assert played.watching.told == ["begins"]


def test_after_the_silence_the_server_speaks_to_nobody_and_that_is_said_once() -> None:
    played = Played(Watching())
    played.client_says("one")

    assert after(1.0, played, lambda: played.server_says("late")) == []
    assert played.server_says("again") == []
    assert played.watching.told == ["begins", "what the server sends goes nowhere"]


def test_after_the_silence_the_client_begins_a_flow_from_another_port() -> None:
    played = Played(Watching())
    played.client_says("one")
    played.server_says("1st")

    assert after(1.0, played, lambda: played.client_says("two")) == ["close server", "open", "send server two"]
    assert len({server.id for server in played.servers}) == 2
    assert played.server_says("2nd") == ["send client 2nd"]
    assert played.server_says("late", which=0) == []
    assert played.watching.told == [
        "begins",
        "what the client sends is a new flow, from another port",
        "ends by behaviour: 3 sent, 3 received",
    ]


def test_without_the_behaviour_no_silence_is_too_long() -> None:
    played = Played(Watching(forgets=False))
    played.client_says("one")

    assert after(500.0, played, lambda: played.server_says("late")) == ["send client late"]
    assert after(500.0, played, lambda: played.client_says("later")) == ["send server later"]
    assert played.watching.told == ["begins"]


def test_a_behaviour_that_is_switched_on_counts_the_silence_before() -> None:
    played = Played(Watching(forgets=False))
    played.client_says("one")
    played.now += 2.0
    played.watching.forgets = True

    assert played.server_says("late") == []


GOOD = first_flight("8x8.vc")[0]
EVIL = first_flight("evil.example")[0]


@pytest.mark.parametrize("before", [b"j", b"@short header", GOOD], ids=["junk", "short header", "admitted Initial"])
def test_a_flow_that_stands_carries_no_connection_to_another_name(before: bytes) -> None:
    played = Played(Watching(forgets=False))
    begun = played.client_sends(before)

    assert begun[0] == "open"
    assert played.client_sends(EVIL) == []
    assert played.client_sends(EVIL) == []  # sent again, it adds nothing, and goes nowhere
    assert played.client_sends(b"media") == ["send server media"]
    assert "says evil.example" in played.watching.told


def test_an_admitted_connection_in_a_flow_that_stands_goes_out_when_it_is_whole() -> None:
    played = Played(Watching(forgets=False))
    played.client_says("j")
    one, two = first_flight("8x8.vc", hello_octets=1000)

    assert played.client_sends(one) == []
    assert played.client_sends(two) == [f"send server {len(one)}", f"send server {len(two)}"]
    assert played.watching.told == ["begins", "says 8x8.vc"]


def test_what_cannot_be_read_in_a_flow_that_stands_goes_nowhere() -> None:
    played = Played(Watching(forgets=False))
    played.client_says("j")

    assert played.client_sends(EVIL[:100] + bytes([EVIL[100] ^ 1]) + EVIL[101:]) == []
    assert played.watching.told == ["begins", "says a QUIC Initial whose ClientHello cannot be read"]


def test_a_hello_that_is_never_finished_in_a_flow_that_stands_goes_nowhere() -> None:
    played = Played(Watching(forgets=False))
    played.client_says("j")
    one, _ = first_flight("8x8.vc", hello_octets=1000)

    assert [played.client_sends(one) for _ in range(DATAGRAMS_HELD + 1)] == [[]] * (DATAGRAMS_HELD + 1)
    assert played.watching.told == ["begins", "says a QUIC ClientHello that was not finished"]


def test_a_forgotten_flow_is_read_when_it_begins_anew() -> None:
    played = Played(Watching())
    played.client_says("j")

    assert after(1.0, played, lambda: played.client_sends(EVIL)) == []
    assert played.watching.told == ["begins", "says evil.example"]
