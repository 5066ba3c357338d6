"""What goes on inside TLS, event by event."""

from dataclasses import dataclass, field
from functools import partial
from typing import Any

from mitmproxy.addons.proxyserver import Proxyserver
from mitmproxy.connection import Client, ConnectionState, Server
from mitmproxy.options import Options
from mitmproxy.proxy import commands, events, layers, mode_specs
from mitmproxy.proxy.context import Context

from tierwall.opening import ClientHello, Malformed, Opaque
from tierwall.opening.inside_tls import HTTP2_PREFACE
from tierwall.proxy.middlebox.dpi import SILENCE_S
from tierwall.proxy.middlebox.inspection.sniff import LISTEN_AFTER_S, InsideTls, Rules
from tierwall.proxy.mitmproxy.http.layer import HttpLayer

FRAME = b"\x00\x00\x00\x05hello"
SETTINGS = b"\x00\x00\x00\x04\x00\x00\x00\x00\x00"


@dataclass
class Noted:
    """Notes what it is told; a middlebox that lets through only HTTPS, or one that inspects and no more."""

    only_https: bool = True
    admitted: bool = True
    told: list[str] = field(default_factory=list)

    def rules(self, _: Context) -> Rules:
        return Rules(admitted=self.admitted, only_https=self.only_https)

    def admits(self, _: Context, opening: ClientHello | Opaque | Malformed) -> bool:
        if isinstance(opening, Malformed):
            self.told.append(f"refused: {opening.why}")
        return not isinstance(opening, Malformed)

    def relayed(self, _: Context) -> None:
        self.told.append("relayed")

    def cut(self, _: Context, detail: str) -> None:
        self.told.append(detail)


class Inside:
    """A connection whose TLS with the client stands."""

    def __init__(self, noted: Noted) -> None:
        client = Client(
            peername=("127.0.0.1", 50_000),
            sockname=("127.0.0.1", 8080),
            state=ConnectionState.OPEN,
            proxy_mode=mode_specs.ProxyMode.parse("regular"),
        )
        options = Options()
        Proxyserver().load(options)
        self.context = Context(client, options)
        self.context.server = Server(address=("vevox.app", 443))
        self.layer = InsideTls(self.context, noted)
        self.wakeups = {
            command.delay: command
            for command in self.take(events.Start())
            if isinstance(command, commands.RequestWakeup)
        }

    def take(self, event: events.Event) -> list[Any]:
        """What it does then."""
        return list(self.layer.handle_event(event))

    def passes(self, seconds: float) -> list[Any]:
        """The same when that time has passed."""
        return self.take(events.Wakeup(self.wakeups[seconds]))

    def becomes(self) -> type:
        """The layer that has taken over."""
        state = self.layer._state
        return type(state.args[0] if isinstance(state, partial) else getattr(state, "__self__", None))


def test_a_request_in_pieces_is_held_until_it_is_one() -> None:
    noted = Noted()
    inside = Inside(noted)

    (limit,) = inside.take(events.DataReceived(inside.context.client, b"GET / HT"))
    inside.take(events.DataReceived(inside.context.client, b"TP/1.1\r\nHost: vevox.app\r\n\r\n"))

    assert isinstance(limit, commands.RequestWakeup)
    assert inside.becomes() is HttpLayer
    assert noted.told == []


def test_a_request_that_is_never_one_is_given_up() -> None:
    noted = Noted(only_https=False)
    inside = Inside(noted)

    (limit,) = inside.take(events.DataReceived(inside.context.client, b"GET / HT"))
    done = inside.take(events.Wakeup(limit))

    assert [type(command) for command in done] == [commands.CloseConnection]
    assert noted.told == ["refused: an opening of 8 octets, not finished within 10 s"]


def test_something_else_is_cut_where_only_https_passes_and_the_server_is_not_dialled() -> None:
    noted = Noted()
    inside = Inside(noted)

    done = inside.take(events.DataReceived(inside.context.client, FRAME))

    assert [type(command) for command in done] == [commands.CloseConnection]
    assert noted.told == ["what is inside TLS begins with neither a request of HTTP/1 nor the preface of HTTP/2"]
    assert inside.take(events.DataReceived(inside.context.client, FRAME)) == []


