"""UDP that a site admits goes straight through the gateway's kernel, and only that, and only while the proxy lives."""

import secrets
import socket
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import islice
from pathlib import Path

import pytest

from tests.netns.command import tierwall
from tests.netns.dns_packets import AAAA, A, Answered, NameServerOrigin, address, ask
from tests.netns.events import TURN_RELAY, denied, sni, watch
from tests.netns.gateway import tierwall_in
from tests.netns.lab import BRIDGE, CLIENT, OTHER_SERVER, SERVER, SERVER_6, TUN, TURN, Lab
from tests.netns.looks import counted, eventually, listed, state
from tests.netns.quic import QuicEchoOrigin, quic_echo
from tests.netns.turn import Media, coturn, send_media
from tests.support.quic_packets import V1, V2, first_flight
from tests.support.running import Proxy, needs
from tierwall.events import Event
from tierwall.standins.certificates import Authority
from tierwall.standins.clients import Cause, stun_binding, udp_echo
from tierwall.standins.origins import StunOrigin, UdpEchoOrigin
from tierwall.standins.stun import binding_request, mapped_address

pytestmark = needs("turnserver", "turnutils_uclient", "ss")

SOMEBODY = "198.51.100.53"
PRIVATE = "10.99.0.5"
BRIDGE_ECHO = "203.0.113.77"
"""In a network that the site admits."""
LEASE_RUNS_OUT_S = 8.0
"""A lease and a renewal, with something to spare."""
SITE = """
admit:
  - {vendor: 8x8, tiers: [core]}
  - {hosts: [turn.corp.example, inside.corp.example], ports: [udp/3478, udp/50000]}
  - {networks: ["2001:db8:203::/64", 203.0.113.77], ports: [udp/3478, udp/49152-65535]}
deny:
  - {hosts: [bad.corp.example]}
  - {networks: [152.67.144.11], ports: [udp/10000]}
"""
CLOSED_TO_8X8 = "admit: [{vendor: vevox}]"
RECORDS = {
    ("turn.corp.example", A): address(OTHER_SERVER),
    ("turn.corp.example", AAAA): address(SERVER_6),
    ("inside.corp.example", A): address(PRIVATE),
    ("bad.corp.example", A): address(BRIDGE),
}


