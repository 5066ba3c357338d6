"""RFC 8908: who trusts the lab CA asks the portal itself, by TLS, whether it is captive, and accepts there."""

import json
import socket
import ssl
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.e2e.behaviours.at_access import Behind, behind
from tests.support.programs import curl, through
from tests.support.running import lab_ca, needs
from tierwall.events import Event
from tierwall.standins.certificates import Authority

pytestmark = needs("curl")

HOME = "https://portal.hotel.example/"
WITHOUT_PORT = "http://portal.hotel.example/"
SITE = """
  - {behaviour: captive-portal, portal: portal.hotel.example, lasts: 1h}
"""
ADMITTED = """
  - {behaviour: captive-portal, portal: portal.corp.example, lasts: 1h}
"""
"""Its own host is one that the site lets through: it is the portal's all the same."""


@pytest.fixture
def hotel(authority: Authority, tmp_path: Path) -> Iterator[Behind]:
    with behind(tmp_path, authority, SITE) as made:
        yield made


@pytest.mark.parametrize(("way", "version"), [("http", "--http2"), ("socks5", "--http1.1")])
def test_it_is_asked_by_tls_before_and_after_somebody_accepted(hotel: Behind, way: str, version: str) -> None:
    via = through(hotel.via if way == "http" else hotel.socks)
    trusting = (*via, version, "--cacert", lab_ca())

    captive = curl(*trusting, HOME + "api", "-H", "Accept: application/captive+json")
    page = curl(*trusting, HOME)
    accepted = curl(*trusting, HOME + "accept", "-d", "", "-H", "Origin: https://portal.hotel.example")
    free = curl(*trusting, HOME + "api")
    by_http = json.loads(curl(*via, WITHOUT_PORT + "api").body)

    assert json.loads(captive.body) == {"captive": True, "user-portal-url": HOME}
    assert captive.header("Content-Type") == "application/captive+json"
    assert captive.header("Cache-Control") == "private, no-store"
    assert "Accept and connect" in page.body
    assert (accepted.status, accepted.header("Location")) == (303, HOME)
    assert json.loads(free.body) | {"seconds-remaining": 0} == {
        "captive": False,
        "user-portal-url": HOME,
        "seconds-remaining": 0,
        "can-extend-session": True,
    }
    assert 3590 < json.loads(free.body)["seconds-remaining"] <= 3600
    assert by_http["captive"] is False
    assert "tierwall lab CA (" in captive.talk
    assert hotel.arrived == 0


def test_who_does_not_trust_the_lab_ca_gets_nothing_and_that_is_told_once(hotel: Behind) -> None:
    refused = [curl(*through(hotel.via), HOME + "api").code for _ in range(3)]

    hotel.proxy.wait_for(_says("the client does not accept the captive portal's certificate"))
    told = [event for event in hotel.proxy.events() if event.tierwall.detail]
    assert refused == [60, 60, 60]
    assert [(event.event.reason, event.tierwall.refusal) for event in told] == [("malformed", "close")]


def test_a_page_of_another_origin_accepts_nothing_inside_tls(hotel: Behind) -> None:
    trusting = (*through(hotel.via), "--cacert", lab_ca())

    forged = curl(*trusting, HOME + "accept", "-d", "", "-H", "Origin: https://evil.test")

    assert forged.status == 403
    hotel.proxy.wait_for(_says("a page of another origin accepts the portal's terms"))
    assert json.loads(curl(*trusting, HOME + "api").body)["captive"] is True


def test_nothing_else_is_spoken_to_its_host_and_nothing_is_dialled_for_it(authority: Authority, tmp_path: Path) -> None:
    with behind(tmp_path, authority, ADMITTED) as hotel:
        free = curl(*through(hotel.via), "--cacert", lab_ca(), "https://portal.corp.example/api")
        opaque = _tunnel(hotel, b"SSH-2.0-tests\r\n")
        other_name = curl(
            *(*through(hotel.via), "--cacert", lab_ca(), "--connect-to", "::portal.corp.example:443"),
            "https://guest.corp.example/",
        )
        inside = _inside_tls(hotel, b"\x00\x00\x00\x05hello")
        hotel.proxy.wait_until(lambda: sum(map(_says("something else than HTTP"), hotel.proxy.events())) == 3)

    assert json.loads(free.body)["captive"] is True
    assert (opaque, inside) == (b"", b"")
    assert other_name.code == 35
    assert hotel.arrived == 0


def _says(words: str) -> Callable[[Event], bool]:
    return lambda event: words in (event.tierwall.detail or "")


def _tunnel(hotel: Behind, octets: bytes) -> bytes:
    with _connected(hotel) as client:
        client.sendall(octets)
        return _heard(client)


def _inside_tls(hotel: Behind, octets: bytes) -> bytes:
    context = ssl.create_default_context(cafile=str(lab_ca()))
    with _connected(hotel) as plain, context.wrap_socket(plain, server_hostname="portal.corp.example") as client:
        client.sendall(octets)
        return _heard(client)


def _connected(hotel: Behind) -> socket.socket:
    client = socket.create_connection(("127.0.0.1", hotel.proxy.at("127.0.0.1").port), 10)
    client.sendall(b"CONNECT portal.corp.example:443 HTTP/1.1\r\nHost: portal.corp.example:443\r\n\r\n")
    assert b" 200 " in client.recv(4096)
    return client


def _heard(client: socket.socket) -> bytes:
    try:
        return client.recv(4096)
    except OSError:
        return b""
