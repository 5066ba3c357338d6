"""In a tunnel that stands a second name is judged before it goes out, and once none can come nobody reads any more."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from tests.support.endpoints import Peer, connection, run, until
from tests.support.programs import built_hello
from tierwall.opening import ClientHello, Malformed, Opening, read_tunnel
from tierwall.proxy.connection.following import read_on
from tierwall.proxy.transport.relay import Relay

pytestmark = pytest.mark.usefixtures("both_endpoints")

HELLO, OTHER = built_hello(b"a.example"), built_hello(b"b.example")
SERVER_HELLO = b"\x16\x03\x03\x00\x4a\x02\x00\x00\x46\x03\x03" + bytes(32) + bytes(36)
RETRY = (
    SERVER_HELLO[:11] + bytes.fromhex("cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c") + bytes(36)
)


class Judged:
    """Who judges what is found, and its verdict."""

    def __init__(self, *, admits: bool = True) -> None:
        self.found: list[str | None] = []
        self._admits = admits

    def __call__(self, found: ClientHello | Malformed) -> bool:
        self.found.append(found.sni if isinstance(found, ClientHello) else found.why)
        return self._admits


@asynccontextmanager
async def tunnel(said: bytes, judged: Judged) -> AsyncIterator[tuple[Relay, Peer, Peer, bool]]:
    """One whose client said this already; whether that may go on."""
    async with connection() as (client, at_client), connection() as (server, at_server):
        await at_client.send(said)
        await until(lambda: len(client.received) == len(said))
        relay = Relay(client, server)
        opening: Opening = read_tunnel(client.received)
        goes_on = read_on(client, server, opening, judged)
        if goes_on:
            relay.release()
        yield relay, at_client, at_server, goes_on


def test_after_an_ordinary_answer_nobody_reads_on() -> None:
    async def scene() -> tuple[bytes, bytes, bool]:
        async with tunnel(HELLO, Judged()) as (relay, client, server, _):
            heard = await server.read(len(HELLO))
            await server.send(SERVER_HELLO)
            answer = await client.read(len(SERVER_HELLO))
            return heard, answer, relay.client.tap is relay.server.tap is None

    assert run(scene) == (HELLO, SERVER_HELLO, True)


def test_a_second_hello_after_a_retry_is_judged_and_goes_on() -> None:
    judged = Judged()

    async def scene() -> bytes:
        async with tunnel(HELLO, judged) as (_, client, server, _goes_on):
            await server.read(len(HELLO))
            await server.send(RETRY)
            await client.read(len(RETRY))
            await client.send(OTHER)
            return await server.read(len(OTHER))

    assert run(scene) == OTHER
    assert judged.found == ["b.example"]


def test_a_second_hello_that_is_refused_does_not_reach_the_server() -> None:
    judged = Judged(admits=False)

    async def scene() -> bytes:
        async with tunnel(HELLO, judged) as (relay, client, server, _):
            await server.read(len(HELLO))
            await client.send(OTHER)
            await until(lambda: judged.found)
            relay.server.close()
            return await server.read_to_end()

    assert run(scene) == b""
    assert judged.found == ["b.example"]


def test_one_that_came_with_the_first_is_judged_before_either_goes_out() -> None:
    judged = Judged(admits=False)

    async def scene() -> tuple[bool, bytes]:
        async with tunnel(HELLO + OTHER, judged) as (relay, _, server, goes_on):
            relay.server.close()
            return goes_on, await server.read_to_end()

    assert run(scene) == (False, b"")
    assert judged.found == ["b.example"]


def test_what_is_no_http_is_watched_until_its_first_line_has_ended() -> None:
    judged = Judged()

    async def scene() -> list[bool]:
        async with tunnel(b"\x00opaque", judged) as (relay, client, server, _):
            assert await server.read(7) == b"\x00opaque"
            watched = [relay.client.tap is not None]
            await client.send(b" line\n")
            assert await server.read(6) == b" line\n"
            return [*watched, relay.client.tap is not None]

    assert run(scene) == [True, False]


def test_a_request_that_begins_later_in_that_line_is_malformed_and_goes_nowhere() -> None:
    judged = Judged(admits=False)

    async def scene() -> bytes:
        async with tunnel(b"\x00", judged) as (relay, client, server, _):
            await server.read(1)
            await client.send(b" /x HTTP/1.1 \r\n")
            await until(lambda: judged.found)
            relay.server.close()
            return await server.read_to_end()

    assert run(scene) == b""
    assert judged.found == ["the request line is not METHOD target HTTP/1.x"]


def test_a_client_that_is_silent_is_not_read_on() -> None:
    async def scene() -> bool:
        async with connection() as (client, _), connection() as (server, _):
            return read_on(client, server, None, Judged()) and client.tap is None

    assert run(scene)
