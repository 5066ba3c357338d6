"""Mode transparent: nftables redirects whatever TCP the client sends to the gateway's tierwall."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.netns.clients import converse, curl, s_client
from tests.netns.events import AMPLITUDE, MEETINGS_NEAR, denied, sni, watch
from tests.netns.gateway import tierwall_in
from tests.netns.lab import BRIDGE, CLIENT_6, GATEWAY, GATEWAY_6, PORT, REDIRECT, SERVER, SERVER_6, TURN, Lab
from tests.support.programs import ALERT_ACCESS_DENIED, built_hello, client_hello
from tests.support.running import Proxy, needs
from tierwall.standins.certificates import Authority
from tierwall.standins.clients import Cause, Direct, fetch_https, half_close_session, native_session, websocket_session
from tierwall.standins.origins import HttpsOrigin, RedirectOrigin, TcpEchoOrigin

SITE = """
admit:
  - {vendor: 8x8, tiers: [core]}
  - {hosts: [portal.corp.example], ports: [tcp/80]}
"""
NAMES = ["8x8.vc", "api.amplitude.com"]
OVER_TLS = {"transport": "tcp", "protocol": "tls"}


@dataclass(frozen=True, slots=True)
class Vendors:
    """The origins in the server's namespace."""

    https: HttpsOrigin
    https_6: HttpsOrigin


@pytest.fixture(scope="module")
def vendors(lab: Lab, authority: Authority) -> Iterator[Vendors]:
    with (
        lab.server.serving(HttpsOrigin(authority, NAMES, host=SERVER, port=443)) as https,
        lab.server.serving(HttpsOrigin(authority, NAMES, host=SERVER_6, port=443)) as https_6,
        lab.server.serving(RedirectOrigin(host=SERVER, port=80)),
        lab.server.serving(TcpEchoOrigin(host=BRIDGE, port=443)),
        lab.server.serving(HttpsOrigin(authority, NAMES, host=TURN, port=443)),
    ):
        yield Vendors(https, https_6)


@pytest.fixture(scope="module")
def proxy(lab: Lab, vendors: Vendors, site: Callable[[str], Path]) -> Iterator[Proxy]:
    """Without --listen: it finds the gateway's private addresses itself."""
    lab.gateway.nft(REDIRECT)
    with tierwall_in(lab.gateway, "--mode", "transparent", "--site", site(SITE)) as proxy:
        yield proxy


@pytest.mark.parametrize("address", [SERVER, SERVER_6])
def test_an_admitted_name_reaches_its_original_destination_untouched(
    lab: Lab, proxy: Proxy, ca: Path, address: str
) -> None:
    happened = watch(lab, proxy, lambda: lab.client.wait(lambda: fetch_https(Direct(address=address), "8x8.vc", ca=ca)))

    assert happened.outcome.issuer == "tierwall demo origins CA"
    assert happened.event["event"]["action"] == "allowed"
    assert happened.event["destination"] == {"domain": "8x8.vc", "ip": address, "port": 443}
    assert happened.arrived.tcp == 1


@pytest.mark.parametrize(("address", "client"), [(SERVER, "10.77.1.2"), (SERVER_6, CLIENT_6)])
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
        network=OVER_TLS,
        name_source="sni",
        client=client,
        tls=sni(name),
        **AMPLITUDE,
    )


@needs("openssl")
def test_openssl_names_the_alert(lab: Lab, proxy: Proxy) -> None:
    happened = watch(lab, proxy, lambda: s_client(lab.client, SERVER, "-servername", "api.amplitude.com"))

    assert "SSL alert number 49" in happened.outcome
    assert happened.arrived.tcp == 0


@needs("curl")
def test_curl_ends_with_a_tls_error(lab: Lab, proxy: Proxy) -> None:
    resolve = f"api.amplitude.com:443:{SERVER}"

    happened = watch(lab, proxy, lambda: curl(lab.client, "--resolve", resolve, "https://api.amplitude.com/"))

    assert happened.outcome[0] == 35
    assert "alert access denied" in happened.outcome[1]
    assert happened.arrived.tcp == 0


@needs("openssl")
def test_tls_without_a_name_is_denied_as_such(lab: Lab, proxy: Proxy) -> None:
    happened = watch(lab, proxy, lambda: s_client(lab.client, SERVER, "-noservername"))

    assert "SSL alert number 49" in happened.outcome
    assert happened.arrived.tcp == 0
    assert happened.event == denied(
        "no-name",
        stage="clienthello",
        refusal="alert",
        destination={"ip": SERVER, "port": 443},
        network=OVER_TLS,
    )


def test_what_is_not_tls_and_has_no_name_is_reset(lab: Lab, proxy: Proxy) -> None:
    happened = watch(lab, proxy, lambda: converse(lab.client, SERVER, 22, b"SSH-2.0-client\r\n"))

    assert happened.outcome == b"<reset>"
    assert happened.arrived.tcp == 0
    assert happened.event == denied(
        "address-only",
        stage="accept",
        refusal="reset",
        destination={"ip": SERVER, "port": 22},
        network={"transport": "tcp"},
    )


