"""What clients ask an HTTP proxy for: a tunnel, a page of another's or of its own, or nonsense."""

from dataclasses import replace

import pytest

from tests.support.endpoints import run
from tests.support.front_doors import ESTABLISHED, SITE, Door, asks_for, said_to, said_to_echo
from tests.support.programs import client_hello
from tierwall.policy.attempt import Reason
from tierwall.policy.behaviour import ProxyAuth
from tierwall.policy.behaviour.parameters import Credential
from tierwall.proxy.state.refusal import ACCESS_DENIED
from tierwall.standins.origins import TcpEchoOrigin

pytestmark = pytest.mark.usefixtures("both_endpoints")


def test_a_denied_connect_is_answered_403_and_nothing_is_dialled() -> None:
    async def scene() -> tuple[bytes, int]:
        async with TcpEchoOrigin() as origin:
            return await said_to(Door(origin=origin), asks_for("api.amplitude.com")), origin.reached.connections

    heard, connections = run(scene)
    assert heard.startswith(b"HTTP/1.1 403 Forbidden\r\n")
    assert connections == 0


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


def test_tls_to_the_port_itself_is_told_by_the_alert_and_with_what_is_meant_for_it() -> None:
    door = Door()

    assert run(lambda: said_to(door, client_hello("a.corp.example"))) == ACCESS_DENIED
    assert "--listen-tls is for that" in str(door.told.only.tierwall.detail)


def test_what_followed_the_connect_in_the_same_segment_is_the_tunnels() -> None:
    heard = run(lambda: said_to_echo(Door(), asks_for("a.corp.example") + b"\x00ping"))

    assert heard == ESTABLISHED + b"\x00pingbye"


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (b"GET /proxy.pac HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", b"200"),
        (b"POST /proxy.pac HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", b"405"),
        (b"GET /proxy.pac HTTP/1.1\r\nHost: evil.example\r\n\r\n", b"421"),
    ],
)
def test_its_own_pages_are_read_and_only_under_its_own_name(request_: bytes, status: bytes) -> None:
    assert run(lambda: said_to(Door(), request_)).split(b" ", 2)[1] == status


@pytest.mark.parametrize(
    ("last", "asked"), [(b"", 2), (b"Content-Length: 5\r\n", 1)], ids=["its head is all", "a body follows"]
)
def test_who_is_asked_for_a_password_asks_again_where_nothing_is_left_of_its_request(last: bytes, asked: int) -> None:
    door = Door(site=replace(SITE, behaviours=(ProxyAuth(users=frozenset({Credential("anna", "secret")})),)))
    request = b"GET http://a.corp.example/ HTTP/1.1\r\nHost: a.corp.example\r\n" + last + b"\r\n"

    heard = run(lambda: said_to(door, request, request))

    assert heard.count(b"HTTP/1.1 407 ") == asked
    assert door.handed_over == []
