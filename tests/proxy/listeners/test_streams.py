"""Connections without sockets go through the live door, and end with their server as ended by us."""

import asyncio
from typing import Any

import pytest
from mitmproxy.proxy import mode_servers
from mitmproxy.proxy.mode_specs import ProxyMode

from tests.support.endpoints import run, until
from tests.support.mitmproxys import Stream
from tierwall.events import ClosedBy
from tierwall.proxy.listeners import streams
from tierwall.proxy.listeners.live_door import LIVE_DOOR
from tierwall.proxy.transport.relay import Relay


class Instance:
    """A server that has no sockets."""

    mode = ProxyMode.parse("wireguard")


class Door:
    """Keeps who comes."""

    every = ()

    def __init__(self) -> None:
        self.came: list[Any] = []

    def open(self, client: object, listener: object, original: object) -> None:
        self.came.append((client, original))


@pytest.fixture
def door(monkeypatch: pytest.MonkeyPatch) -> Door:
    door = Door()
    monkeypatch.setattr(LIVE_DOOR, "_door", door)
    return door


def test_a_stream_is_served_through_the_door_until_it_is_closed(door: Door) -> None:
    async def scene() -> tuple[object, int]:
        stream: Any = Stream()
        instance: Any = Instance()
        serving = asyncio.create_task(streams.serve(stream, instance, None))
        await until(lambda: door.came)
        client, original = door.came[0]
        client.close()
        await serving
        return original, stream.closed

    assert run(scene) == (None, 1)


def test_of_a_server_that_stops_its_own_streams_end_and_tunnels_by_us(door: Door) -> None:
    async def scene() -> tuple[ClosedBy | None, list[int]]:
        opened: list[Any] = [Stream(), Stream(), Stream()]
        stops, stays = Instance(), Instance()
        of: list[Any] = [stops, stops, stays]
        serving = [
            asyncio.create_task(streams.serve(stream, instance, None))
            for stream, instance in zip(opened, of, strict=True)
        ]
        await until(lambda: len(door.came) == 3)
        tunnel = Relay(door.came[0][0], door.came[1][0])
        streams.end(of[0])
        await asyncio.gather(*serving[:2])
        closed = [stream.closed for stream in opened]
        streams.end(of[2])
        await serving[2]
        return tunnel.closed_by, closed

    assert run(scene) == (ClosedBy.SHUTDOWN, [1, 1, 0])


def test_mitmproxys_servers_end_their_streams_before_they_stop() -> None:
    order: list[str] = []

    async def stops(_: object) -> None:
        order.append("server")

    class Stops(Instance):
        pass

    ending = streams._ending_streams(stops)
    run(lambda: ending(Stops()))

    assert order == ["server"]
    assert {mode_servers.TunInstance, mode_servers.WireGuardServerInstance} == set(streams._STOPS)
