"""What a server gets, and what of its answers makes sense, without a socket."""

import pytest

from tests.proxy.mitmproxy.http.proxied import Proxied

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


def test_it_gets_one_host_and_what_is_its_own() -> None:
    client = Proxied()
    client.asks("Proxy-Connection: keep-alive", "Proxy-Authorization: Basic YTpi", "X: 1", path="/p?q")

    head = client.sent.decode()
    assert head.startswith("GET /p?q HTTP/1.1\r\nHost: a.example\r\n")
    assert "X: 1\r\nVia: 1.1 tierwall\r\n" in head
    assert "Proxy-Connection" not in head


def test_a_body_is_framed_as_it_came_with_its_trailers() -> None:
    client = Proxied()
    client.asks("Transfer-Encoding: chunked", method="POST", body=b"2\r\nhe\r\n0\r\nX-Sum: 2\r\nHost: b\r\n\r\n")

    assert client.sent.endswith(b"\r\n\r\n2\r\nhe\r\n0\r\nx-sum: 2\r\n\r\n")


def test_hints_go_on_and_the_answer_after_them() -> None:
    client = Proxied()
    client.asks()

    assert client.answered(b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n").startswith(b"HTTP/1.1 103 ")
    assert client.answered(OK).startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize(
    "answer",
    [
        b"SSH-2.0-x\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nno field\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"x" * 70_000,
    ],
    ids=["no-http", "no-field", "two-lengths", "two-framings", "unasked-101", "endless"],
)
def test_what_makes_no_sense_is_a_502_that_is_told(answer: bytes) -> None:
    client = Proxied()
    client.asks()

    assert client.answered(answer).startswith(b"HTTP/1.1 502 ")
    assert [how for _, how in client.refusals] == ["502"]
    assert client.driven.opened[0] in client.driven.closed


def test_a_server_that_leaves_before_it_answers_is_a_502() -> None:
    client = Proxied()
    client.asks()
    client.driven.ends(client.driven.opened[0])

    heard = bytes(client.driven.sent[client.driven.client])
    assert heard.startswith(b"HTTP/1.1 502 ")
    assert b"X-Tierwall-Reason: unreachable\r\n" in heard


def test_one_that_leaves_in_its_answer_cuts_the_clients_too() -> None:
    client = Proxied()
    client.asks()
    client.answered(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel")
    client.driven.ends(client.driven.opened[0])

    assert bytes(client.driven.sent[client.driven.client]).endswith(b"\r\n\r\nhel")
    assert client.driven.client in client.driven.closed


def test_an_early_answer_stands_although_its_server_takes_no_more() -> None:
    client = Proxied()
    client.asks("Content-Length: 1000000", method="POST", body=b"x" * 1000)

    early = client.answered(b"HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno")
    client.driven.ends(client.driven.opened[0])
    client.says(b"x" * 1000)

    assert early.startswith(b"HTTP/1.1 413 ")
    assert early.endswith(b"no")
    assert bytes(client.driven.sent[client.driven.client]) == early


def test_what_nobody_asked_for_ends_the_connection_and_reaches_nobody() -> None:
    client = Proxied()
    client.asks()
    client.answered(OK)

    assert client.answered(OK) == b""
    assert client.driven.opened[0] in client.driven.closed


def test_a_space_before_a_colon_and_a_fold_are_mended() -> None:
    client = Proxied()
    client.asks()

    answer = client.answered(b"HTTP/1.1 200 OK\nContent-Length : 2\nX: a\n b\n\nok")

    assert b"\r\nContent-Length: 2\r\nX: a b\r\n" in answer
