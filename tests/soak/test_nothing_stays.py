"""After a storm no task, no end and no timer is left in the proxy's own process, and no cycle for a collector."""

import asyncio
import gc
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress

import pytest

from tests.support.endpoints import Peer, connection, run
from tests.support.front_doors import Door
from tests.support.programs import client_hello
from tierwall.proxy.connection.client_connection import ClientConnection
from tierwall.proxy.transport.endpoints.endpoint import Endpoint
from tierwall.proxy.transport.relay import Relay
from tierwall.standins.origins import TcpEchoOrigin
from tierwall.standins.streams import TcpStream

STORM = 100
AT_ONCE = 25
CONNECT = b"CONNECT a.corp.example:443 HTTP/1.1\r\n\r\n"


class _ResettingOrigin(TcpEchoOrigin):
    """Echoes once, then resets."""

    async def serve(self, tcp: TcpStream) -> None:
        await tcp.write(await tcp.read())
        tcp.abort()


async def _whole(peer: Peer) -> None:
    await peer.send(CONNECT)
    await peer.send(client_hello("a.corp.example"))
    peer.end()
    await peer.read_to_end()


async def _reset_when_answered(peer: Peer) -> None:
    await peer.send(CONNECT)
    await peer.read(10)
    peer.reset()


async def _reset_before_the_answer(peer: Peer) -> None:
    await peer.send(CONNECT)
    peer.reset()


async def _half_a_hello(peer: Peer) -> None:
    await peer.send(CONNECT + client_hello("a.corp.example")[:50])
    peer.end()
    await peer.read_to_end()


async def _denied(peer: Peer) -> None:
    await peer.send(CONNECT.replace(b"a.corp", b"a.evil"))
    peer.end()
    await peer.read_to_end()


async def _silent(peer: Peer) -> None:
    peer.leave()


WAYS: list[Callable[[Peer], Awaitable[None]]] = [
    _whole,
    _reset_when_answered,
    _reset_before_the_answer,
    _half_a_hello,
    _denied,
    _silent,
]


@contextmanager
def _without_collector() -> Iterator[None]:
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


@pytest.mark.parametrize("origin_of", [TcpEchoOrigin, _ResettingOrigin], ids=["echo", "reset"])
def test_a_storm_leaves_nothing_behind(origin_of: type[TcpEchoOrigin]) -> None:
    async def scene() -> tuple[int, int, int]:
        async with origin_of() as origin:
            door = Door(origin=origin)
            opened, listener = door.door(), door.listener()
            ways = [WAYS[number % len(WAYS)] for number in range(STORM)]

            async def one(way: Callable[[Peer], Awaitable[None]]) -> None:
                async with connection() as (end, peer):
                    serving = asyncio.create_task(opened.serve(end, listener))
                    with suppress(OSError):
                        await way(peer)
                    await serving

            for at in range(0, STORM, AT_ONCE):
                await asyncio.gather(*(one(way) for way in ways[at : at + AT_ONCE]))
            await asyncio.to_thread(origin.reached.until, lambda record: record.ended == record.connections)
            async with asyncio.timeout(5):
                while _held() and _tasks() > 1:
                    await asyncio.sleep(0.01)
            return opened.tunnels.standing, _tasks(), _held()

    with _without_collector():
        assert run(scene) == (0, 1, 0)


def _tasks() -> int:
    """That have not ended, this one counted."""
    return len(asyncio.all_tasks())


def _held() -> int:
    """Connections that something still holds."""
    return sum(isinstance(thing, Endpoint | Relay | ClientConnection) for thing in gc.get_objects())
