"""One end of a connection: gathers until somebody wants it, and no more than that."""

import asyncio

import pytest

from tests.support.endpoints import connection, run, until
from tierwall.proxy.transport.endpoints.endpoint import GATHER_OCTETS

pytestmark = pytest.mark.usefixtures("both_endpoints")


def test_bytes_are_gathered_until_somebody_wants_them() -> None:
    async def scene() -> bytes:
        async with connection() as (end, peer):
            await peer.send(b"one")
            assert await end.more()
            await peer.send(b"two")
            assert await end.more()
            return bytes(end.received)

    assert run(scene) == b"onetwo"


def test_more_is_false_once_there_will_be_none() -> None:
    async def scene() -> list[bool]:
        async with connection() as (end, peer):
            waiting = asyncio.create_task(end.more())
            await asyncio.sleep(0)
            peer.end()
            return [await waiting, await end.more(), end.eof]

    assert run(scene) == [False, False, True]


def test_more_is_false_where_the_other_side_reset() -> None:
    async def scene() -> list[bool]:
        async with connection() as (end, peer):
            waiting = asyncio.create_task(end.more())
            await asyncio.sleep(0)
            peer.reset()
            return [await waiting, end.gone]

    assert run(scene) == [False, True]


def test_it_stops_reading_what_nobody_wants() -> None:
    async def scene() -> int:
        async with connection() as (end, peer):
            sending = asyncio.create_task(peer.send(bytes(20 * GATHER_OCTETS)))
            await until(lambda: len(end.received) > GATHER_OCTETS)
            await asyncio.sleep(0.05)  # long enough for all of it to come, if it were read
            sending.cancel()
            return len(end.received)

    assert run(scene) < GATHER_OCTETS + 300_000


def test_what_was_gathered_is_thrown_away_with_its_client() -> None:
    async def scene() -> bytes:
        async with connection() as (end, peer):
            await peer.send(b"secret")
            await end.more()
            end.close_after(b"")
            await peer.send(b"more")
            peer.end()
            await until(lambda: end.gone)
            return bytes(end.received)

    assert run(scene) == b""
