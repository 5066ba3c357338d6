"""What a client of HTTP/1 may say, and how its connection ends, without a socket."""

import pytest

from tests.proxy.mitmproxy.http.proxied import Proxied, denying
from tierwall.policy.limits import REQUEST_HEAD_OCTETS
from tierwall.proxy.mitmproxy.http.from_client import FAREWELL_OCTETS

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


@pytest.mark.parametrize("inside", [False, True])
def test_requests_come_one_behind_the_other_however_they_are_split(inside: bool) -> None:
    client = Proxied(inside=inside)
    target = b"/" if inside else b"http://a.example/"
    for octet in b"\r\nGET %s HTTP/1.1\r\nHost: a.example\r\n\r\n\r\nGET %s HTTP/1.1" % (target, target):
        client.says(bytes([octet]))

    assert client.answered(OK).endswith(b"\r\n\r\nok")
    client.says(b"\r\nHost: a.example\r\n\r\n")
    assert client.answered(OK).endswith(b"\r\n\r\nok")
    assert client.sent.count(b"GET / HTTP/1.1\r\n") == 2


def test_a_head_that_never_ends_is_refused_at_its_limit() -> None:
    client = Proxied()

    assert client.says(b"GET http://a.example/" + b"x" * REQUEST_HEAD_OCTETS).startswith(b"HTTP/1.1 431 ")
    assert client.closed
    assert [how for _, how in client.refusals] == ["431"]


def test_a_head_that_is_not_finished_in_time_is_refused() -> None:
    client = Proxied()
    client.says(b"GET http://a.example/ HT")
    client.driven.time_passes()

    assert bytes(client.driven.sent[client.driven.client]).startswith(b"HTTP/1.1 408 ")
    assert client.driven.opened == []


def test_between_two_requests_a_client_may_wait() -> None:
    client = Proxied()
    client.asks()
    client.answered(OK)
    client.says(b"\r\n")
    client.driven.time_passes()

    assert not client.closed


@pytest.mark.parametrize(
    ("lines", "body", "closes"),
    [
        ((), b"", False),
        (("Content-Length: 4",), b"BODY", False),
        (("Content-Length: 4",), b"BO", False),
        (("Content-Length: 4000000",), b"BO", True),
        (("Transfer-Encoding: chunked",), b"2\r\nBO", True),
        (("Content-Length: 4", "Expect: 100-continue"), b"", True),
        (("Connection: close",), b"", True),
    ],
)
def test_a_denied_request_costs_its_connection_where_its_body_might_not_end(
    lines: tuple[str, ...], body: bytes, closes: bool
) -> None:
    client = Proxied(judge=denying)
    answer = client.asks(*lines, method="POST", body=body)

    assert answer.startswith(b"HTTP/1.1 403 ")
    assert (b"\r\nConnection: close\r\n" in answer) is closes
    assert client.driven.opened == []


def test_what_comes_of_an_unwanted_body_is_thrown_away_and_not_endlessly() -> None:
    client = Proxied(judge=denying)
    client.asks("Content-Length: 99999999", method="POST")

    client.says(bytes(FAREWELL_OCTETS))
    assert client.driven.closed == []
    client.says(b"x")
    assert client.driven.closed == [client.driven.client]


def test_a_client_of_http_1_0_gets_what_it_can_read() -> None:
    client = Proxied()
    client.asks("Expect: 100-continue", version="1.0")
    hint = client.answered(b"HTTP/1.1 103 Early Hints\r\n\r\n")
    answer = client.answered(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n")

    assert hint == b""
    assert b"ransfer-" not in answer
    assert answer.endswith(b"Connection: close\r\n\r\nok")
    assert b"Expect" not in client.sent


def test_an_answer_to_head_has_no_body_whatever_the_server_says() -> None:
    client = Proxied()
    client.asks(method="HEAD")

    assert client.answered(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n").endswith(b"\r\n\r\n")
    client.asks()
    assert client.answered(OK).endswith(b"ok")


def test_a_client_that_leaves_in_its_body_leaves_its_server_too() -> None:
    client = Proxied()
    client.asks("Content-Length: 4", method="POST", body=b"BO")
    client.driven.ends(client.driven.client)

    assert client.driven.opened[0] in client.driven.closed
