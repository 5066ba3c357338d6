"""A captive portal's own host is answered here, in clear and inside TLS, and no server is behind it."""

from dataclasses import replace

import pytest

from tests.support.endpoints import run
from tests.support.front_doors import ESTABLISHED, SITE, Door, asks_for, said_to
from tests.support.programs import client_hello
from tierwall.policy.attempt import Reason
from tierwall.policy.behaviour import CaptivePortal
from tierwall.policy.behaviour.parameters import HostName
from tierwall.proxy.connection.client_connection import Known

pytestmark = pytest.mark.usefixtures("both_endpoints")

PAGE = b"GET / HTTP/1.1\r\nHost: hotel.example\r\n\r\n"


def _captive() -> Door:
    """A door whose site admits no portal, and has one."""
    return Door(site=replace(SITE, behaviours=(CaptivePortal(portal=HostName("hotel.example")),)))


def test_its_page_is_served_though_the_site_does_not_admit_the_host() -> None:
    door = _captive()

    assert run(lambda: said_to(door, PAGE.replace(b"/ ", b"http://hotel.example/ "))).startswith(b"HTTP/1.1 200 ")
    assert (door.reasons, door.handed_over) == ([], [])


def test_so_it_is_in_a_tunnel_which_leads_nowhere() -> None:
    heard = run(lambda: said_to(_captive(), asks_for("hotel.example", 80), PAGE))

    assert heard.startswith(ESTABLISHED + b"HTTP/1.1 200 ")


def test_inside_tls_mitmproxy_shows_it_under_the_portals_name() -> None:
    door, hello = _captive(), client_hello("hotel.example")

    run(lambda: said_to(door, asks_for("hotel.example"), hello))

    assert door.handed_over == [(hello, Known("hotel.example", 443, answered_here=True))]


@pytest.mark.parametrize("said", [b"\x00opaque", client_hello("evil.example")], ids=["no HTTP", "another name"])
def test_what_else_is_said_to_it_gets_nowhere(said: bytes) -> None:
    door = _captive()

    run(lambda: said_to(door, asks_for("hotel.example"), said))

    assert door.reasons == [Reason.MALFORMED]
    assert door.handed_over == []