@needs("curl")
def test_plain_http_passes_by_its_host_header(lab: Lab, proxy: Proxy) -> None:
    url = "http://portal.corp.example/a"

    happened = watch(lab, proxy, lambda: curl(lab.client, "--resolve", f"portal.corp.example:80:{SERVER}", url))

    assert happened.outcome == (0, "Moved to https\n")
    assert happened.event["event"]["action"] == "allowed"


def test_plain_http_to_a_denied_host_gets_the_page(lab: Lab, proxy: Proxy) -> None:
    request = b"GET /a?token=1 HTTP/1.1\r\nHost: evil.example\r\nUser-Agent: test\r\n\r\n"

    happened = watch(lab, proxy, lambda: converse(lab.client, SERVER, 80, request))

    assert happened.outcome.startswith(b"HTTP/1.1 403 Forbidden\r\n")
    assert b"X-Tierwall-Reason: unlisted\r\n" in happened.outcome
    assert b"evil.example:80 is blocked here" in happened.outcome
    assert happened.arrived.tcp == 0
    assert happened.event == denied(
        "unlisted",
        stage="request",
        refusal="page",
        destination={"domain": "evil.example", "ip": SERVER, "port": 80},
        network={"transport": "tcp", "protocol": "http"},
        name_source="host",
        url={"full": "http://evil.example/a?[redacted]"},
        http={"request": {"method": "GET"}},
        user_agent={"original": "test"},
    )


@needs("openssl")
def test_an_address_in_an_admitted_network_needs_no_name(lab: Lab, proxy: Proxy) -> None:
    happened = watch(lab, proxy, lambda: s_client(lab.client, TURN, "-noservername"))

    assert "tierwall demo origins CA" in happened.outcome
    assert happened.event["tierwall"]["admitted_by"] == "8x8/turn-sydney"


def test_a_connect_through_a_gateway_leads_nowhere(lab: Lab, proxy: Proxy) -> None:
    request = b"CONNECT 8x8.vc:443 HTTP/1.1\r\nHost: 8x8.vc:443\r\n\r\n"

    happened = watch(lab, proxy, lambda: converse(lab.client, SERVER, 3128, request))

    assert happened.outcome.startswith(b"HTTP/1.1 400 Bad Request\r\n")
    assert happened.arrived.tcp == 0
    assert happened.event == denied(
        "malformed",
        stage="request",
        refusal="400",
        destination={"ip": SERVER, "port": 3128},
        network={"transport": "tcp"},
    )


@pytest.mark.parametrize(("address", "client"), [(GATEWAY, "10.77.1.2"), (GATEWAY_6, CLIENT_6)])
def test_the_proxys_own_address_as_destination_is_a_self_connect(
    lab: Lab, proxy: Proxy, address: str, client: str
) -> None:
    happened = watch(lab, proxy, lambda: converse(lab.client, address, PORT, client_hello("8x8.vc")))

    assert happened.outcome == ALERT_ACCESS_DENIED
    assert happened.event == denied(
        "self-connect",
        stage="clienthello",
        refusal="alert",
        destination={"domain": "8x8.vc", "ip": address, "port": PORT},
        network=OVER_TLS,
        name_source="sni",
        client=client,
        near=[MEETINGS_NEAR],
        tls=sni("8x8.vc"),
    )


def test_a_post_quantum_hello_in_three_segments_is_read_whole(lab: Lab, proxy: Proxy) -> None:
    hello = built_hello(b"api.amplitude.com", padding_octets=1400)

    happened = watch(lab, proxy, lambda: converse(lab.client, SERVER, 443, hello[:90], hello[90:700], hello[700:]))

    assert happened.outcome == ALERT_ACCESS_DENIED
    assert happened.event["tls"] == sni("api.amplitude.com")
    assert happened.arrived.tcp == 0


def test_half_close_is_kept(lab: Lab, proxy: Proxy) -> None:
    outcome = lab.client.wait(lambda: half_close_session(Direct(), BRIDGE, 443))

    assert (outcome.echoes, outcome.farewell) == ((b"ping",), b"bye")


def test_the_vendors_persistent_connections_work(lab: Lab, proxy: Proxy, ca: Path) -> None:
    native = lab.client.wait(lambda: native_session(Direct(address=SERVER), "8x8.vc", ca=ca))
    websocket = lab.client.wait(lambda: websocket_session(Direct(address=SERVER_6), "8x8.vc", ca=ca))

    assert native.farewell == b"goodbye frames=3 octets=1011"
    assert websocket.ok


def test_with_tierwall_killed_nothing_gets_through(lab: Lab, vendors: Vendors, proxy: Proxy, ca: Path) -> None:
    """The last test of this file: it ends the proxy that the others share."""
    proxy.process.kill()
    proxy.process.wait()
    before = lab.seen()

    outcome = lab.client.wait(lambda: fetch_https(Direct(address=SERVER), "8x8.vc", ca=ca))

    assert outcome.cause is Cause.UNREACHABLE
    assert lab.seen() == before
