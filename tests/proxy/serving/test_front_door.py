"""Accepted, read, judged, then relayed, refused or handed over: each mode's order, without mitmproxy."""

import asyncio
import gc
from contextlib import suppress
from dataclasses import replace
from ipaddress import ip_address, ip_network

import pytest
from mitmproxy.connection import Connection
from mitmproxy.flow import Flow
from mitmproxy.proxy.layer import Layer
from mitmproxy.proxy.server import ConnectionHandler

from tests.support.endpoints import Told, connection, run, until
from tests.support.front_doors import SITE, Door, observing, said_to, served
from tests.support.programs import built_hello, client_hello
from tierwall.events import Event
from tierwall.policy.attempt import Reason
from tierwall.policy.behaviour import TlsInspection
from tierwall.policy.site import Site
from tierwall.proxy.connection.client_connection import Known, Speaks
from tierwall.proxy.serving.front_door import FrontDoor
from tierwall.proxy.state.refusal import ACCESS_DENIED
from tierwall.proxy.transport.endpoints.endpoint import Endpoint
from tierwall.standins.origins import SpeaksFirstOrigin, TcpEchoOrigin

pytestmark = pytest.mark.usefixtures("both_endpoints")

ESTABLISHED = b"HTTP/1.1 200 Connection established\r\n\r\n"


def _connect(host: str, port: int = 443) -> bytes:
    return f"CONNECT {host}:{port} HTTP/1.1\r\n\r\n".encode()


async def _to_echo(door: Door, *said: bytes) -> bytes:
    async with TcpEchoOrigin() as origin:
        door.origin = origin
        heard = await said_to(door, *said)
        await until(lambda: origin.reached.connections)  # its loop is this one, and may not have looked yet
        return heard


# CONNECT


def test_an_admitted_connect_is_dialled_answered_and_relayed() -> None:
    door = Door()

    heard = run(lambda: _to_echo(door, _connect("a.corp.example"), b"\x00ping"))

    assert heard == ESTABLISHED + b"\x00pingbye"
    assert door.actions == ["allowed", "closed"]


def test_a_denied_connect_is_answered_403_and_nothing_is_dialled() -> None:
    async def scene() -> tuple[bytes, int]:
        async with TcpEchoOrigin() as origin:
            return await said_to(Door(origin=origin), _connect("api.amplitude.com")), origin.reached.connections

    heard, connections = run(scene)
    assert heard.startswith(b"HTTP/1.1 403 Forbidden\r\n")
    assert connections == 0


def test_the_200_comes_only_after_the_dial() -> None:
    heard = run(lambda: said_to(Door(), _connect("a.corp.example")))

    assert heard.startswith(b"HTTP/1.1 502 Bad Gateway\r\n")


def test_a_server_that_speaks_first_is_heard_before_the_client_has_spoken() -> None:
    async def scene() -> bytes:
        async with SpeaksFirstOrigin() as origin:
            door = Door(origin=origin)
            async with served(door) as (peer, serve):
                serving = asyncio.create_task(serve())
                await peer.send(_connect("a.corp.example", 22))
                heard = await peer.read(len(ESTABLISHED) + 8)
                peer.end()
                await serving
                return heard

    assert run(scene).endswith(b"SSH-2.0-")


def test_a_refused_sni_gets_the_alert_and_the_server_not_an_octet() -> None:
    async def scene() -> tuple[bytes, int]:
        async with TcpEchoOrigin() as origin:
            door.origin = origin
            heard = await said_to(door, _connect("a.corp.example"), client_hello("hidden.example"))
            return heard, origin.reached.octets

    door = Door()
    heard, octets = run(scene)
    assert heard == ESTABLISHED + ACCESS_DENIED
    assert octets == 0
    assert door.reasons == [Reason.NAME_MISMATCH]


def test_an_sni_that_is_admitted_goes_through_as_it_came() -> None:
    hello = built_hello(b"b.corp.example", padding_octets=1500, record_octets=400)

    heard = run(lambda: _to_echo(Door(), _connect("a.corp.example"), hello))

    assert heard == ESTABLISHED + hello + b"bye"


