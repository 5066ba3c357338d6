"""By which names the proxy's own pages are asked for: those that nobody else can have lead here."""

import socket

import pytest

from tierwall.opening import PlainHttp, read_proxy_request
from tierwall.proxy.serving.own_names import is_ours
from tierwall.proxy.state.destinations import Destinations, parse_redirect

HOST_NAME = socket.gethostname()


def asked(host: str) -> PlainHttp:
    opening = read_proxy_request(f"GET / HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
    assert isinstance(opening, PlainHttp)
    return opening


def listening(*resolve: str) -> Destinations:
    destinations = Destinations(tuple(map(parse_redirect, resolve)))
    destinations.listen([("127.0.0.1", 8080)])
    return destinations


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1:8080", "198.51.100.7", "[2001:db8::1]:8080", "2130706433", "LocalHost.", "a.localhost", HOST_NAME],
)
def test_addresses_localhost_and_the_host_name_are_its_own(host: str) -> None:
    assert is_ours(asked(host), listening())


@pytest.mark.parametrize("host", ["evil.test", "localhost.evil.test", f"{HOST_NAME}.evil.test", "127.0.0.1.nip.test"])
def test_other_names_are_not(host: str) -> None:
    assert not is_ours(asked(host), listening())


def test_a_name_that_resolve_leads_to_where_it_listens_is_its_own() -> None:
    resolved = listening("lab.corp.example:*:127.0.0.1:8080", "app.corp.example:443:127.0.0.1:8443")

    assert is_ours(asked("lab.corp.example:9090"), resolved)
    assert not is_ours(asked("app.corp.example:443"), resolved)
    assert not is_ours(asked("other.corp.example"), resolved)
