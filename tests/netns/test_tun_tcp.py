"""Mode tun for TCP: mitmproxy's own TCP stack instead of sockets, and the same front door behind it."""

import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.netns.clients import converse
from tests.netns.events import AMPLITUDE, denied, sni, watch
from tests.netns.gateway import tierwall_in
from tests.netns.lab import BRIDGE, CLIENT, CLIENT_6, SERVER, SERVER_6, TUN, TURN, Lab
from tests.support.running import Proxy
from tierwall.standins.certificates import Authority
from tierwall.standins.clients import Direct, fetch_https, half_close_session, native_session, websocket_session
from tierwall.standins.origins import HttpsOrigin, RedirectOrigin, SpeaksFirstOrigin, TcpEchoOrigin

SITE = """
admit:
  - {vendor: 8x8, tiers: [core]}
  - {hosts: [portal.corp.example], ports: [tcp/80]}
"""
NAMES = ["8x8.vc", "api.amplitude.com"]
OCTETS = 3_000_000


@pytest.fixture(scope="module")
def proxy(lab: Lab, authority: Authority, site: Callable[[str], Path]) -> Iterator[Proxy]:
    """No redirect here: TCP goes through tun as well, and the transparent listener is idle."""
    modes = ("--mode", "transparent", "--mode", f"tun:{TUN}")
    with (
        lab.server.serving(HttpsOrigin(authority, NAMES, host=SERVER, port=443)),
        lab.server.serving(HttpsOrigin(authority, NAMES, host=SERVER_6, port=443)),
        lab.server.serving(RedirectOrigin(host=SERVER, port=80)),
        lab.server.serving(TcpEchoOrigin(host=BRIDGE, port=443)),
        lab.server.serving(SpeaksFirstOrigin(host=TURN, port=443)),
        tierwall_in(lab.gateway, *modes, "--site", site(SITE)) as proxy,
        lab.through_tun("tcp"),
    ):
        yield proxy


@pytest.mark.parametrize("address", [SERVER, SERVER_6])
def test_an_admitted_name_passes_untouched(lab: Lab, proxy: Proxy, ca: Path, address: str) -> None:
    happened = watch(lab, proxy, lambda: lab.client.wait(lambda: fetch_https(Direct(address=address), "8x8.vc", ca=ca)))

    assert happened.outcome.issuer == "tierwall demo origins CA"
    assert happened.event["destination"] == {"domain": "8x8.vc", "ip": address, "port": 443}


@pytest.mark.parametrize(("address", "client"), [(SERVER, CLIENT), (SERVER_6, CLIENT_6)])
def test_a_denied_name_gets_the_alert_and_its_server_sees_no_syn(
    lab: Lab, proxy: Proxy, ca: Path, address: str, client: str
) -> None:
    name = "api.amplitude.com"

    happened = watch(lab, proxy, lambda: lab.client.wait(lambda: fetch_https(Direct(address=address), name, ca=ca)))

    assert happened.outcome.alert == "access_denied"
    assert happened.arrived.tcp == 0
    assert happened.event == denied(
        "tier-closed",
        stage="clienthello",
        refusal="alert",
        destination={"domain": name, "ip": address, "port": 443},
        network={"transport": "tcp", "protocol": "tls"},
        name_source="sni",
        client=client,
        tls=sni(name),
        **AMPLITUDE,
    )


def test_what_would_be_reset_is_closed(lab: Lab, proxy: Proxy) -> None:
    """mitmproxy's TCP stack has no RST to send: the client sees a FIN, and its journal the refusal that was meant."""
    happened = watch(lab, proxy, lambda: converse(lab.client, SERVER, 22, b"SSH-2.0-client\r\n"))

    assert happened.outcome == b""
    assert happened.arrived.tcp == 0
    assert happened.event == denied(
        "address-only",
        stage="accept",
        refusal="reset",
        destination={"ip": SERVER, "port": 22},
        network={"transport": "tcp"},
    )


def test_half_close_is_kept(lab: Lab, proxy: Proxy) -> None:
    outcome = lab.client.wait(lambda: half_close_session(Direct(), BRIDGE, 443))

    assert (outcome.echoes, outcome.farewell) == ((b"ping",), b"bye")


def test_plain_http_is_handed_over_and_answered(lab: Lab, proxy: Proxy) -> None:
    request = b"GET /a HTTP/1.1\r\nHost: portal.corp.example\r\nConnection: close\r\n\r\n"

    happened = watch(lab, proxy, lambda: converse(lab.client, SERVER, 80, request))

    assert happened.outcome.startswith(b"HTTP/1.1 301 ")
    assert happened.event["event"]["action"] == "allowed"


def test_the_vendors_persistent_connections_work(lab: Lab, proxy: Proxy, ca: Path) -> None:
    native = lab.client.wait(lambda: native_session(Direct(address=SERVER), "8x8.vc", ca=ca))
    websocket = lab.client.wait(lambda: websocket_session(Direct(address=SERVER_6), "8x8.vc", ca=ca))

    assert native.farewell == b"goodbye frames=3 octets=1011"
    assert websocket.ok


def test_megabytes_arrive_whole_at_a_slow_reader(lab: Lab, proxy: Proxy) -> None:
    """Both ways at once: neither side's buffers may grow without bound, nor lose a byte."""

    def exchange() -> tuple[int, bytes]:
        with socket.create_connection((BRIDGE, 443), timeout=10) as client:
            client.setblocking(False)
            unsent, heard = memoryview(bytes(OCTETS)), 0
            while unsent:
                try:
                    unsent = unsent[client.send(unsent[:65536]) :]
                except BlockingIOError:
                    client.settimeout(10)
                    heard += len(client.recv(32768))
                    client.setblocking(False)
            client.settimeout(10)
            client.shutdown(socket.SHUT_WR)
            last = b""
            while octets := client.recv(65536):
                heard += len(octets)
                last = octets[-3:]
            return heard, last

    assert lab.client.inside(exchange) == (OCTETS + len(b"bye"), b"bye")


def test_sigterm_ends_its_tunnels_and_journals_them(lab: Lab, proxy: Proxy) -> None:
    """The last test of this file: it ends the proxy that the others share."""

    def hold() -> int:
        with socket.create_connection((BRIDGE, 443), timeout=10) as client:
            client.sendall(b"still here")
            assert client.recv(10) == b"still here"
            return proxy.stop()

    assert lab.client.inside(hold) == 0
    ends = [event for event in proxy.events() if event.event.action == "closed" and event.source.bytes == 10]
    assert [event.tierwall.closed_by for event in ends] == ["shutdown"]
