"""Mode tun beside transparent: policy routing sends the clients' UDP through it, media and QUIC among them."""

import secrets
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.netns.events import MEETINGS_NEAR, TURN_RELAY, denied, sni, turn_closed, watch
from tests.netns.gateway import tierwall_in
from tests.netns.lab import BRIDGE, REDIRECT, SERVER, TUN, TURN, Lab
from tests.support.running import Proxy
from tierwall.standins.certificates import Authority
from tierwall.standins.clients import Cause, stun_binding, udp_echo
from tierwall.standins.origins import StunOrigin, UdpEchoOrigin
from tierwall.standins.quic import QuicEchoOrigin, quic_echo

SITE = """
admit:
  - {vendor: 8x8, tiers: [core]}
  - {hosts: [quic.corp.example], ports: [udp/443]}
"""
CLOSED_TO_8X8 = """
admit:
  - {vendor: vevox}
"""
QUIC = {"transport": "udp", "protocol": "quic"}
SILENT_S = 0.7


@pytest.fixture(scope="module")
def origins(lab: Lab, authority: Authority) -> Iterator[QuicEchoOrigin]:
    names = ["quic.corp.example", "evil.example", "8x8.vc"]
    with (
        lab.server.serving(StunOrigin(host=TURN, port=50000)),
        lab.server.serving(StunOrigin(host=TURN, port=3478)),
        lab.server.serving(UdpEchoOrigin(host=BRIDGE, port=10000)),
        lab.server.serving(UdpEchoOrigin(host=SERVER, port=10000)),
        lab.server.serving(QuicEchoOrigin(authority, names, host=SERVER)) as quic,
    ):
        yield quic


@pytest.fixture(scope="module", params=[SITE], ids=["core"])
def proxy(
    lab: Lab, origins: QuicEchoOrigin, site: Callable[[str], Path], request: pytest.FixtureRequest
) -> Iterator[Proxy]:
    modes = ("--mode", "transparent", "--mode", f"tun:{TUN}")
    lab.gateway.nft(REDIRECT)
    with tierwall_in(lab.gateway, *modes, "--site", site(request.param)) as proxy, lab.through_tun("udp"):
        yield proxy


def test_media_to_an_admitted_network_passes(lab: Lab, proxy: Proxy) -> None:
    happened = watch(lab, proxy, lambda: lab.client.wait(lambda: udp_echo(BRIDGE, 10000)))

    assert happened.outcome.echoes == (b"media",)
    assert happened.event["tierwall"]["admitted_by"] == "8x8/video-bridge-london"
    assert happened.event["network"] == {"transport": "udp"}


def test_a_stun_answer_names_the_gateways_address(lab: Lab, proxy: Proxy) -> None:
    happened = watch(lab, proxy, lambda: lab.client.wait(lambda: stun_binding(TURN, 50000)))

    assert happened.outcome.echoes[0].startswith(b"203.0.113.1 ")
    assert happened.event["tierwall"]["admitted_by"] == "8x8/turn-sydney"


def test_a_denied_port_of_an_admitted_network_is_silence(lab: Lab, proxy: Proxy) -> None:
    happened = watch(lab, proxy, lambda: lab.client.wait(lambda: stun_binding(TURN, 3478, limit_s=SILENT_S)))

    assert happened.outcome.cause is Cause.TIMEOUT
    assert happened.arrived.udp == 0
    assert happened.event == denied(
        "port-closed",
        stage="udp",
        refusal="drop",
        destination={"ip": TURN, "port": 3478},
        network={"transport": "udp"},
        near=[TURN_RELAY],
    )


def test_an_address_in_no_network_is_silence(lab: Lab, proxy: Proxy) -> None:
    happened = watch(lab, proxy, lambda: lab.client.wait(lambda: udp_echo(SERVER, 10000, limit_s=SILENT_S)))

    assert happened.outcome.cause is Cause.TIMEOUT
    assert happened.arrived.udp == 0
    assert happened.event == denied(
        "address-only",
        stage="udp",
        refusal="drop",
        destination={"ip": SERVER, "port": 10000},
        network={"transport": "udp"},
    )


def test_a_denied_flow_is_one_event_however_much_is_sent(lab: Lab, proxy: Proxy) -> None:
    def send_twenty() -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            client.connect((SERVER, 5000))
            for _ in range(20):
                client.send(b"\x80rtp")

    watch(lab, proxy, lambda: lab.client.inside(send_twenty))
    watch(lab, proxy, lambda: lab.client.wait(lambda: udp_echo(BRIDGE, 10000)))  # so that more would have come

    about_it = [event for event in proxy.events() if event.destination and event.destination.port == 5000]
    assert len(about_it) == 1


