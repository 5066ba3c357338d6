"""HTTP/2 with windows: what one side does not take, the other may not send."""

import asyncio
import threading
import time
from typing import Any

import pytest

from tests.e2e.http.http2_client import Http2Client, fields
from tests.e2e.http.test_limits import CHUNK, TALL, bounded
from tests.support.played_origins import Talk, answers
from tests.support.running import Proxy

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % (TALL * len(CHUNK))


def test_a_download_waits_for_a_client_that_grants_nothing(
    proxy: Proxy, encrypted: Any, h2_client: Http2Client
) -> None:
    async def pours(talk: Talk) -> None:
        await talk.head()
        await talk.say(ANSWER)
        for _ in range(TALL):
            await talk.say(CHUNK)

    encrypted.play = pours
    with bounded(proxy):
        answer = h2_client.ask(*fields("/much"))
        time.sleep(1.5)  # what is measured is what happens while nothing is granted

    assert answer is not None
    assert answer[":status"] == "200"


@pytest.mark.parametrize("host", ["two.corp.example", "denied.evil.example"])
def test_an_upload_that_nobody_takes_is_not_kept(
    proxy: Proxy, encrypted: Any, h2_client: Http2Client, host: str
) -> None:
    stopped = threading.Event()

    async def takes_nothing(talk: Talk) -> None:
        await talk.head()
        await asyncio.to_thread(stopped.wait, 30)

    encrypted.play = takes_nothing
    with bounded(proxy):
        sent = h2_client.pour(*fields("/up", authority=host, method="POST"), octets=TALL * len(CHUNK))
        stopped.set()

    assert sent < 16 * len(CHUNK)


def test_an_upload_that_is_taken_is_taken_whole(encrypted: Any, h2_client: Http2Client) -> None:
    body = 4 * len(CHUNK)

    async def takes(talk: Talk) -> None:
        await talk.head()
        await talk.until(b"0\r\n\r\n")
        await answers_once(talk)

    encrypted.play = takes
    sent = h2_client.pour(*fields("/up", method="POST"), octets=body, end=True)
    answer = h2_client.answer()

    assert sent == body
    assert answer is not None
    assert answer[":status"] == "200"
    assert bytes(encrypted.talks[-1].heard).count(b"z") >= body


def test_a_client_that_takes_back_what_it_asks_is_borne_with_for_a_while(
    proxy: Proxy, encrypted: Any, h2_client: Http2Client
) -> None:
    encrypted.play = answers
    before = len(proxy.lines())
    with bounded(proxy):
        assert h2_client.take_back(*fields("/"), times=100)
        assert not h2_client.take_back(*fields("/"), times=5_000)

    proxy.wait_until(lambda: any("takes back too many requests" in line for line in proxy.lines()[before:]))


def test_of_a_long_connection_nothing_is_kept(proxy: Proxy, encrypted: Any, h2_client: Http2Client) -> None:
    """Each request takes a connection to a server of HTTP/1, which took 77 kB for as long as the client's stood."""
    encrypted.play = answers
    with bounded(proxy):
        statuses = {answer[":status"] for _ in range(400) if (answer := h2_client.ask(*fields("/"))) is not None}

    assert statuses == {"200"}


async def answers_once(talk: Talk) -> None:
    await talk.say(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")


def test_hints_come_before_the_answer(encrypted: Any, h2_client: Http2Client) -> None:
    async def hints(talk: Talk) -> None:
        await talk.head()
        await talk.say(b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n")
        await answers_once(talk)

    encrypted.play = hints
    answer = h2_client.ask(*fields("/hints"))

    assert answer is not None
    assert answer[":status"] == "200"
    assert [dict(event.headers)[b":status"] for event in h2_client.informed] == [b"103"]
