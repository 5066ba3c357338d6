"""Before anything is dialled: how many connections a client may have, to which ports, and where its portal is."""

from ipaddress import ip_address

import pytest

from tests.policy.catalogues import connect
from tests.support.asked import CLIENT, Asking
from tests.support.endpoints import Peer, run
from tierwall.opening import PlainHttp, read_proxy_request
from tierwall.policy.attempt import Attempt
from tierwall.policy.behaviour import (
    Behaviour,
    CaptivePortal,
    ConnectionLimit,
    ConnectPorts,
    Latency,
    NoIpConnect,
    ProxyAuth,
)
from tierwall.policy.behaviour.parameters import Count, HostName, PortNumber, Seconds
from tierwall.proxy.connection.client_connection import Speaks
from tierwall.proxy.middlebox.access.access import AtAccess
from tierwall.proxy.middlebox.access.proxy_auth import Outcome
from tierwall.proxy.state.recorder import Caller
from tierwall.proxy.state.refusal import Spoken

ONE = ConnectionLimit(most=Count(1))
PORTAL = CaptivePortal(portal=HostName("hotel.example"))


async def _hear(peer: Peer) -> bytes:
    peer.end()
    return await peer.read_to_end()


@pytest.mark.parametrize(("speaks", "heard"), [(Speaks.HTTP_PROXY, b"HTTP/1.1 503 "), (Speaks.ANYTHING, b"<reset>")])
def test_one_connection_too_many_is_turned_away_and_counts_no_more_once_the_first_has_left(
    speaks: Speaks, heard: bytes
) -> None:
    async def scene() -> tuple[list[Outcome], bytes]:
        asking = Asking((ONE,), speaks=speaks)
        at = asking.at_access()
        async with asking.connected() as (one, _), asking.connected() as (two, peer), asking.connected() as (three, _a):
            outcomes = [at.outcome(asking.hit_by(one)), at.outcome(asking.hit_by(one)), at.outcome(asking.hit_by(two))]
            at.leave(two)
            at.leave(one)
            return [*outcomes, at.outcome(asking.hit_by(three))], await _hear(peer)

    outcomes, told = run(scene)
    assert outcomes == [Outcome.PASSES, Outcome.PASSES, Outcome.ENDS, Outcome.PASSES]
    assert told.startswith(heard)


def test_a_limit_counts_each_address_for_itself() -> None:
    async def scene() -> list[Outcome]:
        asking = Asking((ONE,))
        at = asking.at_access()
        async with asking.connected() as (one, _), asking.connected() as (two, _b):
            two.caller = Caller(ip_address("10.0.0.8"), 1)
            return [at.outcome(asking.hit_by(one)), at.outcome(asking.hit_by(two))]

    assert run(scene) == [Outcome.PASSES, Outcome.PASSES]


@pytest.mark.parametrize(
    ("behaviour", "attempt", "detail"),
    [
        (ConnectPorts(), connect("8x8.vc", 8443), "CONNECT to port 8443; only 443 are allowed"),
        (ConnectPorts(ports=(PortNumber(80), PortNumber(443))), connect("8x8.vc", 22), "only 80, 443 are allowed"),
        (NoIpConnect(), connect("192.0.2.1"), "CONNECT to an address; only names are allowed"),
    ],
)
def test_a_connect_that_the_network_does_not_want_is_shown_as_a_denial(
    behaviour: Behaviour, attempt: Attempt, detail: str
) -> None:
    asking = Asking((behaviour,))

    async def scene() -> bytes:
        async with asking.connected() as (asked, peer):
            assert asking.at_access().outcome(asking.hit_by(asked, attempt)) is Outcome.ENDS
            return await _hear(peer)

    assert run(scene).startswith(b"HTTP/1.1 403 ")
    assert str(asking.broke[0][1]).endswith(detail)


@pytest.mark.parametrize(("spoken", "told"), [(Spoken.HTTP, b"HTTP/1.1 302 "), (Spoken.TLS, b"<reset>")])
def test_until_the_terms_are_accepted_http_leads_to_the_portal_and_all_else_is_cut(spoken: Spoken, told: bytes) -> None:
    asking = Asking((PORTAL,), spoken=spoken)
    at = asking.at_access()

    async def scene() -> tuple[bytes, Outcome]:
        async with asking.connected() as (asked, peer), asking.connected() as (later, portal_peer):
            at.outcome(asking.hit_by(asked))
            heard = await _hear(peer)
            head = b"POST http://hotel.example/accept HTTP/1.1\r\nHost: hotel.example\r\n\r\n"
            opening = read_proxy_request(bytearray(head))
            assert isinstance(opening, PlainHttp)
            assert at.serves_portal(later, connect("hotel.example", 80), opening)
            assert (await _hear(portal_peer)).startswith(b"HTTP/1.1 303 ")
        async with asking.connected() as (again, _):
            return heard, at.outcome(asking.hit_by(again))

    heard, outcome = run(scene)
    assert heard.startswith(told)
    assert outcome is Outcome.PASSES
    assert len(asking.broke) == 1


def test_a_request_for_another_host_is_not_the_portals() -> None:
    at = AtAccess(Asking((PORTAL,)).policy)

    assert at.portal(connect("hotel.example", 80)) == PORTAL
    assert at.portal(connect("8x8.vc", 80)) is None


def test_logins_are_wanted_where_a_behaviour_asks_for_them() -> None:
    assert AtAccess(Asking((ProxyAuth(users=frozenset()),)).policy).wants_logins()
    assert not AtAccess(Asking((Latency(delay=Seconds(1.0)),)).policy).wants_logins()


def test_a_connection_that_mitmproxy_has_is_found_by_its_client_for_as_long_as_it_has_it() -> None:
    async def scene() -> list[bool]:
        asking = Asking()
        at = asking.at_access()
        async with asking.connected() as (asked, _):
            with at.more_requests(asked):
                found = [at.proxied(Caller(CLIENT, 1)) is asked, at.proxied(Caller(CLIENT, 2)) is None]
            return [*found, at.proxied(Caller(CLIENT, 1)) is None]

    assert run(scene) == [True, True, True]
