"""HTTP/2 with servers and clients: windows, answers of the 1xx class, and what is no HTTP/2."""

from collections.abc import Iterable

import h2.config
import h2.connection
import h2.errors
import h2.events
import pytest
from mitmproxy.connection import Server
from mitmproxy.proxy.layers.http import HTTPMode

from tests.proxy.mitmproxy.http.proxied import streaming
from tests.support.layers import Driven, context
from tierwall.proxy.mitmproxy.http.http2 import (
    CONNECTION_WINDOW,
    RESETS,
    RESETS_A_SECOND,
    STREAM_WINDOW,
    Http2FromClient,
    Windowed,
)
from tierwall.proxy.mitmproxy.http.layer import HttpLayer
from tierwall.proxy.mitmproxy.http.told import TierwallRefusedHook

REQUEST = b"GET http://a.example/ HTTP/1.1\r\nHost: a.example\r\n%s\r\n"


class Http2Server:
    """A server of HTTP/2, behind a client of HTTP/1 that has asked it for something."""

    def __init__(self, fields: bytes = b"") -> None:
        self._h2 = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False, header_encoding="ascii"))
        self._h2.initiate_connection()
        self.driven = Driven(HttpLayer(context(), HTTPMode.regular), dial=self._speaks, hook=streaming)
        self.driven.says(self.driven.client, REQUEST % fields)
        self.heard = self._h2.receive_data(bytes(self.driven.sent[self.driven.opened[0]]))

    def answers(self, *heads: Iterable[tuple[str, str]]) -> bytes:
        """What the client hears for these; the last is the answer."""
        for head in heads:
            self._h2.send_headers(1, list(head), end_stream=head is heads[-1])
        return self.driven.says(self.driven.opened[0], self._h2.data_to_send())

    @property
    def refusals(self) -> list[str]:
        """Why what it said was refused."""
        return [hook.refused.why for hook in self.driven.hooks if isinstance(hook, TierwallRefusedHook)]

    def _speaks(self, server: Server) -> None:
        server.alpn = b"h2"


def test_hints_go_on_to_a_client_of_http_1_and_the_answer_after_them() -> None:
    heard = Http2Server().answers([(":status", "103"), ("link", "</a>")], [(":status", "204")])

    assert heard.startswith(b"HTTP/1.1 103 ")
    assert b"\r\n\r\nHTTP/1.1 204 " in heard


@pytest.mark.parametrize("asked", [b"", b"Upgrade: websocket\r\nConnection: Upgrade\r\n"])
def test_a_101_is_no_answer_of_http_2(asked: bytes) -> None:
    server = Http2Server(asked)
    heard = server.answers([(":status", "101"), ("x", "y")], [(":status", "200")])

    assert heard.startswith(b"HTTP/1.1 502 ")
    assert server.refusals == ["the server's answer makes no sense: HTTP/2 has no 101"]


def test_a_change_of_protocol_is_not_asked_in_http_2() -> None:
    server = Http2Server(b"Upgrade: websocket\r\nConnection: Upgrade\r\n")
    asked = next(event for event in server.heard if isinstance(event, h2.events.RequestReceived))

    assert not {"upgrade", "connection"} & dict(asked.headers).keys()


def test_a_peer_may_be_a_window_ahead_and_more_only_while_nobody_else_waits() -> None:
    ours = Windowed(h2.config.H2Configuration(client_side=False))
    theirs = h2.connection.H2Connection()
    theirs.initiate_connection()
    ours.initiate_connection()
    theirs.receive_data(ours.data_to_send())
    theirs.send_headers(1, [(":method", "POST"), (":scheme", "https"), (":authority", "a.example"), (":path", "/")])
    ours.receive_data(theirs.data_to_send())

    assert theirs.local_flow_control_window(1) == STREAM_WINDOW
    assert theirs.outbound_flow_control_window == CONNECTION_WINDOW

    theirs.send_data(1, bytes(16_384))
    ours.receive_data(theirs.data_to_send())
    ours.data_to_send()
    ours.patient = True
    ours.acknowledge_received_data(STREAM_WINDOW // 2, 1)
    assert ours.data_to_send() == b""
    ours.patient = False
    ours.pay()
    assert ours.data_to_send()


class TakesBack:
    """A client of HTTP/2 that resets what it has asked."""

    def __init__(self) -> None:
        self.now = 0.0
        self.layer = Http2FromClient(context(alpn=b"h2"), lambda: self.now)
        self._stream = 1

    def ask(self, times: int) -> bool:
        """Ask and take back so often; whether that is still borne."""
        for _ in range(times):
            told = list(self.layer.handle_h2_event(_reset(self._stream)))
            self._stream += 2
        return not any(isinstance(command, TierwallRefusedHook) for command in told)


def _reset(stream: int) -> h2.events.StreamReset:
    return h2.events.StreamReset(stream_id=stream, error_code=h2.errors.ErrorCodes.CANCEL)


def test_a_client_may_take_back_some_requests_and_not_endlessly() -> None:
    client = TakesBack()

    assert client.ask(RESETS)
    assert not client.ask(1)


def test_and_may_again_after_a_while() -> None:
    client = TakesBack()
    client.ask(RESETS)
    client.now = 1.0

    assert client.ask(RESETS_A_SECOND)
    assert not client.ask(1)


def test_a_name_that_cannot_be_read_is_told_as_what_it_is() -> None:
    """mitmproxy ends the whole connection for it."""
    asked = [(b":method", b"GET"), (b":scheme", b"https"), (b":authority", b"xn--a.example"), (b":path", b"/")]
    ours = Http2FromClient(context(alpn=b"h2"))

    told = list(ours.handle_h2_event(h2.events.RequestReceived(stream_id=1, headers=asked)))

    [why] = [command.refused.why for command in told if isinstance(command, TierwallRefusedHook)]
    assert why == "a request's head that cannot be read"