def test_plain_http_in_a_tunnel_is_handed_over_with_its_destination() -> None:
    request = b"GET / HTTP/1.1\r\nHost: a.corp.example\r\n\r\n"
    door = Door()

    run(lambda: _to_echo(door, _connect("a.corp.example", 80), request))

    assert door.handed_over == [(request, Known("a.corp.example", 80))]


def test_what_is_to_be_inspected_is_handed_over_with_its_hello() -> None:
    hello = client_hello("a.corp.example")
    door = Door(site=replace(SITE, behaviours=(TlsInspection(),)))

    run(lambda: _to_echo(door, _connect("a.corp.example"), hello))

    assert door.handed_over == [(hello, Known("a.corp.example", 443))]


def test_where_the_site_observes_a_would_deny_is_noted_once_and_the_tunnel_stands() -> None:
    door = Door(site=observing(Site(id="closed")))

    heard = run(lambda: _to_echo(door, _connect("a.corp.example"), b"\x00"))

    assert heard == ESTABLISHED + b"\x00bye"
    assert door.actions == ["would-deny", "closed"]


# Plain HTTP and nonsense


def test_a_plain_request_is_handed_over_whole() -> None:
    request = b"GET http://a.corp.example/ HTTP/1.1\r\nHost: a.corp.example\r\n\r\n"
    door = Door()

    run(lambda: said_to(door, request))

    assert door.handed_over == [(request, None)]


@pytest.mark.parametrize(
    "said",
    [
        b"\x00\x01\x02\x03",
        b"GET /none-of-its-pages HTTP/1.1\r\nHost: a.corp.example\r\n\r\n",
        b"CONNECT a.corp.example HTTP/1.1\r\n\r\n",
        b"CONNECT a\x1b[31m.corp.example:443 HTTP/1.1\r\n\r\n",
        b"CONNECT a.corp.example:443",
    ],
)
def test_what_no_proxy_is_asked_is_400_and_malformed(said: bytes) -> None:
    door = Door()

    heard = run(lambda: said_to(door, said))

    assert heard.startswith(b"HTTP/1.1 400 Bad Request\r\n")
    assert door.reasons == [Reason.MALFORMED]


def test_who_connects_and_leaves_is_no_event() -> None:
    door = Door()

    assert run(lambda: said_to(door)) == b""
    assert door.told.events == []


def test_a_client_that_is_not_served_is_refused_before_its_bytes_are_read() -> None:
    door = Door(site=Site(id="office", clients=(ip_network("198.51.100.0/24"),)))

    run(lambda: said_to(door, _connect("a.corp.example")))

    assert door.reasons == [Reason.CLIENT_REFUSED]


# SOCKS5


def _socks(host: str, port: int, command: int = 1) -> bytes:
    return b"\x05\x01\x00\x05" + bytes([command, 0, 3, len(host)]) + host.encode() + port.to_bytes(2)


def test_socks_with_a_name_is_dialled_before_the_reply() -> None:
    door = Door(speaks=Speaks.SOCKS5)

    heard = run(lambda: _to_echo(door, _socks("a.corp.example", 7), b"\x00ping"))

    assert heard == b"\x05\x00" + b"\x05\x00\x00\x01" + bytes(6) + b"\x00pingbye"


def test_socks_with_a_denied_name_is_not_allowed_by_ruleset() -> None:
    heard = run(lambda: said_to(Door(speaks=Speaks.SOCKS5), _socks("evil.example", 443)))

    assert heard == b"\x05\x00" + b"\x05\x02\x00\x01" + bytes(6)


@pytest.mark.parametrize("command", [2, 3])
def test_socks_does_nothing_but_connect(command: int) -> None:
    heard = run(lambda: said_to(Door(speaks=Speaks.SOCKS5), _socks("a.corp.example", 7, command)))

    assert heard[:4] == b"\x05\x00\x05\x07"


