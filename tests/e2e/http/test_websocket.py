"""A WebSocket is octets after its 101: nothing is gathered, nothing is made up, and its end is the end."""

import pytest

from tests.e2e.http.conftest import Way, read_head
from tests.e2e.http.test_limits import UPGRADE
from tests.support.journal_lines import about
from tests.support.played_origins import Talk
from tests.support.programs import read_to_end

SWITCH = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"
CLOSE = b"\x88\x05\x0f\xa1bye"


def test_what_comes_with_the_101_and_after_it_comes_as_it_is(way: Way) -> None:
    async def fragments(talk: Talk) -> None:
        await talk.head()
        await talk.say(SWITCH + b"\n\r\x01\x05part1")
        await talk.until(b"pong")
        await talk.say(b"\x80\x05part2" + CLOSE)

    way.origin.play = fragments
    with way.open() as client:
        client.sendall(way.request("/socket", *UPGRADE))
        head = read_head(client)
        first = _exactly(client, 9)
        client.sendall(b"\x8a\x84\0\0\0\0pong")
        rest = _exactly(client, 7 + len(CLOSE))

    assert b"\r\nUpgrade: websocket\r\n" in head
    assert b"\r\nConnection: Upgrade\r\n" in head
    assert first == b"\n\r\x01\x05part1"
    assert rest == b"\x80\x05part2" + CLOSE


@pytest.mark.parametrize(
    "fields",
    [b"", b"Upgrade: tls\r\nConnection: Upgrade\r\n", b"Upgrade: h2c, websocket\r\nConnection: Upgrade\r\n"],
    ids=["none", "another", "several"],
)
def test_a_101_to_anything_else_is_refused_and_what_follows_goes_nowhere(way: Way, fields: bytes) -> None:
    async def switches(talk: Talk) -> None:
        await talk.head()
        await talk.say(b"HTTP/1.1 101 Switching Protocols\r\n" + fields + b"\r\n")
        await talk.until(b"never")

    way.origin.play = switches
    with way.open() as client:
        client.sendall(way.request("/socket", *UPGRADE) + b"unread")
        heard = read_to_end(client)

    assert heard.startswith(b"HTTP/1.1 502 ")
    assert not bytes(way.talk.heard).endswith(b"unread")
    event = way.proxy.wait_for(about(way.host))
    assert (event.event.reason, event.tierwall.refusal) == ("malformed", "502")


@pytest.mark.parametrize("other", ["h2c", "TLS/1.2", "foo/2", "h2c, foo"])
def test_a_change_to_any_other_protocol_is_not_asked_of_the_server(way: Way, other: str) -> None:
    with way.open() as client:
        client.sendall(
            way.request("/", f"Upgrade: {other}", "Connection: Upgrade, HTTP2-Settings", "HTTP2-Settings: AA")
        )
        answer = read_head(client)

    assert answer.startswith(b"HTTP/1.1 200 ")
    assert b"upgrade" not in bytes(way.talk.heard).lower()
    assert b"http2-settings" not in bytes(way.talk.heard).lower()


@pytest.mark.parametrize("how", ["fin", "reset"])
def test_a_server_that_vanishes_says_no_close(way: Way, how: str) -> None:
    async def vanishes(talk: Talk) -> None:
        await talk.head()
        await talk.say(SWITCH + b"\x81\x01a")
        await talk.until(b"now")
        if how == "reset":
            talk.reset()

    way.origin.play = vanishes
    with way.open() as client:
        client.sendall(way.request("/socket", *UPGRADE))
        read_head(client)
        assert _exactly(client, 3) == b"\x81\x01a"
        client.sendall(b"now")
        try:
            rest = read_to_end(client)
        except OSError:  # TLS that ends without a close_notify
            rest = b""

    assert rest in (b"", b"<reset>")


def test_a_client_that_vanishes_says_no_close_either(way: Way) -> None:
    async def listens(talk: Talk) -> None:
        await talk.head()
        await talk.say(SWITCH)
        while await talk.more():
            pass

    way.origin.play = listens
    ended = way.origin.reached.ended
    with way.open() as client:
        client.sendall(way.request("/socket", *UPGRADE))
        read_head(client)
    assert way.origin.reached.until(lambda reached: reached.ended > ended)

    assert bytes(way.talk.heard).endswith(b"\r\n\r\n")


def _exactly(client: object, octets: int) -> bytes:
    heard = b""
    while len(heard) < octets and (more := client.recv(octets - len(heard))):  # type: ignore[attr-defined]
        heard += more
    return heard
