"""What is dialled was judged with its address, and whatever came of it is told once, unless the client has left."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from ipaddress import ip_address

import pytest

from tests.policy.catalogues import CATALOGUE, connect, listed
from tests.support.endpoints import Peer, Told, connection, run, until
from tierwall.policy.attempt import Reason
from tierwall.policy.behaviour import DialBlackhole
from tierwall.policy.model import Address
from tierwall.policy.site import Site
from tierwall.proxy.connection.client_connection import ClientConnection, Known, Listener, Speaks
from tierwall.proxy.connection.dial import Denied, Dialled, Unreachable
from tierwall.proxy.connection.states import ENDS, State
from tierwall.proxy.connection.tunnel_request import TunnelRequest
from tierwall.proxy.serving.dialling import Dials, Outcome, Way
from tierwall.proxy.state.active_policy import ActivePolicy
from tierwall.proxy.state.destinations import Destinations, parse_redirect
from tierwall.proxy.state.recorder import Caller, Recorder
from tierwall.standins.origins import TcpEchoOrigin

pytestmark = pytest.mark.usefixtures("both_endpoints")

HOST = "a.corp.example"
SITE = Site(id="lab", admit=(listed("*.corp.example", on=["tcp/any"]),))


async def _nowhere(*_: object) -> None:
    raise AssertionError("nothing is handed over here")


class Dialling:
    """Dials of one client, and what they come to."""

    def __init__(self, *resolve: str, site: Site = SITE) -> None:
        self.policy, self.told = ActivePolicy(site, CATALOGUE), Told()
        self.recorder = Recorder(self.told, self.policy, everything=True)
        self.destinations = Destinations(tuple(map(parse_redirect, resolve)))
        self.came: list[Outcome] = []
        self.dials = Dials(self.policy, self.destinations, self.recorder, lambda _, outcome: self.came.append(outcome))

    @asynccontextmanager
    async def reaching(self, port: int, host: str | Address = HOST) -> AsyncIterator[tuple[ClientConnection, Peer]]:
        """One to that port of the host, from a client that asks an HTTP proxy for it."""
        listener = Listener(speaks=Speaks.HTTP_PROXY, hand_over=_nowhere)
        async with connection() as (end, peer):
            asked = ClientConnection(end, listener, Caller(None, 0), self.recorder, self.policy)
            request = TunnelRequest.of(
                asked, replace(connect(HOST, port), redirected=bool(self.destinations.redirects))
            )
            assert request.verdict.passes
            self.dials.reach(Way(request=request, host=host, known=Known(HOST, port)), None)
            yield asked, peer


def test_a_server_that_answers_is_told_of_with_its_address_and_the_dial_counted() -> None:
    async def scene() -> tuple[Outcome, dict[str, float]]:
        async with TcpEchoOrigin() as origin:
            dialling = Dialling(f"{HOST}:443:127.0.0.1:{origin.port}")
            async with dialling.reaching(443):
                await until(lambda: dialling.came)
                [outcome] = dialling.came
                assert isinstance(outcome, Dialled)
                await until(lambda: origin.reached.connections)
                outcome.server.abort()
                await until(lambda: origin.reached.ended)
                return outcome, {name: value for name, _, value in dialling.recorder.counts.samples()}

    outcome, counted = run(scene)
    assert isinstance(outcome, Dialled)
    assert (outcome.address, outcome.redirected) == (ip_address("127.0.0.1"), True)
    assert counted["tierwall_dial_seconds_count"] == 1


def test_one_that_refuses_is_unreachable_with_the_address_that_was_tried() -> None:
    async def scene() -> Outcome:
        dialling = Dialling(f"{HOST}:443:127.0.0.1:1")
        async with dialling.reaching(443):
            await until(lambda: dialling.came)
            return dialling.came[0]

    outcome = run(scene)
    assert isinstance(outcome, Unreachable)
    assert (outcome.tried, outcome.timed_out) == (ip_address("127.0.0.1"), False)


def test_an_address_that_may_not_be_dialled_is_denied_and_nothing_is_sent() -> None:
    async def scene() -> tuple[Outcome, int]:
        async with TcpEchoOrigin() as origin:
            dialling = Dialling()
            async with dialling.reaching(origin.port, ip_address("127.0.0.1")):
                await until(lambda: dialling.came)
                return dialling.came[0], origin.reached.connections

    outcome, connections = run(scene)
    assert isinstance(outcome, Denied)
    assert (outcome.verdict.reason, connections) == (Reason.PRIVATE_ADDRESS, 0)


def test_a_server_that_says_nothing_is_given_up_at_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tierwall.proxy.serving.dialling.DIAL_S", 0.02)
    monkeypatch.setattr("tierwall.proxy.connection.dial.DIAL_S", 0.02)

    async def scene() -> Outcome:
        dialling = Dialling(f"{HOST}:443:192.0.2.1:443")
        async with dialling.reaching(443):
            await until(lambda: dialling.came)
            return dialling.came[0]

    outcome = run(scene)
    assert isinstance(outcome, Unreachable)


def test_what_a_client_that_was_cut_had_dialled_is_told_to_nobody() -> None:
    async def scene() -> tuple[list[Outcome], bool]:
        dialling = Dialling(f"{HOST}:443:192.0.2.1:443")
        async with dialling.reaching(443) as (asked, peer):
            await asyncio.sleep(0)  # it is on its way
            asked.cut()
            await peer.read_to_end()
            await until(lambda: asked.state in ENDS)
            return dialling.came, asked.server is None or asked.server.gone

    came, _ = run(scene)
    assert came == []


def test_a_blackhole_keeps_it_from_being_dialled_and_is_journalled_at_once() -> None:
    async def scene() -> tuple[str, State, int]:
        async with TcpEchoOrigin() as origin:
            site = replace(SITE, behaviours=(DialBlackhole(),))
            dialling = Dialling(f"{HOST}:443:127.0.0.1:{origin.port}", site=site)
            async with dialling.reaching(443) as (asked, _):
                await until(lambda: dialling.told.events)
                told = str(dialling.told.only.tierwall.behaviour), asked.state, origin.reached.connections
                asked.cut()
                await until(lambda: asked.state in ENDS)
                return told

    assert run(scene) in [("dial-blackhole", state, 0) for state in (State.WAITING, State.REFUSED)]
