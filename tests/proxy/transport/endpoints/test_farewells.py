"""How an end is told goodbye: it reads its refusal, or hears nothing, or RST; and nobody is waited for without end."""

import asyncio

import pytest

from tests.support.endpoints import connection, run, until
from tierwall.proxy.transport.endpoints import farewells

pytestmark = pytest.mark.usefixtures("both_endpoints")


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


@pytest.mark.parametrize("what", ["close_after", "go_silent", "reset", "close"])
def test_an_end_that_is_gone_takes_every_goodbye(what: str) -> None:
    async def scene() -> bool:
        async with connection() as (end, peer):
            peer.reset()
            await until(lambda: end.gone)
            end.close_after(b"x") if what == "close_after" else getattr(end, what)()
            return end.gone

    assert run(scene)


def test_broken_off_it_has_all_that_was_written_before_the_rst() -> None:
    octets = bytes(range(256)) * 4000

    async def scene() -> bytes:
        async with connection(16 * 1024) as (end, peer):
            end.write(octets)
            end.break_off()
            return await peer.read_to_end()

    assert run(scene) == octets + b"<reset>"
