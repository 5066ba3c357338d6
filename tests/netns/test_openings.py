"""Behaviours at the opening where segments are real: over virtual cables, with clients that know of no proxy."""

import json
import re
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.netns.clients import converse, curl, s_client
from tests.netns.gateway import tierwall_in
from tests.netns.lab import GATEWAY, OTHER_SERVER, PORT, REDIRECT, SERVER, TUN, Lab, bound
from tests.support.journal_lines import about
from tests.support.programs import client_hello
from tests.support.running import Proxy, needs
from tierwall.standins.certificates import Authority
from tierwall.standins.origins import HttpsOrigin, RedirectOrigin

pytestmark = needs("curl", "openssl")
SMALL = ("-groups", "X25519")
"""For openssl s_client: a ClientHello that one segment holds, which today's own are not: they offer X25519MLKEM768."""
LARGE = (*SMALL, "-alpn", ",".join(f"{number}{'x' * 240}" for number in range(8)))
"""One as large as with a post-quantum key share, and larger, of any openssl: by the protocols that it offers."""
ONE_SEGMENT = 1448
"""Octets on Ethernet: 1500 without the headers of IPv4 and TCP and the timestamps (RFC 7323)."""
SITE = """
admit:
  - {vendor: vevox}
  - {hosts: ["*.corp.example"], ports: [tcp/80, tcp/443]}
"""
BEHAVIOURS = """
behaviours:
  - {behaviour: one-segment-hello, how: reset, scope: {vendor: vevox}}
  - {behaviour: host-forgery-check, strict: true, scope: {hosts: [forged.corp.example]}}
  - {behaviour: dial-blackhole, scope: {hosts: [hole.corp.example]}}
  - {behaviour: captive-portal, portal: portal.corp.example, scope: {hosts: [guest.corp.example, portal.corp.example]}}
  - {behaviour: connection-limit, most: 1, scope: {hosts: [limited.corp.example]}}
"""


@dataclass(frozen=True, slots=True)
class Gateway:
    """The lab with its proxy, in one mode."""

    lab: Lab
    proxy: Proxy


@pytest.fixture(scope="module")
def served(lab: Lab, authority: Authority) -> Iterator[None]:
    """The server behind the gateway: pages on 443, redirects on 80."""
    with (
        lab.server.serving(HttpsOrigin(authority, ["*.vevox.app", "*.corp.example"], host=SERVER, port=443)),
        lab.server.serving(RedirectOrigin(host=SERVER, port=80)),
    ):
        yield


@contextmanager
def gateway_with(lab: Lab, site: Path, *modes: str) -> Iterator[Gateway]:
    """Run the proxy in the gateway. By --resolve, its DNS here, the forged name leads to SERVER."""
    resolve = [f"forged.corp.example:{port}:{SERVER}" for port in (80, 443)]
    words = [word for each in resolve for word in ("--resolve", each)]
    with tierwall_in(lab.gateway, *modes, "--site", site, *words) as proxy:
        yield Gateway(lab, proxy)


@pytest.fixture(scope="module")
def without(lab: Lab, served: None, site: Callable[[str], Path], ca: Path) -> list[object]:
    """What the same clients come to where the site has no behaviours."""
    lab.gateway.nft(REDIRECT)
    with gateway_with(lab, site(SITE), "--mode", "transparent") as free:
        return [
            "BEGIN CERTIFICATE" in hello_of(free, "large.vevox.app", *LARGE),
            fetch(free, "hole.corp.example", ca),
            fetch(free, "forged.corp.example", ca, OTHER_SERVER),
            fetch(free, "guest.corp.example", ca),
        ]


@pytest.fixture(scope="module")
def gateway(lab: Lab, without: list[object], site: Callable[[str], Path]) -> Iterator[Gateway]:
    """In mode transparent, with all of them."""
    with gateway_with(lab, site(SITE + BEHAVIOURS), "--mode", "transparent") as made:
        yield made


def hello_of(gateway: Gateway, name: str, *more: str) -> str:
    """What openssl says of its handshake."""
    return s_client(gateway.lab.client, SERVER, "-servername", name, *more)


def syns(gateway: Gateway) -> int:
    """How many have reached the server."""
    return gateway.lab.seen().tcp


def test_without_them_everything_passes(without: list[object]) -> None:
    assert without == [True, 0, 0, 0]


def test_a_hello_that_needs_two_segments_is_cut(gateway: Gateway) -> None:
    before = syns(gateway)
    large = hello_of(gateway, "large.vevox.app", *LARGE)
    hello = client_hello("split.vevox.app")
    split = converse(gateway.lab.client, SERVER, 443, hello[:100], hello[100:])
    assert syns(gateway) == before
    assert "no peer certificate available" in large
    assert split == b"<reset>"
    assert "BEGIN CERTIFICATE" in hello_of(gateway, "small.vevox.app", *SMALL)
    assert "BEGIN CERTIFICATE" in hello_of(gateway, "large.corp.example", *LARGE)
    event = gateway.proxy.wait_for(about("large.vevox.app", "broken"))
    assert re.fullmatch(r"a ClientHello of 2\d{3} octets in 2 TCP segments", str(event.tierwall.detail))
    assert (event.tierwall.behaviour, event.tierwall.refusal, event.tierwall.tier) == (
        "one-segment-hello",
        "reset",
        "core",
    )


