"""Clients that choose an address are judged by what they then say, before anything is dialled."""

from ipaddress import ip_address

import pytest

from tests.support.endpoints import run
from tests.support.front_doors import Door, said_to
from tests.support.programs import client_hello
from tierwall.policy.attempt import Reason
from tierwall.proxy.connection.client_connection import Known, Speaks
from tierwall.proxy.state.refusal import ACCESS_DENIED

pytestmark = pytest.mark.usefixtures("both_endpoints")


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


def test_a_client_that_says_nothing_and_leaves_is_no_event() -> None:
    door = Door(speaks=Speaks.ANYTHING, original=(ip_address("192.0.2.1"), 443))

    assert run(lambda: said_to(door)) == b""
    assert door.told.events == []


def test_redirected_plain_http_for_a_host_that_is_denied_is_handed_to_nobody() -> None:
    door = Door(speaks=Speaks.ANYTHING, original=(ip_address("192.0.2.1"), 80))

    heard = run(lambda: said_to(door, b"GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n"))

    assert heard.startswith(b"HTTP/1.1 403 ")
    assert (door.reasons, door.handed_over) == ([Reason.UNLISTED], [])
