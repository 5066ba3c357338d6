"""What is held of a connection that was handed over is bounded, whoever does not read, or never comes to an end."""

import asyncio
import os
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from socket import socket

import pytest

from tests.e2e.http.conftest import Way, read_head, until
from tests.support.played_origins import Talk
from tests.support.programs import connected, tunnel
from tests.support.running import Proxy

GROWTH_OCTETS = 20 * 1024 * 1024
ANSWER_S = 2.0
"""Ten times what the design says: this machine does other things too."""
CHUNK = b"x" * (1 << 20)
TALL = 600
"""Chunks: thirty times the memory that may be used."""
FRAME = 60
"""Chunks in one frame of a WebSocket."""
UNFINISHED = 150
"""Heads that never end, at once."""


def memory(proxy: Proxy) -> int:
    """Octets of memory that the proxy's process has, resident."""
    pages = int(Path(f"/proc/{proxy.process.pid}/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


@contextmanager
def bounded(proxy: Proxy) -> Iterator[None]:
    """Memory stays where it was, and another client is answered soon, while the block runs."""
    before, slowest, done = memory(proxy), [0.0], threading.Event()
    highest = [before]

    def watch() -> None:
        while not done.is_set():
            began = time.monotonic()
            with connected(proxy.via) as client:
                tunnel(client, "unlisted.example:443")
            slowest[0] = max(slowest[0], time.monotonic() - began)
            highest[0] = max(highest[0], memory(proxy))
            done.wait(0.05)

    watching = threading.Thread(target=watch)
    watching.start()
    try:
        yield
    finally:
        done.set()
        watching.join()
    assert highest[0] - before < GROWTH_OCTETS
    assert slowest[0] < ANSWER_S


def pour(client: socket, chunks: int = TALL, chunk: bytes = CHUNK) -> None:
    """Send much, as long as somebody takes it."""
    client.settimeout(1.0)
    with suppress(OSError):
        for _ in range(chunks):
            client.sendall(chunk)
    client.settimeout(8.0)


def test_a_body_that_was_denied_is_answered_at_its_head_and_let_go(way: Way) -> None:
    with bounded(way.proxy), way.open() as client:
        client.sendall(way.request("/first"))
        until(client, b"hello")
        length = f"Content-Length: {TALL * len(CHUNK)}"
        client.sendall(way.request("/", length, method="POST", host="body.evil.example"))
        head = read_head(client)
        pour(client)

    assert head.startswith(b"HTTP/1.1 403 ")
    assert b"\r\nConnection: close\r\n" in head


def test_a_short_body_that_was_denied_does_not_cost_the_connection(way: Way) -> None:
    with way.open() as client:
        client.sendall(way.request("/first"))
        until(client, b"hello")
        client.sendall(way.request("/", "Content-Length: 4", method="POST", host="short.evil.example") + b"BODY")
        refused = until(client, b"</html>")
        client.sendall(way.request("/again"))
        again = until(client, b"hello")

    assert refused.startswith(b"HTTP/1.1 403 ")
    assert again.startswith(b"HTTP/1.1 200 ")


def test_a_head_without_end_is_refused_at_its_limit(way: Way) -> None:
    with bounded(way.proxy), way.open() as client:
        client.sendall(way.request("/first"))
        until(client, b"hello")
        client.sendall(b"GET /" + b"x" * 1000)
        pour(client)

    way.proxy.wait_for(lambda event: event.event.reason == "malformed" and event.tierwall.refusal == "431")


def test_requests_whose_answers_are_never_read_are_read_no_further(way: Way) -> None:
    async def slow(talk: Talk) -> None:
        while await talk.head():
            await talk.say(b"HTTP/1.1 200 OK\r\nContent-Length: 10000\r\n\r\n" + b"y" * 10_000)

    way.origin.play = slow
    many = way.request("/", "X: " + "x" * 1000) * 1000
    with bounded(way.proxy), way.open() as client:
        pour(client, TALL // 2, many)


def test_an_upload_is_read_no_faster_than_its_server_takes_it(way: Way) -> None:
    stopped = threading.Event()

    async def takes_nothing(talk: Talk) -> None:
        await talk.head()
        await asyncio.to_thread(stopped.wait, 30)

    way.origin.play = takes_nothing
    with bounded(way.proxy), way.open() as client:
        client.sendall(way.request("/", f"Content-Length: {TALL * len(CHUNK)}", method="POST"))
        pour(client)
        stopped.set()


def test_an_answer_is_read_no_faster_than_its_client_takes_it(way: Way) -> None:
    async def pours(talk: Talk) -> None:
        await talk.head()
        await talk.say(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        for _ in range(TALL):
            await talk.say(b"%x\r\n%s\r\n" % (len(CHUNK), CHUNK))

    way.origin.play = pours
    with bounded(way.proxy), way.open() as client:
        client.sendall(way.request())
        read_head(client)
        time.sleep(1.0)  # what is measured is what happens while nobody reads


@pytest.mark.parametrize("sender", ["client", "server"])
def test_a_websocket_is_octets_after_its_101(way: Way, sender: str) -> None:
    opened = threading.Event()

    async def switches(talk: Talk) -> None:
        await talk.head()
        await talk.say(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n")
        if sender == "server":
            await _fragments(talk)
        while await talk.more():
            talk.heard.clear()

    way.origin.play = switches
    with bounded(way.proxy), way.open() as client:
        client.sendall(way.request("/socket", *UPGRADE))
        assert read_head(client).startswith(b"HTTP/1.1 101 ")
        opened.set()
        if sender == "client":
            for first, chunks in _FRAMES:
                client.sendall(_header(first, chunks, mask=bytes(4)))
                for _ in range(chunks):
                    client.sendall(CHUNK)
        else:
            got = 0
            while got < TALL * len(CHUNK):
                got += len(client.recv(1 << 20))


_FRAMES = [(0x01, FRAME), *[(0x00, 1)] * (TALL + 1 - FRAME)]
"""One message that is never complete, each frame's first octet and chunks: a large one, then fragments."""


def _header(first: int, chunks: int, mask: bytes = b"") -> bytes:
    """RFC 6455 section 5.2."""
    return bytes((first, 0xFF if mask else 0x7F)) + (chunks << 20).to_bytes(8) + mask


async def _fragments(talk: Talk) -> None:
    for first, chunks in _FRAMES:
        await talk.say(_header(first, chunks))
        for _ in range(chunks):
            await talk.say(CHUNK)


UPGRADE = (
    "Upgrade: websocket",
    "Connection: Upgrade",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    "Sec-WebSocket-Version: 13",
)


def test_heads_that_are_never_finished_are_given_up(way: Way) -> None:
    before = len(way.proxy.lines())
    with bounded(way.proxy), ExitStack() as stack:
        clients = [stack.enter_context(way.open()) for _ in range(UNFINISHED)]
        seconds = set(clients[::2])
        """Those whose first request was answered."""
        for client in clients:
            client.settimeout(20)
            if client in seconds:
                client.sendall(way.request("/first"))
                until(client, b"hello")
            client.sendall(b"GET /unfinished HTTP/1.1\r\nHost:")
        heard = {client: until(client, b"\r\n\r\n") for client in clients}

    assert all(heard[client].startswith(b"HTTP/1.1 408 ") for client in seconds)
    assert not any(answer.startswith(b"HTTP/1.1 2") for answer in heard.values())
    way.proxy.wait_until(
        lambda: sum(event.event.reason == "malformed" for event in way.proxy.events()[before:]) == len(clients)
    )
