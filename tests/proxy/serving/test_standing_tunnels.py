"""Tunnels that stand: all of them end at shutdown, and a site that comes into force acts on those that it admits."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from tests.policy.catalogues import CATALOGUE, connect, everything
from tests.support.endpoints import Peer, Told, connection, run, until
from tierwall.events import ClosedBy
from tierwall.policy.behaviour.parameters import Octets, Seconds
from tierwall.policy.behaviour.tunnel import Latency, Stall
from tierwall.policy.site import Site
from tierwall.proxy.connection.client_connection import ClientConnection, Listener, Speaks
from tierwall.proxy.connection.tunnel_request import TunnelRequest
from tierwall.proxy.serving.standing_tunnels import StandingTunnels
from tierwall.proxy.state.active_policy import ActivePolicy
from tierwall.proxy.state.destinations import Destinations
from tierwall.proxy.state.recorder import Caller, Recorder
from tierwall.proxy.transport.relay import Relay

pytestmark = pytest.mark.usefixtures("both_endpoints")

OPEN = Site(id="open", admit=(everything(),))
LATE = replace(OPEN, behaviours=(Latency(delay=Seconds(0.001)),))
STALLING = replace(OPEN, behaviours=(Stall(octets=Octets(1)),))


async def _nowhere(*_: object) -> None:
    raise AssertionError("nothing is handed over here")


class Standing(StandingTunnels):
    """One that stands, of a client that asked for 8x8.vc, and its two peers."""

    def __init__(self) -> None:
        self.policy, self.told = ActivePolicy(OPEN, CATALOGUE), Told()
        super().__init__(self.policy, Destinations())

    @asynccontextmanager
    async def one(self) -> AsyncIterator[tuple[Relay, Peer, Peer]]:
        async with connection() as (client, at_client), connection() as (server, at_server):
            relay = Relay(client, server)
            recorder = Recorder(self.told, self.policy, everything=True)
            listener = Listener(speaks=Speaks.HTTP_PROXY, hand_over=_nowhere)
            asked = ClientConnection(client, listener, Caller(None, 0), recorder, self.policy)
            self._stand(relay, TunnelRequest.of(asked, connect("8x8.vc")))
            relay.then = lambda: self._forget(relay)
            relay.release()
            yield relay, at_client, at_server


def test_a_shutdown_ends_all_and_says_who_did() -> None:
    async def scene() -> tuple[int, bytes, ClosedBy | None, int]:
        standing = Standing()
        async with standing.one() as (relay, client, server):
            stood = standing.standing
            standing.shut()
            heard = await client.read_to_end() + await server.read_to_end()
            await standing.ended()
            return stood, heard, relay.closed_by, standing.standing

    assert run(scene) == (1, b"", ClosedBy.SHUTDOWN, 0)


def test_what_still_waits_after_that_is_cut() -> None:
    async def scene() -> int:
        standing = Standing()
        async with standing.one() as (relay, _, _server):
            standing.cut()
            await until(lambda: relay.client.gone and relay.server.gone)
            return standing.standing

    assert run(scene) == 0


def test_what_a_new_site_does_to_octets_an_open_tunnel_feels_and_taken_back_no_more() -> None:
    async def scene() -> tuple[bool, bool, bytes]:
        standing = Standing()
        async with standing.one() as (relay, client, server):
            standing.policy.replace(STALLING, CATALOGUE)
            acts = relay.behaviours is not None
            await client.send(b"held")
            await until(lambda: relay.client.octets)
            standing.policy.replace(OPEN, CATALOGUE)
            heard = await server.read(4)
            await until(lambda: relay.behaviours is None)
            return acts, relay.client.filter is None, heard

    assert run(scene) == (True, True, b"held")


def test_one_that_the_new_site_denies_stays_as_it_was() -> None:
    async def scene() -> tuple[int, bytes, bool]:
        standing = Standing()
        async with standing.one() as (relay, client, server):
            standing.policy.replace(LATE, CATALOGUE)
            standing.policy.replace(Site(id="closed"), CATALOGUE)
            await client.send(b"still")
            return standing.standing, await server.read(5), relay.behaviours is not None

    assert run(scene) == (1, b"still", True)


def test_the_oldest_are_told_of_first() -> None:
    async def scene() -> bool:
        standing = Standing()
        async with standing.one() as (first, _, _a), standing.one() as (second, _, _b):
            return [relay for relay, _ in standing.all()] == [first, second]

    assert run(scene)
