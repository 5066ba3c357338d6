"""Segments are the kernel's count; where no socket is ours, nobody knows."""

import asyncio
import socket

from tests.support.endpoints import connection, run, until
from tierwall.proxy.transport.endpoints.asyncio_endpoint import AsyncioEndpoint
from tierwall.proxy.transport.pipe import join
from tierwall.proxy.transport.tcp_segments import segments_from


def test_what_was_sent_apart_came_in_several_segments_though_it_was_read_at_once() -> None:
    async def scene() -> list[int | None]:
        async with connection() as (end, peer):
            peer.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            counts = [segments_from(end)]
            peer.sock.send(b"one")
            peer.sock.send(b"two")
            await until(lambda: len(end.received) == 6)
            return [*counts, segments_from(end)]

    assert run(scene) == [0, 2]


def test_an_acknowledgement_is_no_segment_with_data() -> None:
    async def scene() -> int | None:
        async with connection() as (end, peer):
            end.write(b"an answer")
            await peer.read(9)
            await until(lambda: end.unconfirmed == 0)
            return segments_from(end)

    assert run(scene) == 0


def test_of_a_connection_without_a_socket_nobody_knows() -> None:
    async def scene() -> int | None:
        async with connection() as (client, _):
            near, far = AsyncioEndpoint(), AsyncioEndpoint()
            join(near, far, client)
            await asyncio.sleep(0)
            return segments_from(near)

    assert run(scene) is None
