"""Mode wireguard: one client configuration, a real client, and keys that only their owner can read."""

import configparser
import re
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.netns.clients import curl
from tests.netns.dns_packets import Answered, NameServerOrigin, address, ask
from tests.netns.events import AMPLITUDE, denied, sni, watch
from tests.netns.gateway import tierwall_in
from tests.netns.lab import BRIDGE, GATEWAY, PATH, SERVER, Lab
from tests.support.running import Proxy, needs
from tests.support.waiting import eventually
from tierwall.standins.certificates import Authority
from tierwall.standins.clients import Direct, fetch_https, udp_echo
from tierwall.standins.origins import HttpsOrigin, UdpEchoOrigin

INSIDE = "10.0.0.1"
DNS = "10.0.0.53"


@pytest.fixture(scope="module")
def proxy(lab: Lab) -> Iterator[Proxy]:
    lab.gateway.etc("resolv.conf", f"nameserver {SERVER}\n")
    with tierwall_in(lab.gateway, "--mode", f"wireguard@{GATEWAY}:51820", "--site", "8x8-core-only") as proxy:
        yield proxy


@pytest.fixture(scope="module")
def configuration(proxy: Proxy) -> Path:
    """What a user gives their WireGuard app."""
    return next(proxy.journal.parent.rglob("tierwall.conf"))


@pytest.fixture
def device(lab: Lab, configuration: Path, tmp_path: Path) -> Iterator[None]:
    """A real client in the client's namespace, through which everything goes."""
    said = configparser.ConfigParser()
    said.read(configuration)
    key = tmp_path / "key"
    key.write_text(said["Interface"]["PrivateKey"])
    client = lab.client.start("wireguard-go", "-f", "wg0", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        peer = ("peer", said["Peer"]["PublicKey"], "endpoint", said["Peer"]["Endpoint"], "allowed-ips", "0.0.0.0/0")
        eventually(lambda: lab.client.run("wg", "set", "wg0", "private-key", key, *peer).returncode == 0)
        lab.client.ip(f"addr add {INSIDE}/32 dev wg0")
        lab.client.ip("link set wg0 up")
        lab.client.ip("route replace default dev wg0")
        yield
    finally:
        client.terminate()
        client.wait()
        lab.client.ip(f"route replace default via {GATEWAY}")


def test_nobody_else_can_read_the_keys(configuration: Path) -> None:
    for path in (configuration, configuration.with_name("wireguard.conf")):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_no_key_is_on_the_console_or_in_the_journal(proxy: Proxy, configuration: Path) -> None:
    said = configparser.ConfigParser()
    said.read(configuration)
    keys = configuration.with_name("wireguard.conf").read_text().split('"')
    secrets = [said["Interface"]["PrivateKey"], *(key for key in keys if key.endswith("="))]

    heard = proxy.console() + "\n".join(proxy.lines())

    assert len(secrets) == 3
    assert not [secret for secret in secrets if secret in heard]


@needs("wg-quick")
def test_wg_quick_takes_the_file_under_the_name_that_is_printed(proxy: Proxy, configuration: Path) -> None:
    printed = re.search(r"wg-quick up (\S+)", proxy.console())
    done = subprocess.run(["wg-quick", "strip", str(configuration)], capture_output=True, text=True, check=False)

    assert printed is not None
    assert printed[1] == str(configuration)
    assert (done.returncode, "[Peer]" in done.stdout) == (0, True), done.stderr


RESOLVCONF = """#!/bin/sh
[ "$1" = -d ] || cat > /etc/resolv.conf
"""
"""What `DNS =` needs of resolvconf: `-a IFACE` with name servers on stdin, `-d IFACE` at the end (resolvconf(8))."""


@pytest.fixture
def up(lab: Lab, configuration: Path, tmp_path: Path) -> Iterator[None]:
    """The tunnel as a user makes it, with the printed file as it is; its DNS is the client's meanwhile."""
    lab.client.etc("resolv.conf", "nameserver 192.0.2.1\n")
    resolvconf = tmp_path / "resolvconf"
    resolvconf.write_text(RESOLVCONF)
    resolvconf.chmod(0o755)
    there = ("env", f"PATH={tmp_path}:{PATH}", "wg-quick")
    done = lab.client.run(*there, "up", configuration, limit_s=20)
    assert done.returncode == 0, done.stderr
    yield
    done = lab.client.run(*there, "down", configuration, limit_s=20)
    assert done.returncode == 0, done.stderr


@needs("wg-quick", "wireguard-go", "curl", "nft")
def test_wg_quick_up_with_the_printed_file_leads_everything_here_names_too(
    lab: Lab, up: None, authority: Authority, ca: Path
) -> None:
    names = ("8x8.vc", "www.gravatar.com")
    with (
        lab.server.serving(NameServerOrigin({(name, 1): address(SERVER) for name in names}, host=SERVER)),
        lab.server.serving(HttpsOrigin(authority, list(names), host=SERVER, port=443)) as web,
    ):
        allowed, denied = (curl(lab.client, "--cacert", ca, f"https://{name}/") for name in names)
        asked = list(web.reached.names)

    assert (allowed[0], "<title>8x8.vc</title>" in allowed[1]) == (0, True), allowed
    assert (denied[0], "access denied" in denied[1]) == (35, True), denied
    assert asked == ["8x8.vc"]


@needs("wg", "wireguard-go")
def test_a_real_client_gets_what_the_site_admits_and_no_more(
    lab: Lab, proxy: Proxy, device: None, authority: Authority, ca: Path
) -> None:
    name = "api.amplitude.com"
    with (
        lab.server.serving(NameServerOrigin({("8x8.vc", 1): address(SERVER)}, host=SERVER)),
        lab.server.serving(HttpsOrigin(authority, ["8x8.vc", name], host=SERVER, port=443)),
        lab.server.serving(UdpEchoOrigin(host=BRIDGE, port=10000)),
    ):
        answer = lab.client.inside(lambda: ask(DNS, "8x8.vc"))
        admitted = watch(
            lab, proxy, lambda: lab.client.wait(lambda: fetch_https(Direct(address=SERVER), "8x8.vc", ca=ca))
        )
        media = watch(lab, proxy, lambda: lab.client.wait(lambda: udp_echo(BRIDGE, 10000)))
        refused = watch(lab, proxy, lambda: lab.client.wait(lambda: fetch_https(Direct(address=SERVER), name, ca=ca)))

    assert answer == Answered("noerror", (SERVER,))
    assert admitted.outcome.issuer == "tierwall demo origins CA"
    assert media.outcome.ok
    assert refused.arrived.tcp == 0
    assert refused.event == denied(
        "tier-closed",
        stage="clienthello",
        refusal="alert",
        destination={"domain": name, "ip": SERVER, "port": 443},
        network={"transport": "tcp", "protocol": "tls"},
        name_source="sni",
        site="8x8-core-only",
        client=INSIDE,
        tls=sni(name),
        **AMPLITUDE,
    )