def test_something_else_is_relayed_where_tls_is_only_opened() -> None:
    noted = Noted(only_https=False)
    inside = Inside(noted)

    done = inside.take(events.DataReceived(inside.context.client, FRAME))

    assert inside.becomes() is layers.TCPLayer
    assert [type(command) for command in done] == [commands.OpenConnection]
    assert noted.told == ["relayed"]


def test_after_a_silence_the_server_is_listened_to() -> None:
    inside = Inside(Noted())

    done = inside.passes(LISTEN_AFTER_S)

    assert [type(command) for command in done] == [commands.OpenConnection]


def test_a_client_that_has_begun_is_not_taken_for_silent() -> None:
    inside = Inside(Noted())
    inside.take(events.DataReceived(inside.context.client, b"GE"))

    assert inside.passes(LISTEN_AFTER_S) == []


def test_nobody_is_listened_to_for_a_client_that_is_shown_why_it_is_refused() -> None:
    inside = Inside(Noted(admitted=False, only_https=False))

    assert inside.wakeups == {}


def test_a_server_of_http_2_may_speak_first_and_is_heard_when_the_client_has_spoken() -> None:
    noted = Noted()
    inside = Inside(noted)
    client, server = inside.context.client, inside.context.server
    client.alpn = server.alpn = b"h2"
    server.state = ConnectionState.OPEN

    assert inside.take(events.DataReceived(server, SETTINGS)) == []
    inside.take(events.DataReceived(client, HTTP2_PREFACE + SETTINGS))

    assert inside.becomes() is HttpLayer
    assert noted.told == []


def test_any_other_server_may_not() -> None:
    noted = Noted()
    inside = Inside(noted)
    inside.context.server.state = ConnectionState.OPEN

    done = inside.take(events.DataReceived(inside.context.server, FRAME))

    assert [command.connection for command in done] == [inside.context.server, inside.context.client]
    assert noted.told == ["the server spoke first, 9 octets"]


def test_after_a_server_that_spoke_first_the_client_is_read_all_the_same() -> None:
    noted = Noted(only_https=False)
    inside = Inside(noted)
    client, server = inside.context.client, inside.context.server
    server.state = ConnectionState.OPEN

    greeting = inside.take(events.DataReceived(server, b"220 ready\r\n"))
    refused = inside.take(events.DataReceived(client, b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"))

    assert [(command.connection, command.data) for command in greeting] == [(client, b"220 ready\r\n")]
    assert [command.connection for command in refused] == [server, client]
    assert noted.told == ["refused: the request has more than one Host header"]


def test_what_cannot_be_read_as_http_is_never_relayed() -> None:
    noted = Noted(only_https=False)
    inside = Inside(noted)

    hook, answer, *_ = inside.take(events.DataReceived(inside.context.client, b"GET  / HTTP/1.1\r\n"))

    assert hook.refused.why == "the request line is not METHOD target HTTP/1.x"
    assert answer.connection is inside.context.client
    assert answer.data.startswith(b"HTTP/1.1 400 ")
    assert noted.told == []


def test_text_that_pauses_goes_out_and_its_line_does_not_end_as_one_of_http() -> None:
    noted = Noted(only_https=False)
    inside = Inside(noted)
    client = inside.context.client

    pausing = inside.take(events.DataReceived(client, b"get"))[-1]
    dialling = inside.take(events.Wakeup(pausing))[-1]
    out = inside.take(events.OpenConnectionCompleted(dialling, None))
    refused = inside.take(events.DataReceived(client, b" / HTTP/1.1\r\nHost: evil.example\r\n\r\n"))

    assert [command.data for command in out if isinstance(command, commands.SendData)] == [b"get"]
    assert not any(isinstance(command, commands.SendData) for command in refused)
    assert noted.told[-1] == "refused: the request line is not METHOD target HTTP/1.x"


def test_who_says_nothing_for_too_long_is_cut() -> None:
    noted = Noted()
    inside = Inside(noted)

    done = inside.passes(SILENCE_S)

    assert [type(command) for command in done] == [commands.CloseConnection]
    assert noted.told == ["no request within 60 s"]


def test_what_has_become_http_knows_nothing_of_the_waiting() -> None:
    inside = Inside(Noted())
    inside.take(events.DataReceived(inside.context.client, HTTP2_PREFACE))

    assert inside.passes(LISTEN_AFTER_S) + inside.passes(SILENCE_S) == []
