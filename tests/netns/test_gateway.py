"""`tierwall gateway` on the machine in the middle: what it makes, what gets through, and that nothing of it stays."""

import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.netns.clients import curl
from tests.netns.command import tierwall
from tests.netns.dns_packets import A, NameServerOrigin, address
from tests.netns.events import AMPLITUDE, denied, sni, watch
from tests.netns.gateway import tierwall_in
from tests.netns.lab import BRIDGE, CLIENT, CLIENT_6, GATEWAY, GATEWAY_6, SERVER, SERVER_6, TUN, Lab
from tests.netns.looks import listed, state
from tests.support.running import Proxy, needs
from tests.support.waiting import eventually
from tierwall.standins.certificates import Authority
from tierwall.standins.clients import Cause, Direct, fetch_https, udp_echo
from tierwall.standins.origins import HttpsOrigin, TcpEchoOrigin, UdpEchoOrigin

LEASE_RUNS_OUT_S = 8.0
SOMEBODY = "198.51.100.53"
SOMEBODY_6 = "2001:db8:53::53"
NAMES = ["8x8.vc", "api.amplitude.com"]


@pytest.fixture(scope="module")
def vendors(lab: Lab, authority: Authority) -> Iterator[None]:
    lab.gateway.etc("resolv.conf", f"nameserver {SERVER}\n")
    with (
        lab.server.serving(HttpsOrigin(authority, NAMES, host=SERVER, port=443)),
        lab.server.serving(HttpsOrigin(authority, NAMES, host=SERVER_6, port=443)),
        lab.server.serving(UdpEchoOrigin(host=SERVER, port=10000)),
        lab.server.serving(UdpEchoOrigin(host=SERVER_6, port=10000)),
        lab.server.serving(NameServerOrigin({("8x8.vc", A): address(BRIDGE)}, host=SERVER)),
    ):
        yield


@pytest.fixture(scope="module")
def up(lab: Lab, vendors: None) -> Iterator[None]:
    """A gateway without a proxy; the machine is as it was afterwards."""
    before = state(lab.gateway)
    assert tierwall(lab.gateway, "gateway", "up", "--inside", "client", "--tun", TUN).status == 0
    yield
    assert tierwall(lab.gateway, "gateway", "down").status == 0
    assert state(lab.gateway) == before


@pytest.fixture(scope="module")
def proxy(lab: Lab, up: None, site: Callable[[str], Path]) -> Iterator[Proxy]:
    rules = "admit: [{vendor: 8x8, tiers: [core]}, {networks: [203.0.113.0/24], ports: [udp/5000]}]"
    with tierwall_in(lab.gateway, "--gateway", "--site", site(rules)) as proxy:
        yield proxy


def test_a_dry_run_prints_all_and_does_nothing(lab: Lab) -> None:
    before = state(lab.gateway)

    printed = tierwall(lab.gateway, "gateway", "up", "--inside", "client", "--dry-run")

    assert printed.status == 0
    assert "table inet tierwall_gateway {" in printed.stdout
    assert "ip -6 rule add priority 7459 iif client blackhole" in printed.stdout
    assert state(lab.gateway) == before


def test_up_sums_up_in_a_few_lines_and_prints_all_with_v(lab: Lab) -> None:
    before = state(lab.gateway)
    brief = tierwall(lab.gateway, "gateway", "up", "--inside", "client")
    assert tierwall(lab.gateway, "gateway", "down").status == 0
    whole = tierwall(lab.gateway, "gateway", "up", "--inside", "client", "-v")
    assert tierwall(lab.gateway, "gateway", "down").status == 0

    lines = brief.stdout.splitlines()
    assert [line.split()[0] for line in lines][:3] == ["gateway", "nftables", "routing"]
    assert lines[0].startswith("gateway    from client to ")
    assert len(lines) <= 4
    assert "-v prints each of them" in brief.stderr
    assert "ip -6 rule add priority 7459 iif client blackhole" in whole.stdout
    assert len(whole.stdout.splitlines()) > 50
    assert state(lab.gateway) == before


def test_what_a_dry_run_prints_does_the_same(lab: Lab) -> None:
    before = state(lab.gateway)
    script = tierwall(lab.gateway, "gateway", "up", "--inside", "client", "--dry-run").stdout

    assert lab.gateway.run("sh", "-e", stdin=script).returncode == 0
    by_script = state(lab.gateway)
    assert tierwall(lab.gateway, "gateway", "down").status == 0
    assert state(lab.gateway) == before
    assert tierwall(lab.gateway, "gateway", "up", "--inside", "client").status == 0
    by_command = state(lab.gateway)
    assert tierwall(lab.gateway, "gateway", "down").status == 0

    assert by_script == by_command
    assert state(lab.gateway) == before