def test_dtls_passes_untouched(lab: Lab, proxy: Proxy) -> None:
    hello = bytes.fromhex("16fefd0000000000000000") + (40).to_bytes(2) + b"\x01" + secrets.token_bytes(39)

    happened = watch(lab, proxy, lambda: lab.client.wait(lambda: udp_echo(BRIDGE, 10000, payload=hello)))

    assert happened.outcome.echoes == (hello,)


def test_large_datagrams_and_many_of_them_keep_their_bounds(lab: Lab, proxy: Proxy) -> None:
    sent = [bytes([number]) * (100 + 13 * number) for number in range(100)]

    def exchange() -> list[bytes]:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            client.settimeout(3)
            client.connect((BRIDGE, 10000))
            heard = []
            for datagram in sent:
                client.send(datagram)
                heard.append(client.recv(65536))
            return heard

    assert watch(lab, proxy, lambda: lab.client.inside(exchange)).outcome == sent


@pytest.mark.parametrize("hello_octets", [0, 1200], ids=["one datagram", "two datagrams"])
def test_quic_to_an_admitted_name_passes_untouched(lab: Lab, proxy: Proxy, ca: Path, hello_octets: int) -> None:
    """Its client believes only the origin's own certificate."""
    name = "quic.corp.example"

    happened = watch(
        lab, proxy, lambda: lab.client.wait(lambda: quic_echo(SERVER, name, ca=ca, hello_octets=hello_octets))
    )

    assert happened.outcome.echo == b"hello"
    assert happened.event["event"]["action"] == "allowed"
    assert happened.event["tls"] == sni(name)


@pytest.mark.parametrize("hello_octets", [0, 1200], ids=["one datagram", "two datagrams"])
def test_quic_to_a_denied_name_is_silence_and_the_event_has_the_name(
    lab: Lab, proxy: Proxy, ca: Path, hello_octets: int
) -> None:
    name = "evil.example"

    happened = watch(
        lab,
        proxy,
        lambda: lab.client.wait(lambda: quic_echo(SERVER, name, ca=ca, hello_octets=hello_octets, limit_s=SILENT_S)),
    )

    assert not happened.outcome.connected
    assert happened.arrived.udp == 0
    assert happened.event == denied(
        "unlisted",
        stage="udp",
        refusal="drop",
        destination={"domain": name, "ip": SERVER, "port": 443},
        network=QUIC,
        name_source="sni",
        tls=sni(name),
    )


def test_a_name_that_is_listed_for_tcp_alone_is_port_closed_over_quic(lab: Lab, proxy: Proxy, ca: Path) -> None:
    name = "8x8.vc"

    happened = watch(lab, proxy, lambda: lab.client.wait(lambda: quic_echo(SERVER, name, ca=ca, limit_s=SILENT_S)))

    assert happened.event == denied(
        "port-closed",
        stage="udp",
        refusal="drop",
        destination={"domain": name, "ip": SERVER, "port": 443},
        network=QUIC,
        name_source="sni",
        tls=sni(name),
        near=[MEETINGS_NEAR],
    )


def test_a_quic_initial_that_cannot_be_read_is_malformed(lab: Lab, proxy: Proxy) -> None:
    initial = b"\xc3\x00\x00\x00\x01\x08" + secrets.token_bytes(8) + b"\x00\x00\x44\x9e" + secrets.token_bytes(1182)

    happened = watch(
        lab, proxy, lambda: lab.client.wait(lambda: udp_echo(SERVER, 443, payload=initial, limit_s=SILENT_S))
    )

    assert happened.arrived.udp == 0
    assert happened.event == denied(
        "malformed", stage="udp", refusal="drop", destination={"ip": SERVER, "port": 443}, network=QUIC
    )


def test_the_end_of_a_flow_is_journalled_with_its_octets(lab: Lab, proxy: Proxy) -> None:
    """A bridge that is gone ends its flow: the gateway hears so by ICMP."""

    def ask_nobody() -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            client.connect((TURN, 50001))
            client.send(b"1234")

    lab.client.inside(ask_nobody)

    ended = proxy.wait_for(lambda event: event.event.action == "closed" and event.network.transport == "udp")
    assert (ended.source.bytes, ended.destination.bytes, ended.tierwall.closed_by) == (4, 0, "server")


@pytest.mark.parametrize("proxy", [CLOSED_TO_8X8], ids=["8x8 closed"], indirect=True)
def test_media_that_its_site_closes_breaks_a_core_tier(lab: Lab, proxy: Proxy) -> None:
    happened = watch(lab, proxy, lambda: lab.client.wait(lambda: stun_binding(TURN, 50000, limit_s=SILENT_S)))

    assert happened.outcome.cause is Cause.TIMEOUT
    assert happened.arrived.udp == 0
    assert happened.event == turn_closed(50000)