def test_the_usual_hello_of_this_machines_openssl_is_cut_where_it_needs_two_segments(gateway: Gateway) -> None:
    """From OpenSSL 3.5 on it offers a post-quantum key share (X25519MLKEM768) unless it is told otherwise."""
    hello = client_hello("usual.vevox.app")
    answered = converse(gateway.lab.client, SERVER, 443, hello, limit_s=2.0)

    assert (answered == b"<reset>") is (len(hello) > ONE_SEGMENT)
    assert answered[:1] in {b"<", b"\x16"}


def test_a_name_that_leads_elsewhere_is_cut(gateway: Gateway, ca: Path) -> None:
    before = syns(gateway)
    forged = fetch(gateway, "forged.corp.example", ca, OTHER_SERVER)
    plain = http(gateway, "forged.corp.example", OTHER_SERVER)
    assert syns(gateway) == before
    assert forged == 35
    assert f"forged.corp.example leads to {SERVER}, and the client went to {OTHER_SERVER}" in plain
    assert fetch(gateway, "forged.corp.example", ca) == 0


def test_a_black_hole_accepts_and_never_answers(gateway: Gateway) -> None:
    before = syns(gateway)
    heard = converse(gateway.lab.client, SERVER, 443, client_hello("hole.corp.example"), limit_s=1.0)
    assert syns(gateway) == before
    assert heard == b"<silence>"
    assert gateway.proxy.wait_for(about("hole.corp.example", "broken")).tierwall.refusal == "drop"


def test_the_portal_is_behind_any_address(gateway: Gateway, ca: Path) -> None:
    before = syns(gateway)
    cut = fetch(gateway, "guest.corp.example", ca)
    led = http(gateway, "guest.corp.example", SERVER, "-w", "%{http_code} %{redirect_url}")
    page = http(gateway, "portal.corp.example")
    captive = portal_api(gateway)
    accepted = http(gateway, "portal.corp.example/accept", SERVER, "-d", "", "-w", "%{http_code}")
    free = portal_api(gateway)
    assert syns(gateway) == before
    assert (cut, led) == (35, "302 http://portal.corp.example/?from=http%3A%2F%2Fguest.corp.example%2F")
    assert "Accept and connect" in page
    assert captive == {"captive": True, "user-portal-url": "https://portal.corp.example/"}
    assert accepted == "303"
    assert free["captive"] is False
    assert fetch(gateway, "guest.corp.example", ca) == 0


def test_one_connection_too_many_is_reset(gateway: Gateway) -> None:
    def two() -> bytes:
        with bound(socket.SOCK_STREAM) as first:
            first.connect((SERVER, 443))
            first.sendall(client_hello("limited.corp.example"))
            assert first.recv(2) == b"\x16\x03"
            return converse(gateway.lab.client, SERVER, 443, client_hello("limited.corp.example"))

    assert gateway.lab.client.inside(two) == b"<reset>"


def test_where_no_kernel_counts_segments_the_size_tells(lab: Lab, served: None, site: Callable[[str], Path]) -> None:
    lab.gateway.nft("table inet tierwall\ndelete table inet tierwall\n")
    modes = ("--mode", f"transparent@{GATEWAY}:{PORT + 1}", "--mode", f"tun:{TUN}")  # the other is idle
    with gateway_with(lab, site(SITE + BEHAVIOURS), *modes) as gateway, lab.through_tun("tcp"):
        large = hello_of(gateway, "large.vevox.app", *LARGE)
        small = hello_of(gateway, "small.vevox.app", *SMALL)
        event = gateway.proxy.wait_for(about("large.vevox.app", "broken"))
    lab.gateway.nft(REDIRECT)

    assert "no peer certificate available" in large
    assert "BEGIN CERTIFICATE" in small
    assert re.fullmatch(r"a ClientHello of 2\d{3} octets, too many for one TCP segment", str(event.tierwall.detail))


def fetch(gateway: Gateway, name: str, ca: Path, address: str = SERVER) -> int:
    """Curl's exit status for a page of that name at that address."""
    return curl(gateway.lab.client, "--resolve", f"{name}:443:{address}", "--cacert", ca, f"https://{name}/")[0]


def portal_api(gateway: Gateway) -> Any:
    """RFC 8908's, by TLS: its certificate is the lab CA's for the portal's name, wherever that leads."""
    address = ("--resolve", f"portal.corp.example:443:{SERVER}")
    own_ca = gateway.proxy.journal.parent / "tierwall" / "ca" / "mitmproxy-ca-cert.pem"
    return json.loads(curl(gateway.lab.client, *address, "--cacert", own_ca, "https://portal.corp.example/api")[1])


def http(gateway: Gateway, what: str, address: str = SERVER, *more: str) -> str:
    """What plain HTTP says."""
    name = what.partition("/")[0]
    return curl(gateway.lab.client, "--resolve", f"{name}:80:{address}", *more, f"http://{what}")[1]
