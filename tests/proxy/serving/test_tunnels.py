"""A tunnel is dialled, then answered; its server is heard at once, its client judged before a word goes out."""

import asyncio
from dataclasses import replace

import pytest

from tests.support.endpoints import run
from tests.support.front_doors import ESTABLISHED, SITE, Door, asks_for, observing, said_to, said_to_echo, served
from tests.support.programs import built_hello, client_hello
from tierwall.policy.attempt import Reason
from tierwall.policy.behaviour import TlsInspection
from tierwall.policy.site import Site
from tierwall.proxy.connection.client_connection import Known
from tierwall.proxy.state.refusal import ACCESS_DENIED
from tierwall.standins.origins import SpeaksFirstOrigin, TcpEchoOrigin

pytestmark = pytest.mark.usefixtures("both_endpoints")


def test_an_admitted_connect_is_dialled_answered_and_relayed() -> None:
    door = Door()

    heard = run(lambda: said_to_echo(door, asks_for("a.corp.example"), b"\x00ping"))

    assert heard == ESTABLISHED + b"\x00pingbye"
    assert door.actions == ["allowed", "closed"]


def test_the_200_comes_only_after_the_dial() -> None:
    heard = run(lambda: said_to(Door(), asks_for("a.corp.example")))

    assert heard.startswith(b"HTTP/1.1 502 Bad Gateway\r\n")


def test_a_server_that_speaks_first_is_heard_before_the_client_has_spoken() -> None:
    async def scene() -> bytes:
        async with SpeaksFirstOrigin() as origin:
            door = Door(origin=origin)
            async with served(door) as (peer, serve):
                serving = asyncio.create_task(serve())
                await peer.send(asks_for("a.corp.example", 22))
                heard = await peer.read(len(ESTABLISHED) + 8)
                peer.end()
                await serving
                return heard

    assert run(scene).endswith(b"SSH-2.0-")


def test_a_refused_sni_gets_the_alert_and_the_server_not_an_octet() -> None:
    async def scene() -> tuple[bytes, int]:
        async with TcpEchoOrigin() as origin:
            door.origin = origin
            heard = await said_to(door, asks_for("a.corp.example"), client_hello("hidden.example"))
            return heard, origin.reached.octets

    door = Door()
    heard, octets = run(scene)
    assert heard == ESTABLISHED + ACCESS_DENIED
    assert octets == 0
    assert door.reasons == [Reason.NAME_MISMATCH]


def test_an_sni_that_is_admitted_goes_through_as_it_came() -> None:
    hello = built_hello(b"b.corp.example", padding_octets=1500, record_octets=400)

    heard = run(lambda: said_to_echo(Door(), asks_for("a.corp.example"), hello))

    assert heard == ESTABLISHED + hello + b"bye"


def test_plain_http_in_a_tunnel_is_handed_over_with_its_destination() -> None:
    request = b"GET / HTTP/1.1\r\nHost: a.corp.example\r\n\r\n"
    door = Door()

    run(lambda: said_to_echo(door, asks_for("a.corp.example", 80), request))

    assert door.handed_over == [(request, Known("a.corp.example", 80))]


def test_what_is_to_be_inspected_is_handed_over_with_its_hello() -> None:
    hello = client_hello("a.corp.example")
    door = Door(site=replace(SITE, behaviours=(TlsInspection(),)))

    run(lambda: said_to_echo(door, asks_for("a.corp.example"), hello))

    assert door.handed_over == [(hello, Known("a.corp.example", 443))]


def test_where_the_site_observes_a_would_deny_is_noted_once_and_the_tunnel_stands() -> None:
    door = Door(site=observing(Site(id="closed")))

    heard = run(lambda: said_to_echo(door, asks_for("a.corp.example"), b"\x00"))

    assert heard == ESTABLISHED + b"\x00bye"
    assert door.actions == ["would-deny", "closed"]
