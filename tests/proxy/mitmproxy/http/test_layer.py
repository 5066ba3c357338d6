"""Connections to servers, as one client's HTTP takes them: made when they are wanted, forgotten when they are over."""

from collections.abc import Callable

import h2.config
import h2.connection
import h2.events
from mitmproxy.connection import Server
from mitmproxy.proxy.layers.http import HTTPMode

from tests.proxy.mitmproxy.http.proxied import streaming
from tests.support.layers import Driven, context
from tierwall.proxy.mitmproxy.http.layer import HELD_OCTETS, HttpLayer

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


class Http2:
    """A client of HTTP/2 in a tunnel, and servers of HTTP/1."""

    def __init__(self, dial: Callable[[Server], str | None] = lambda _: None, scheme: str = "http") -> None:
        self._scheme = scheme
        self._h2 = h2.connection.H2Connection(h2.config.H2Configuration(header_encoding="ascii"))
        self._h2.initiate_connection()
        inside = context(alpn=b"h2", address=("a.example", 443 if scheme == "https" else 80))
        inside.server.tls = scheme == "https"
        self.driven = Driven(HttpLayer(inside, HTTPMode.transparent), dial=dial, hook=streaming)

    def ask(self, path: str = "/") -> int:
        """The number of servers' connections so far."""
        fields = [(":method", "GET"), (":scheme", self._scheme), (":authority", "a.example"), (":path", path)]
        self._h2.send_headers(self._h2.get_next_available_stream_id(), fields, end_stream=True)
        self._hear(self.driven.says(self.driven.client, self._h2.data_to_send()))
        return len(self.driven.opened)

    def answered(self, octets: bytes = OK) -> list[str]:
        """The statuses that it hears when the newest of the servers says this."""
        return self._hear(self.driven.says(self.driven.opened[-1], octets))

    def _hear(self, octets: bytes) -> list[str]:
        heard = self._h2.receive_data(octets)
        return [dict(event.headers)[":status"] for event in heard if isinstance(event, h2.events.ResponseReceived)]


def test_a_connection_that_is_over_is_forgotten_and_the_clients_stays() -> None:
    client = Http2()

    for number in range(1, 4):
        assert client.ask() == number
        assert client.answered() == ["200"]
        assert list(client.driven.layer.connections) == [client.driven.client]


def test_a_connection_is_known_for_as_long_as_its_answer_is_read() -> None:
    client = Http2()
    client.ask()

    client.answered(b"HTTP/1.1 200 OK\r\n\r\nsome")

    assert client.driven.opened[0] in client.driven.layer.connections
    client.driven.ends(client.driven.opened[0])
    assert client.driven.opened[0] not in client.driven.layer.connections


def test_a_server_that_could_not_be_reached_is_dialled_again_for_the_next_request() -> None:
    failures = ["no route to host", None]
    client = Http2(dial=lambda _: failures.pop(0))

    assert client.ask() == 1
    assert client.ask() == 2
    assert client.answered() == ["200"]


def test_a_server_whose_tls_failed_is_dialled_again_too() -> None:
    client = Http2(scheme="https")

    for number in (1, 2):
        assert client.ask() == number
        assert client.answered(b"HTTP/1.1 400 Bad Request\r\n\r\n") == ["502"]
        assert list(client.driven.layer.connections) == [client.driven.client]


def test_a_client_of_http_1_keeps_its_servers_connection_until_that_ends() -> None:
    driven = Driven(HttpLayer(context(), HTTPMode.regular), hook=streaming)
    request = b"GET http://a.example/ HTTP/1.1\r\nHost: a.example\r\n\r\n"
    for answer in (OK, OK.replace(b"OK\r\n", b"OK\r\nConnection: close\r\n", 1), OK):
        driven.says(driven.client, request)
        driven.says(driven.opened[-1], answer)

    assert len(driven.opened) == 2
    assert set(driven.layer.connections) == {driven.client, driven.opened[1]}


def test_a_client_is_read_no_further_while_what_it_sent_waits() -> None:
    driven = Driven(HttpLayer(context(), HTTPMode.regular), hook=streaming)
    driven.says(driven.client, b"GET http://a.example/ HTTP/1.1\r\nHost: a.example\r\n\r\n")

    assert driven.layer.reads(driven.client)
    driven.says(driven.client, b"x" * (HELD_OCTETS + 1))
    assert not driven.layer.reads(driven.client)
