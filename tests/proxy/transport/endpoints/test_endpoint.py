"""One end of a connection: gathers, says goodbye, keeps silent, resets."""

import asyncio
import socket
from collections.abc import Callable

import pytest
import uvloop

from tests.support.endpoints import connection, run, until
from tierwall.proxy.transport.endpoints import farewells
from tierwall.proxy.transport.endpoints.endpoint import GATHER_OCTETS
from tierwall.proxy.transport.endpoints.farewells import RESET

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


def test_a_client_that_still_sends_reads_its_farewell_before_it_is_closed() -> None:
    async def scene() -> bytes:
        async with connection() as (end, peer):
            sending = asyncio.create_task(peer.send(bytes(3_000_000)))
            await until(lambda: end.received)
            end.close_after(b"HTTP/1.1 403 Forbidden\r\n\r\n")
            heard = await peer.read_to_end()
            await sending
            return heard

    assert run(scene) == b"HTTP/1.1 403 Forbidden\r\n\r\n"


def test_a_client_that_never_leaves_after_its_farewell_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(farewells, "FAREWELL_S", 0.01)

    async def scene() -> bool:
        async with connection() as (end, peer):
            end.close_after(b"bye")
            await until(lambda: end.gone)
            return await peer.read_to_end() == b"bye"

    assert run(scene)


def test_a_client_kept_in_silence_hears_nothing_until_it_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(farewells, "SILENCE_S", 0.05)

    async def scene() -> bytes:
        async with connection() as (end, peer):
            end.go_silent()
            await peer.send(b"hello?")
            assert not end.gone
            return await peer.read_to_end()

    assert run(scene) in (b"", b"<reset>")


def test_a_client_kept_in_silence_that_leaves_is_let_go() -> None:
    async def scene() -> bool:
        async with connection() as (end, peer):
            end.go_silent()
            peer.leave()
            await until(lambda: end.gone)
            return end.gone

    assert run(scene)


def test_reset_is_an_rst() -> None:
    async def scene() -> bytes:
        async with connection() as (end, peer):
            end.reset()
            return await peer.read_to_end()

    assert run(scene) == b"<reset>"


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


@pytest.mark.parametrize("what", ["close_after", "go_silent", "reset", "close"])
def test_an_end_that_is_gone_takes_every_goodbye(what: str) -> None:
    async def scene() -> bool:
        async with connection() as (end, peer):
            peer.reset()
            await until(lambda: end.gone)
            end.close_after(b"x") if what == "close_after" else getattr(end, what)()
            return end.gone

    assert run(scene)


@pytest.mark.parametrize("run_loop", [asyncio.run, uvloop.run])
def test_a_reset_that_comes_with_the_last_octets_is_no_end_of_file(run_loop: Callable[..., bool]) -> None:
    """libuv tells one as an end of file; the client would take a broken download for a whole one."""

    async def scene() -> bool:
        async with connection() as (end, peer):
            peer.sock.send(b"the last octets")
            peer.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
            peer.sock.close()  # before the loop has looked: octets and RST are there at once
            await until(lambda: end.gone)
            return end.broken and end.received == b"the last octets"

    assert run_loop(scene())