@pytest.fixture(scope="module")
def vendors(lab: Lab, authority: Authority, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    lab.gateway.etc("resolv.conf", f"nameserver {SERVER}\n")
    lab.server.ip(f"addr add {PRIVATE}/32 dev gateway")
    lab.server.ip(f"addr add {BRIDGE_ECHO}/32 dev gateway")
    with (
        lab.server.serving(NameServerOrigin(RECORDS, host=SERVER)),
        lab.server.serving(StunOrigin(host=TURN, port=50000)),
        lab.server.serving(StunOrigin(host=OTHER_SERVER, port=50000)),
        lab.server.serving(StunOrigin(host=PRIVATE, port=50000)),
        lab.server.serving(UdpEchoOrigin(host=BRIDGE, port=10000)),
        lab.server.serving(UdpEchoOrigin(host=SERVER_6, port=50000)),
        lab.server.serving(UdpEchoOrigin(host=BRIDGE_ECHO, port=50000)),
        lab.server.serving(UdpEchoOrigin(host=BRIDGE_ECHO, port=50002)),
        lab.server.serving(QuicEchoOrigin(authority, ["evil.example"], host=TURN, port=50443)),
        coturn(lab.server, 443, tmp_path_factory.mktemp("turn"), TURN),
        coturn(lab.server, 3478, tmp_path_factory.mktemp("turn6"), SERVER_6),
    ):
        yield


@pytest.fixture(scope="module")
def up(lab: Lab, vendors: None) -> Iterator[None]:
    before = state(lab.gateway)
    assert tierwall(lab.gateway, "gateway", "up", "--inside", "client", "--tun", TUN).status == 0
    yield
    assert tierwall(lab.gateway, "gateway", "down").status == 0
    assert state(lab.gateway) == before


@pytest.fixture(scope="module", params=[SITE], ids=["core"])
def site_file(site: Callable[[str], Path], request: pytest.FixtureRequest) -> Path:
    return site(request.param)


@pytest.fixture(scope="module")
def proxy(lab: Lab, up: None, site_file: Path) -> Iterator[Proxy]:
    with tierwall_in(lab.gateway, "--gateway", "--site", site_file) as proxy:
        yield proxy


def _leased(lab: Lab) -> bool:
    return "0x7457" in listed(lab.gateway, "lease")


def _udp_events(proxy: Proxy) -> int:
    return sum(event.network is not None and event.network.transport == "udp" for event in proxy.events())


@pytest.mark.parametrize(("server", "port"), [(TURN, 443), (SERVER_6, 3478)])
def test_admitted_turn_media_goes_past_the_proxy(lab: Lab, proxy: Proxy, server: str, port: int) -> None:
    through, direct = counted(lab.gateway, "through_proxy", "forwarded_directly")
    events = _udp_events(proxy)

    media = send_media(lab.client, server, port)

    assert media == Media(20, 20)
    assert counted(lab.gateway, "through_proxy") == (through,)
    assert counted(lab.gateway, "forwarded_directly")[0] >= direct + 2 * 20
    assert _udp_events(proxy) == events


def test_what_the_sites_deny_names_by_address_is_not_direct(lab: Lab, proxy: Proxy) -> None:
    lab.server.ip("addr add 152.67.144.11/32 dev gateway")

    happened = watch(lab, proxy, lambda: lab.client.wait(lambda: udp_echo("152.67.144.11", 10000, limit_s=0.7)))

    assert happened.outcome.cause is Cause.TIMEOUT
    assert happened.arrived.udp == 0
    assert (happened.event["event"]["reason"], happened.event["tierwall"]["tier"]) == ("site-denied", "core")


def test_quic_is_judged_by_its_name_in_an_admitted_network_too(lab: Lab, proxy: Proxy, ca: Path) -> None:
    name = "evil.example"

    happened = watch(lab, proxy, lambda: lab.client.wait(lambda: quic_echo(TURN, name, ca=ca, port=50443, limit_s=0.7)))

    assert not happened.outcome.connected
    assert happened.arrived.udp == 0
    assert happened.event == denied(
        "unlisted",
        stage="udp",
        refusal="drop",
        destination={"domain": name, "ip": TURN, "port": 50443},
        network={"transport": "udp", "protocol": "quic"},
        name_source="sni",
        tls=sni(name),
    )


MID_FLOW = {
    "a junk octet": [b"j"],
    "a short header": [b"\x40" + bytes(30)],
    "STUN": [binding_request(bytes(12))],
    "nothing": [],
}


@pytest.mark.parametrize("before", MID_FLOW.values(), ids=MID_FLOW)
@pytest.mark.parametrize("version", [V1, V2], ids=["v1", "v2"])
def test_a_flow_that_goes_straight_carries_no_quic_to_a_denied_name(
    lab: Lab, proxy: Proxy, before: list[bytes], version: int
) -> None:
    """The server would have answered: it echoes datagrams."""
    name = f"{secrets.token_hex(4)}.evil.example"

    def say() -> list[bytes]:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            client.settimeout(0.7)
            client.connect((BRIDGE_ECHO, 50002))
            for datagram in [*before, *first_flight(name, version=version), b"media"]:
                client.send(datagram)
            return list(_answers(client))

    before_it = lab.seen().udp
    heard = lab.client.inside(say)
    event = proxy.wait_for(lambda event: event.destination is not None and event.destination.domain == name)

    assert event.event.reason == "unlisted"
    assert event.source is not None
    assert event.source.ip == CLIENT
    assert not any(datagram[0] & 0x80 for datagram in heard)
    assert before == [] or before[0] in heard
    assert lab.seen().udp - before_it <= len(before) + 1


def test_quic_of_a_version_that_nobody_reads_goes_nowhere(lab: Lab, proxy: Proxy) -> None:
    draft = b"\xc0\xff\x00\x00\x1d\x08" + secrets.token_bytes(8) + bytes(1185)

    def say() -> list[bytes]:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            client.settimeout(0.7)
            client.connect((BRIDGE_ECHO, 50002))
            client.send(b"j")
            client.send(draft)
            return list(_answers(client))

    heard = lab.client.inside(say)
    event = proxy.wait_for(lambda event: event.event.reason == "malformed")

    assert heard == [b"j"]
    assert event.destination is not None
    assert (event.destination.ip, event.destination.port) == (BRIDGE_ECHO, 50002)


def test_quic_to_an_admitted_name_may_begin_in_a_flow_that_goes_straight(lab: Lab, proxy: Proxy) -> None:
    initial, stun = first_flight("turn.corp.example"), binding_request(bytes(12))

    def say() -> list[bytes]:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            client.settimeout(0.7)
            client.connect((BRIDGE_ECHO, 50000))
            heard = []
            for datagram in (stun, *initial, b"\x40short"):
                client.send(datagram)
                heard += list(islice(_answers(client), 1))
            return heard

    heard = lab.client.inside(say)
    proxy.wait_for(lambda event: event.event.action == "allowed" and _port_of(event) == 50000)

    assert heard == [stun, *initial, b"\x40short"]


def _port_of(event: Event) -> int | None:
    return None if event.destination is None else event.destination.port


def _answers(client: socket.socket) -> Iterator[bytes]:
    with suppress(TimeoutError, OSError):
        while True:
            yield client.recv(2000)


def test_a_name_opens_its_addresses_before_the_client_knows_them(lab: Lab, proxy: Proxy) -> None:
    """The datagram follows the answer at once, and is direct: the answer waited for the kernel."""
    before = watch(lab, proxy, lambda: lab.client.wait(lambda: stun_binding(OTHER_SERVER, 50000, limit_s=0.7)))
    through, direct = counted(lab.gateway, "through_proxy", "directly")

    answer = lab.client.inside(lambda: ask(SOMEBODY, "turn.corp.example"))
    outcome = lab.client.wait(lambda: stun_binding(OTHER_SERVER, 50000))

    assert before.event == denied(
        "address-only",
        stage="udp",
        refusal="drop",
        destination={"ip": OTHER_SERVER, "port": 50000},
        network={"transport": "udp"},
    )
    assert answer == Answered("noerror", (OTHER_SERVER,))
    assert outcome.ok
    assert counted(lab.gateway, "through_proxy", "directly") == (through, direct + 1)


def test_a_name_opens_its_own_ports_alone(lab: Lab, proxy: Proxy) -> None:
    lab.client.inside(lambda: ask(SOMEBODY, "turn.corp.example"))

    happened = watch(lab, proxy, lambda: lab.client.wait(lambda: udp_echo(OTHER_SERVER, 50001, limit_s=0.7)))

    assert happened.arrived.udp == 0
    assert happened.event["event"]["reason"] == "port-closed"
    assert happened.event["destination"] == {"domain": "turn.corp.example", "ip": OTHER_SERVER, "port": 50001}


def test_a_name_that_leads_to_a_private_address_opens_nothing(lab: Lab, proxy: Proxy) -> None:
    lab.client.inside(lambda: ask(SOMEBODY, "inside.corp.example"))

    happened = watch(lab, proxy, lambda: lab.client.wait(lambda: stun_binding(PRIVATE, 50000, limit_s=0.7)))

    assert happened.arrived.udp == 0
    assert happened.event["event"]["reason"] == "private-address"


def test_a_denied_name_takes_its_address_out_of_an_admitted_network(lab: Lab, proxy: Proxy) -> None:
    before = lab.client.wait(lambda: udp_echo(BRIDGE, 10000))
    lab.client.inside(lambda: ask(SOMEBODY, "bad.corp.example"))

    happened = watch(lab, proxy, lambda: lab.client.wait(lambda: udp_echo(BRIDGE, 10000, limit_s=0.7)))

    assert before.ok
    assert happened.outcome.cause is Cause.TIMEOUT
    assert happened.arrived.udp == 0
    assert happened.event["event"]["reason"] == "site-denied"
    assert happened.event["destination"] == {"domain": "bad.corp.example", "ip": BRIDGE, "port": 10000}


def test_a_flow_keeps_its_path_when_what_opened_it_is_gone(lab: Lab, proxy: Proxy) -> None:
    """Through the proxy it would have another port, in mid-call."""

    def ports() -> list[int]:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            client.settimeout(3)
            client.connect((TURN, 50000))
            found = [_mapped(client)]
            lab.gateway.nft("flush set inet tierwall_gateway direct4\n")
            found += [_mapped(client)]
            return found

    through = counted(lab.gateway, "through_proxy")
    first, second = lab.client.inside(ports)

    assert first == second
    assert counted(lab.gateway, "through_proxy") == through


def _mapped(client: socket.socket) -> int:
    transaction = secrets.token_bytes(12)
    client.send(binding_request(transaction))
    mapped = mapped_address(client.recv(500), transaction)
    assert mapped is not None
    return mapped[1]


def test_a_gateway_that_is_made_anew_is_taken_over_by_the_proxy_that_runs(lab: Lab, proxy: Proxy) -> None:
    lab.gateway.nft("flush set inet tierwall_gateway lease; flush set inet tierwall_gateway direct6")

    eventually(lambda: _leased(lab))

    assert lab.client.wait(lambda: udp_echo(SERVER_6, 50000)).ok


def test_a_changed_site_changes_what_goes_straight(lab: Lab, proxy: Proxy, site_file: Path) -> None:
    before = site_file.read_text()
    try:
        site_file.write_text(before.replace("deny:", "deny:\n  - {networks: [168.138.110.244], ports: [udp/50000]}"))
        proxy.wait_until(lambda: "168.138.110.244 . 49152-49999" in listed(lab.gateway, "direct4"))

        happened = watch(lab, proxy, lambda: lab.client.wait(lambda: stun_binding(TURN, 50000, limit_s=0.7)))

        assert happened.event["event"]["reason"] == "site-denied"
    finally:
        site_file.write_text(before)
        proxy.wait_until(lambda: "168.138.110.244 . 49152-49999" not in listed(lab.gateway, "direct4"))
    assert lab.client.wait(lambda: stun_binding(TURN, 50000)).ok


def test_status_says_what_stands(lab: Lab, proxy: Proxy) -> None:
    said = tierwall(lab.gateway, "gateway", "status")

    assert said.status == 0
    assert f"tun        {TUN}, a proxy is attached" in said.stdout
    assert "lease      a proxy renews it" in said.stdout


def test_with_the_proxy_killed_a_call_ends_within_seconds(lab: Lab, proxy: Proxy) -> None:
    """The last test of this run: it ends the proxy that the others share."""

    def talk_on() -> None:
        with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as client:
            client.settimeout(0.3)
            client.connect((SERVER_6, 50000))

            def answered() -> bool:
                client.send(b"media")
                try:
                    return client.recv(100) == b"media"
                except (TimeoutError, OSError):
                    return False

            assert answered()
            proxy.process.kill()
            proxy.process.wait()
            eventually(lambda: not answered(), LEASE_RUNS_OUT_S)

    lab.client.inside(talk_on)
    before = lab.seen()
    outcomes = [
        lab.client.wait(lambda: stun_binding(TURN, 50000, limit_s=0.5)),
        lab.client.wait(lambda: udp_echo(SERVER_6, 50000, limit_s=0.5)),
    ]
    said = tierwall(lab.gateway, "gateway", "status")

    assert not any(outcome.ok for outcome in outcomes)
    assert lab.seen() == before
    assert said.status == 1
    assert "no proxy is attached: nothing gets through" in said.stdout
    assert "no proxy renews it: nothing goes straight" in said.stdout


@pytest.mark.parametrize("site_file", [CLOSED_TO_8X8], ids=["8x8 closed"], indirect=True)
def test_where_8x8_is_closed_its_turn_media_is_core(lab: Lab, proxy: Proxy) -> None:
    happened = watch(lab, proxy, lambda: send_media(lab.client, TURN, 443, messages=1, limit_s=2))

    assert happened.outcome.received == 0
    assert happened.arrived.udp == 0
    assert happened.event == denied(
        "tier-closed",
        stage="udp",
        refusal="drop",
        destination={"ip": TURN, "port": 443},
        network={"transport": "udp"},
        tier="core",
        breaks=[TURN_RELAY],
        rule={"name": "turn-sydney", "ruleset": "8x8", "category": "core"},
    )
