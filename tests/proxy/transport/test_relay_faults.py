"""A relay between ends that are slow, broken or gone: what it holds is bounded, and a reset stays a reset."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from tests.support.endpoints import Peer, connection, run, until
from tierwall.events import ClosedBy
from tierwall.proxy.transport.endpoints.endpoint import GATHER_OCTETS
from tierwall.proxy.transport.relay import Relay

pytestmark = pytest.mark.usefixtures("both_endpoints")

SMALL = 16 * 1024
MUCH = 4_000_000
HELD_AT_MOST = GATHER_OCTETS + 2 * 256 * 1024
"""What was gathered, and one read of each loop's size more."""


@asynccontextmanager
async def _tunnel(buffer_octets: int | None = None) -> AsyncIterator[tuple[Relay, Peer, Peer]]:
    async with connection(buffer_octets) as (client, at_client), connection(buffer_octets) as (server, at_server):
        yield Relay(client, server), at_client, at_server


def test_what_was_gathered_is_not_the_last_that_a_slow_reader_can_stop() -> None:
    """Released with more than the server takes, the client is paused at once, not from its next octets on."""

    async def scene() -> tuple[int, int]:
        async with _tunnel(SMALL) as (relay, client, server):
            sending = asyncio.create_task(client.send(bytes(MUCH)))
            await until(lambda: len(relay.client.received) > GATHER_OCTETS)
            relay.release()
            await until(lambda: not relay.client.is_reading)
            held = relay.server.unsent
            arrived = len(await server.read(MUCH))
            await sending
            return held, arrived

    held, arrived = run(scene)
    assert held <= HELD_AT_MOST
    assert arrived == MUCH


@pytest.mark.parametrize("resets", ["client", "server"])
def test_a_reset_stays_a_reset_after_all_that_was_sent(resets: str) -> None:
    async def scene() -> tuple[bytes, ClosedBy | None]:
        async with _tunnel() as (relay, client, server):
            relay.release()
            leaves, stays = (client, server) if resets == "client" else (server, client)
            await leaves.send(b"x" * 1000)
            await until(lambda: relay.client.octets + relay.server.octets == 1000)
            leaves.reset()
            heard = await stays.read_to_end()
            stays.leave()
            await relay.finished()
            return heard, relay.closed_by

    assert run(scene) == (b"x" * 1000 + b"<reset>", ClosedBy(resets))


def test_a_slow_reader_gets_all_that_came_before_a_reset() -> None:
    async def scene() -> bytes:
        async with _tunnel(SMALL) as (relay, client, server):
            relay.release()
            sending = asyncio.create_task(server.send(b"x" * 300_000))
            await until(lambda: not relay.server.is_reading)
            reading = asyncio.create_task(client.read_to_end())
            await sending
            await until(lambda: relay.server.octets == 300_000)
            server.reset()
            return await reading

    assert run(scene) == b"x" * 300_000 + b"<reset>"


def test_a_reset_after_the_servers_end_is_no_reset() -> None:
    """Its client has all of it, and was told so."""

    async def scene() -> bytes:
        async with _tunnel() as (relay, client, server):
            relay.release()
            await server.send(b"all")
            server.end()
            heard = await client.read_to_end()
            server.reset()
            client.leave()
            await relay.finished()
            return heard

    assert run(scene) == b"all"


def test_nobody_writes_to_an_end_that_is_gone_or_was_told_the_end() -> None:
    """A transport of uvloop raises then, and what was dialled for the client would stand for ever."""

    async def scene() -> tuple[bytes, bytes]:
        async with _tunnel() as (relay, client, server):
            relay.client.forward()
            client.end()
            heard = await server.read_to_end()
            relay.server.write(b"late")
            relay.server.close_after(b"later")
            return heard, await server.read_to_end()

    assert run(scene) == (b"", b"")