def test_without_a_proxy_nothing_gets_through(lab: Lab, up: None, ca: Path) -> None:
    before = lab.seen()

    tcp = lab.client.wait(lambda: fetch_https(Direct(address=SERVER), "8x8.vc", ca=ca))
    tcp_6 = lab.client.wait(lambda: fetch_https(Direct(address=SERVER_6), "8x8.vc", ca=ca))
    udp = lab.client.wait(lambda: udp_echo(SERVER, 10000, limit_s=0.5))
    udp_6 = lab.client.wait(lambda: udp_echo(SERVER_6, 10000, limit_s=0.5))

    assert [tcp.cause, tcp_6.cause] == [Cause.UNREACHABLE, Cause.UNREACHABLE]
    assert not udp.ok
    assert not udp_6.ok
    assert lab.seen() == before


@pytest.mark.parametrize("there", [SERVER, SERVER_6])
def test_admitted_tcp_reaches_its_server_untouched(lab: Lab, proxy: Proxy, ca: Path, there: str) -> None:
    happened = watch(lab, proxy, lambda: lab.client.wait(lambda: fetch_https(Direct(address=there), "8x8.vc", ca=ca)))

    assert happened.outcome.issuer == "tierwall demo origins CA"
    assert happened.event["destination"] == {"domain": "8x8.vc", "ip": there, "port": 443}


@needs("curl")
@pytest.mark.parametrize(("there", "client"), [(SERVER, CLIENT), (SERVER_6, CLIENT_6)])
def test_denied_tcp_gets_the_alert(lab: Lab, proxy: Proxy, there: str, client: str) -> None:
    name = "api.amplitude.com"
    where = f"{name}:443:{f'[{there}]' if ':' in there else there}"

    happened = watch(lab, proxy, lambda: curl(lab.client, "-g", "--resolve", where, f"https://{name}/"))

    assert happened.outcome[0] == 35
    assert happened.arrived.tcp == 0
    assert happened.event == denied(
        "tier-closed",
        stage="clienthello",
        refusal="alert",
        destination={"domain": name, "ip": there, "port": 443},
        network={"transport": "tcp", "protocol": "tls"},
        name_source="sni",
        client=client,
        tls=sni(name),
        **AMPLITUDE,
    )


@pytest.mark.parametrize(
    ("there", "client", "reason"), [(SERVER, CLIENT, "port-closed"), (SERVER_6, CLIENT_6, "address-only")]
)
def test_denied_udp_is_silence(lab: Lab, proxy: Proxy, there: str, client: str, reason: str) -> None:
    happened = watch(lab, proxy, lambda: lab.client.wait(lambda: udp_echo(there, 10000, limit_s=0.7)))

    assert happened.outcome.cause is Cause.TIMEOUT
    assert happened.arrived.udp == 0
    assert happened.event == denied(
        reason,
        stage="udp",
        refusal="drop",
        destination={"ip": there, "port": 10000},
        network={"transport": "udp"},
        client=client,
    )


@needs("dig")
@pytest.mark.parametrize("server", [SOMEBODY, SOMEBODY_6, GATEWAY, GATEWAY_6])
@pytest.mark.parametrize("transport", ["+notcp", "+tcp"])
def test_whatever_name_server_is_asked_the_lab_answers(lab: Lab, proxy: Proxy, server: str, transport: str) -> None:
    asked = lab.client.run("dig", "+short", "+tries=1", "+time=3", transport, f"@{server}", "8x8.vc")

    assert asked.stdout == f"{BRIDGE}\n"


def test_what_is_addressed_to_the_gateway_itself_is_not_touched(lab: Lab, proxy: Proxy) -> None:
    with (
        lab.gateway.serving(TcpEchoOrigin(host=GATEWAY, port=2222)),
        lab.gateway.serving(UdpEchoOrigin(host=GATEWAY, port=2222)),
    ):

        def converse() -> bytes:
            with socket.create_connection((GATEWAY, 2222), timeout=3) as client:
                client.sendall(b"SSH-2.0-client")
                return client.recv(100)

        assert lab.client.inside(converse) == b"SSH-2.0-client"
        assert lab.client.wait(lambda: udp_echo(GATEWAY, 2222)).ok


def test_with_the_proxy_killed_nothing_gets_through(lab: Lab, proxy: Proxy, ca: Path) -> None:
    """The last test of this file: it ends the proxy that the others share."""
    proxy.process.kill()
    proxy.process.wait()
    eventually(lambda: "0x" not in listed(lab.gateway, "lease"), LEASE_RUNS_OUT_S)
    before = lab.seen()

    tcp = lab.client.wait(lambda: fetch_https(Direct(address=SERVER), "8x8.vc", ca=ca))
    udp = [lab.client.wait(lambda to=to: udp_echo(to, 5000, limit_s=0.5)) for to in (SERVER, SERVER_6)]
    lab.gateway.ip(f"link del {TUN}")
    udp += [lab.client.wait(lambda to=to: udp_echo(to, 5000, limit_s=0.5)) for to in (SERVER, SERVER_6)]

    assert tcp.cause is Cause.UNREACHABLE
    assert not any(outcome.ok for outcome in udp)
    assert lab.seen() == before