def test_socks_without_a_free_method_is_told_so() -> None:
    heard = run(lambda: said_to(Door(speaks=Speaks.SOCKS5), b"\x05\x01\x02"))

    assert heard == b"\x05\xff"


# Transparent


def test_a_redirected_hello_is_judged_before_anything_is_dialled() -> None:
    door = Door(speaks=Speaks.ANYTHING, original=(ip_address("192.0.2.1"), 443))

    heard = run(lambda: said_to(door, client_hello("evil.example")))

    assert heard == ACCESS_DENIED
    assert door.reasons == [Reason.UNLISTED]


def test_a_redirected_address_without_a_name_is_reset() -> None:
    door = Door(speaks=Speaks.ANYTHING, original=(ip_address("192.0.2.1"), 9999))

    heard = run(lambda: said_to(door, b"\x00opaque"))

    assert heard == b"<reset>"
    assert door.reasons == [Reason.ADDRESS_ONLY]


def test_redirected_plain_http_is_handed_over_with_its_address() -> None:
    request = b"GET / HTTP/1.1\r\nHost: a.corp.example\r\n\r\n"
    door = Door(speaks=Speaks.ANYTHING, original=(ip_address("192.0.2.1"), 80))

    run(lambda: said_to(door, request))

    assert door.handed_over == [(request, Known(ip_address("192.0.2.1"), 80))]


# Our own failures


def test_a_failure_of_ours_denies_and_is_journalled(caplog: pytest.LogCaptureFixture) -> None:
    async def fails(end: Endpoint, known: Known | None) -> None:
        raise RuntimeError("broken")

    door = Door()

    async def scene() -> bytes:
        async with connection() as (end, peer):
            await peer.send(b"GET http://a.corp.example/ HTTP/1.1\r\nHost: a.corp.example\r\n\r\n")
            await door.door().serve(end, replace(door.listener(), hand_over=fails))
            return await peer.read_to_end()

    assert run(scene) == b"<reset>"
    assert door.reasons == [Reason.ERROR]
    assert "denied because of a failure of ours" in caplog.text


def test_no_mitmproxy_object_is_made_for_passthrough_or_refusal() -> None:
    """They cost ten times what a tunnel of ours does."""
    makes = (Connection, ConnectionHandler, Flow, Layer)

    async def scene() -> int:
        before = {id(thing) for thing in gc.get_objects() if isinstance(thing, makes)}
        async with TcpEchoOrigin() as origin, served(Door(origin=origin)) as (peer, serve):
            serving = asyncio.create_task(serve())
            await peer.send(_connect("a.corp.example") + b"\x00")
            await peer.read(len(ESTABLISHED) + 1)
            await said_to(Door(), _connect("evil.example"))
            made = sum(id(thing) not in before for thing in gc.get_objects() if isinstance(thing, makes))
            peer.end()
            await serving
            return made

    assert run(scene) == 0


# Our own failures


class Failing(Told):
    """A sink that takes nothing."""

    def write(self, event: Event) -> None:
        raise RuntimeError("no event is taken")


@pytest.mark.parametrize("request_", [_connect("a.corp.example"), _connect("evil.test"), b"nonsense\r\n\r\n"])
def test_where_nothing_can_be_journalled_the_client_is_reset_all_the_same(request_: bytes) -> None:
    async def scene() -> bytes:
        async with served(Door(told=Failing())) as (peer, serve):
            await peer.send(request_)
            with suppress(RuntimeError):
                await serve()
            return await peer.read_to_end()

    assert run(scene) == b"<reset>"


def test_what_a_client_said_shows_in_no_failure_of_coding() -> None:
    class Uncodable(Door):
        def door(self) -> FrontDoor:
            door = super().door()
            door._http_proxy._connect = self.fail  # type: ignore[method-assign]
            return door

        def fail(self, *_: object) -> None:
            "pa€s".encode("latin-1")

    door = Uncodable()

    assert run(lambda: said_to(door, _connect("a.corp.example"))) == b"<reset>"
    assert door.told.only.error is not None
    assert door.told.only.error.message == "UnicodeEncodeError"
