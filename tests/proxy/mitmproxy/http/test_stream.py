"""One request and its answer: nothing of it goes out before it was judged, and refusals come at its head."""

import pytest

from tests.proxy.mitmproxy.http.proxied import Proxied, denying

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


@pytest.mark.parametrize("inside", [False, True])
def test_a_denied_request_is_answered_at_its_head_and_reaches_nobody(inside: bool) -> None:
    client = Proxied(inside=inside, judge=denying)

    assert client.asks("Content-Length: 9", method="POST").startswith(b"HTTP/1.1 403 ")
    assert client.driven.opened == []


def test_a_target_inside_a_tunnel_may_name_another_host_which_is_judged() -> None:
    names: list[object] = []
    client = Proxied(inside=True, judge=lambda flow: names.append(flow.metadata["tierwall: names"]))
    client.says(b"GET http://b.example/ HTTP/1.1\r\nHost: c.example\r\n\r\n")

    assert names == [("b.example", "c.example")]
    assert client.sent.startswith(b"GET / HTTP/1.1\r\nHost: b.example\r\n")
    assert b"c.example" not in client.sent


def test_expect_is_the_servers_to_answer() -> None:
    client = Proxied()
    client.asks("Expect: 100-continue", "Content-Length: 4", method="POST")

    assert b"\r\nExpect: 100-continue\r\n" in client.sent
    assert client.answered(b"HTTP/1.1 100 Continue\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
    client.says(b"BODY")
    assert client.sent.endswith(b"\r\n\r\nBODY")
    assert b"Connection: close" not in client.answered(OK)


@pytest.mark.parametrize(
    ("method", "left", "status", "goes"),
    [("TRACE", "0", 200, None), ("OPTIONS", "0", 200, None), ("OPTIONS", "3", None, "2"), ("GET", "0", None, "0")],
)
def test_how_far_a_request_goes_it_may_say(method: str, left: str, status: int | None, goes: str | None) -> None:
    client = Proxied()
    answer = client.asks(f"Max-Forwards: {left}", method=method)

    assert answer.startswith(f"HTTP/1.1 {status} ".encode()) if status else answer == b""
    if goes is None:
        assert client.driven.opened == []
    else:
        assert f"Max-Forwards: {goes}\r\n".encode() in client.sent


def test_a_request_that_no_server_should_get_is_refused_and_told() -> None:
    client = Proxied(inside=True)

    answer = client.says(b"GET /\x7f HTTP/1.1\r\nHost: a.example\r\n\r\n")

    assert answer.startswith(b"HTTP/1.1 400 ")
    assert [how for _, how in client.refusals] == ["400"]
    assert client.driven.opened == []


def test_a_websocket_is_octets_after_its_101() -> None:
    client = Proxied()
    client.asks("Upgrade: websocket", "Connection: Upgrade")
    head = client.answered(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n\x81")

    assert head.startswith(b"HTTP/1.1 101 ")
    assert head.endswith(b"\r\n\r\n\x81")
    client.says(b"GET / HTTP/1.1\r\n\r\n")
    assert client.sent.endswith(b"GET / HTTP/1.1\r\n\r\n")


def test_a_server_that_cannot_be_dialled_is_a_502() -> None:
    client = Proxied(dial=lambda _: "Connection refused")

    assert client.asks().startswith(b"HTTP/1.1 502 ")
