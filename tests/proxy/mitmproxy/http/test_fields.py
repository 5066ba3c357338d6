"""What of a head goes on, what ends at this hop, and what a proxy adds."""

import pytest
from mitmproxy.http import Headers, Request, Response

from tierwall.proxy.mitmproxy.http import fields


def headers(*lines: tuple[str, str]) -> Headers:
    return Headers([(name.encode(), value.encode()) for name, value in lines])


def names(of: Headers) -> list[str]:
    return [name.decode() for name, _ in of.fields]


@pytest.mark.parametrize("websocket", [False, True])
def test_what_ends_at_this_hop_goes_no_further_and_a_websocket_is_asked_anew(websocket: bool) -> None:
    given = headers(
        ("Connection", "keep-alive, X-Hop, Upgrade"),
        ("X-Hop", "1"),
        ("X-End", "1"),
        ("Keep-Alive", "5"),
        ("Proxy-Connection", "keep-alive"),
        ("TE", "trailers"),
        ("Upgrade", "websocket, h2c"),
    )

    fields.take_hop_by_hop(given, websocket=websocket)

    assert names(given) == ["X-End", *(["Connection", "Upgrade"] if websocket else [])]
    assert given.get("upgrade") == ("websocket" if websocket else None)


def test_connection_takes_away_nothing_that_a_message_is_judged_or_framed_by() -> None:
    given = headers(("Host", "8x8.vc"), ("Content-Length", "5"), ("Connection", "Host, Content-Length, close"))

    fields.take_hop_by_hop(given, websocket=False)

    assert names(given) == ["Host", "Content-Length"]


@pytest.mark.parametrize(
    ("lines", "asks"),
    [
        ([("Upgrade", "WebSocket"), ("Connection", "keep-alive, upgrade")], True),
        ([("Upgrade", "h2c, websocket"), ("Connection", "Upgrade")], True),
        ([("Upgrade", "websocket")], False),
        ([("Connection", "Upgrade")], False),
    ],
)
def test_who_asks_for_a_websocket(lines: list[tuple[str, str]], asks: bool) -> None:
    assert fields.becomes_websocket(headers(*lines)) is asks


@pytest.mark.parametrize(("upgrade", "became"), [("websocket", True), ("h2c, websocket", False), ("tls", False)])
def test_a_101_says_one_protocol(upgrade: str, became: bool) -> None:
    assert fields.became_websocket(headers(("Upgrade", upgrade), ("Connection", "Upgrade"))) is became


@pytest.mark.parametrize(
    ("version", "connection", "closes"),
    [
        ("HTTP/1.1", "", False),
        ("HTTP/1.1", "Close", True),
        ("HTTP/1.0", "", True),
        ("HTTP/1.0", "keep-alive", False),
        ("HTTP/1.0", "keep-alive, close", True),
    ],
)
def test_when_a_connection_ends_with_its_message(version: str, connection: str, closes: bool) -> None:
    assert fields.wants_close(version, headers(("Connection", connection))) is closes


def test_via_is_added_behind_others_and_taken_back() -> None:
    request = Request.make("GET", "http://8x8.vc/", headers={"Via": "1.0 fred"})

    fields.add_via(request)
    assert request.headers["Via"] == "1.0 fred, 1.1 tierwall"
    fields.take_via(request.headers)
    assert request.headers["Via"] == "1.0 fred"
    fields.take_via(request.headers)
    assert "Via" not in request.headers


def test_via_says_the_version_that_came() -> None:
    response = Response.make(200)
    response.http_version = "HTTP/2.0"

    fields.add_via(response)

    assert response.headers["Via"] == "2 tierwall"


def test_trailers_neither_frame_nor_route_nor_authenticate() -> None:
    trailers = headers(("X-Sum", "5"), ("Host", "evil.example"), ("Content-Length", "0"), ("Set-Cookie", "a=b"))

    assert names(fields.may_trail(trailers)) == ["X-Sum"]


def test_what_trace_tells_holds_no_credentials() -> None:
    request = Request.make("TRACE", "http://8x8.vc/x", headers={"Cookie": "a", "Authorization": "b", "X": "c"})

    told = fields.trace(request)

    assert told.startswith(b"TRACE /x HTTP/1.1\r\n")
    assert b"\r\nX: c\r\n" in told
    assert b"Cookie" not in told
    assert b"Authorization" not in told
