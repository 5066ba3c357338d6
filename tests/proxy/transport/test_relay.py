"""Passthrough: every byte, half-close, bounded memory, no time limit, and who ended it."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from tests.support.endpoints import Peer, connection, run, until
from tierwall.events import ClosedBy
from tierwall.proxy.transport import relay
from tierwall.proxy.transport.endpoints.endpoint import Endpoint
from tierwall.proxy.transport.relay import Relay

pytestmark = pytest.mark.usefixtures("both_endpoints")


@asynccontextmanager
async def _tunnel(buffer_octets: int | None = None) -> AsyncIterator[tuple[Relay, Peer, Peer]]:
    """A relay that was not released, its client and its server."""
    async with connection(buffer_octets) as (client, at_client), connection(buffer_octets) as (server, at_server):
        yield Relay(client, server), at_client, at_server


def test_bytes_go_both_ways_untouched() -> None:
    async def scene() -> tuple[bytes, bytes]:
        async with _tunnel() as (relay, client, server):
            relay.release()
            await client.send(bytes(range(256)))
            await server.send(b"\x16\x03\x01 answer")
            return await server.read(256), await client.read(10)

    assert run(scene) == (bytes(range(256)), b"\x16\x03\x01 answer"[:10])


def test_the_server_speaks_before_the_client_is_released() -> None:
    async def scene() -> bytes:
        async with _tunnel() as (_, client, server):
            await server.send(b"220 ready")
            return await client.read(9)

    assert run(scene) == b"220 ready"


def test_the_clients_bytes_wait_for_the_release() -> None:
    async def scene() -> None:
        async with _tunnel() as (relay, client, server):
            await client.send(b"early")
            await until(lambda: relay.client.received)
            await server.send(b"x")
            await client.read(1)
            assert relay.client.received == b"early"

            relay.release()

            assert await server.read(5) == b"early"

    run(scene)


def test_a_client_that_ended_its_direction_still_hears_the_server() -> None:
    async def scene() -> bytes:
        async with _tunnel() as (relay, client, server):
            relay.release()
            await client.send(b"last")
            client.end()
            assert await server.read_to_end() == b"last"
            await server.send(b"bye")
            server.end()
            heard = await client.read_to_end()
            await relay.finished()
            return heard

    assert run(scene) == b"bye"


def test_a_server_that_ended_its_direction_still_hears_the_client() -> None:
    async def scene() -> bytes:
        async with _tunnel() as (relay, client, server):
            relay.release()
            await server.send(b"done")
            server.end()
            assert await client.read_to_end() == b"done"
            await client.send(b"more")
            client.end()
            return await server.read_to_end()

    assert run(scene) == b"more"


def test_a_client_that_ended_before_the_release_is_heard_to_its_end() -> None:
    async def scene() -> bytes:
        async with _tunnel() as (relay, client, server):
            await client.send(b"all")
            client.end()
            await until(lambda: relay.client.eof)
            relay.release()
            return await server.read_to_end()

    assert run(scene) == b"all"


def test_who_ended_first_is_known() -> None:
    async def scene(leaver: str) -> tuple[ClosedBy | None, bytes]:
        async with _tunnel() as (relay, client, server):
            relay.release()
            leaves, stays = (client, server) if leaver == "client" else (server, client)
            leaves.leave()
            heard = await stays.read_to_end()
            stays.leave()
            await relay.finished()
            return relay.closed_by, heard

    assert run(lambda: scene("client")) == (ClosedBy.CLIENT, b"")
    assert run(lambda: scene("server")) == (ClosedBy.SERVER, b"")


def test_what_was_sent_before_leaving_still_arrives() -> None:
    async def scene() -> bytes:
        async with _tunnel() as (relay, client, server):
            relay.release()
            await server.send(b"x" * 100_000)
            server.leave()
            return await client.read_to_end()

    assert len(run(scene)) == 100_000


def test_a_reader_that_does_not_read_stops_the_sender() -> None:
    """What we hold stays within a transport's high-water mark and one read more, however much is sent."""

    async def scene() -> tuple[int, int]:
        async with _tunnel(buffer_octets=16 * 1024) as (relay, client, server):
            relay.release()
            sending = asyncio.create_task(client.send(bytes(4_000_000)))
            await until(lambda: relay.server.unsent and not relay.client.is_reading)
            held = relay.server.unsent
            arrived = len(await server.read(4_000_000))
            await sending
            return held, arrived

    held, arrived = run(scene)
    assert held <= 64 * 1024 + 256 * 1024
    assert arrived == 4_000_000


def test_octets_are_counted_each_way_without_what_came_before_the_tunnel() -> None:
    async def scene() -> tuple[int, int]:
        async with connection() as (client, at_client), connection() as (server, at_server):
            await at_client.send(b"CONNECT ...")
            await until(lambda: len(client.received) == 11)
            del client.received[:11]
            relay = Relay(client, server)
            relay.release()
            await at_client.send(b"12345")
            await at_server.read(5)
            await at_server.send(b"123")
            await at_client.read(3)
            return relay.client_octets, relay.server.octets

    assert run(scene) == (5, 3)


def test_shut_ends_both_and_says_who_did() -> None:
    async def scene() -> tuple[bytes, bytes, ClosedBy | None]:
        async with _tunnel() as (relay, client, server):
            relay.release()
            relay.shut(ClosedBy.SHUTDOWN)
            heard = await client.read_to_end(), await server.read_to_end()
            await relay.finished()
            return *heard, relay.closed_by

    assert run(scene) == (b"", b"", ClosedBy.SHUTDOWN)


def test_parted_the_clients_end_goes_on_alone() -> None:
    async def scene() -> bytes:
        async with _tunnel() as (relay, client, server):
            relay.part()
            relay.server.reset()
            assert await server.read_to_end() == b"<reset>"
            relay.client.close_after(b"no")
            return await client.read_to_end()

    assert run(scene) == b"no"


def test_a_side_that_vanishes_from_a_tunnel_that_lasts_is_noticed_by_keepalive(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(relay, "YOUNG_S", 0.01)

    def keeps_alive(end: Endpoint) -> bool:
        sock: socket.socket = end.get_extra_info("socket")
        return bool(sock.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE))

    async def scene() -> bool:
        async with _tunnel() as (tunnel, _, _):
            await until(lambda: keeps_alive(tunnel.client) and keeps_alive(tunnel.server))
            return True

    assert run(scene)
