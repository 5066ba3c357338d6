"""What `gateway up` refuses: every fault in one line, status 2, and the machine as it was. And what it must not cut."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.netns.command import Ended, tierwall
from tests.netns.lab import CLIENT, GATEWAY, SERVER, TUN, Lab
from tests.netns.looks import state
from tests.support.running import needs
from tierwall.standins.clients import Cause, Direct, half_close_session, udp_echo
from tierwall.standins.origins import TcpEchoOrigin, UdpEchoOrigin

UP = ("gateway", "up", "--inside", "client", "--tun", TUN)
NO_TUN = "mount -t tmpfs none /dev/net"
NO_NFT = "mount --bind /dev/null $(readlink -f $(command -v nft || echo /usr/sbin/nft))"
WORK_ELSEWHERE = "comes through --inside and would be cut off: work on the machine's console"
SEALED = "mount --bind -o ro /proc/sys /proc/sys"


@pytest.fixture
def untouched(lab: Lab) -> Iterator[None]:
    """The gateway's machine is afterwards as it was before."""
    before = state(lab.gateway)
    yield
    assert state(lab.gateway) == before


@contextmanager
def _standing(lab: Lab) -> Iterator[None]:
    assert tierwall(lab.gateway, *UP).status == 0
    try:
        yield
    finally:
        assert tierwall(lab.gateway, "gateway", "down").status == 0


@contextmanager
def _made(lab: Lab, what: str, undone: str) -> Iterator[None]:
    assert lab.gateway.run("sh", "-ec", what).returncode == 0
    try:
        yield
    finally:
        assert lab.gateway.run("sh", "-ec", undone).returncode == 0


def _refused(ended: Ended) -> list[str]:
    assert (ended.status, ended.stdout) == (2, "")
    return ended.stderr.splitlines()


def test_an_unknown_interface_an_unknown_site_and_a_bad_policy_are_said_at_once(lab: Lab, untouched: None) -> None:
    said = _refused(tierwall(lab.gateway, "gateway", "up", "--inside", "clint", "--outside", "wan", "--site", "nosuch"))

    assert said[:2] == [
        "--inside clint: there is no such interface; did you mean client?",
        "--outside wan: there is no such interface; there are client, server",
    ]
    assert len(said) == 3
    assert "nosuch" in said[2]


@pytest.mark.parametrize(
    ("made", "undone", "said"),
    [
        (
            "ip link add br0 type bridge; ip addr add 10.77.1.129/25 dev br0",
            "ip link del br0",
            "--inside client: its network 10.77.1.0/24 overlaps 10.77.1.128/25 of br0; give the clients another one",
        ),
        (
            "nft add table inet tierwall_gateway",
            "nft delete table inet tierwall_gateway",
            "the nftables table inet tierwall_gateway is somebody else's: nft delete table inet tierwall_gateway",
        ),
        (
            "ip rule add priority 7457 fwmark 1 lookup 100",
            "ip rule del priority 7457",
            "routing table 7457 or rules of priority 7457-7459 are in use: see `ip rule` and `ip -6 rule`",
        ),
        (
            f"ip tuntap add dev {TUN} mode tun",
            f"ip link del {TUN}",
            f"--tun {TUN}: the device is there already; stop the proxy that made it, `run` comes after `up`",
        ),
    ],
    ids=["overlap", "table", "rules", "tun"],
)
def test_what_is_there_already_is_left_alone(lab: Lab, untouched: None, made: str, undone: str, said: str) -> None:
    with _made(lab, made, undone):
        before = state(lab.gateway)

        assert _refused(tierwall(lab.gateway, *UP)) == [said]
        assert tierwall(lab.gateway, "gateway", "down").stderr == "no gateway is up here\n"
        assert state(lab.gateway) == before


@needs("setpriv")
def test_without_the_right_to_it_nothing_is_tried(lab: Lab, untouched: None) -> None:
    said = _refused(tierwall(lab.gateway, *UP, through=("setpriv", "--bounding-set", "-net_admin")))

    assert said == ["CAP_NET_ADMIN is missing: run as root; in a container, add --cap-add NET_ADMIN"]


@needs("unshare", "mount")
@pytest.mark.parametrize(
    ("without", "said"),
    [
        (NO_TUN, "there is no /dev/net/tun: modprobe tun; in a container, add --device /dev/net/tun"),
        (NO_NFT, "nft is not installed (package nftables): it shows and loads the kernel's packet filter"),
    ],
    ids=["tun", "nft"],
)
def test_what_it_needs_and_is_missing_is_named(lab: Lab, untouched: None, without: str, said: str) -> None:
    through = ("unshare", "-m", "sh", "-ec", f'{without}; exec "$@"', "-")

    assert _refused(tierwall(lab.gateway, *UP, through=through)) == [said]


@needs("unshare", "mount")
def test_where_its_last_step_fails_all_before_is_taken_back(lab: Lab) -> None:
    """Forwarding is that step, and /proc/sys cannot be written: as in a container that is not privileged."""
    lab.gateway.run("sysctl", "-q", "-w", "net.ipv4.ip_forward=0")
    before = state(lab.gateway)
    try:
        ended = tierwall(lab.gateway, *UP, through=("unshare", "-m", "sh", "-ec", f'{SEALED}; exec "$@"', "-"))

        assert ended.status == 2
        assert ended.stderr == (
            "sysctl -q -w net.ipv4.ip_forward=1: Read-only file system; in a container, set it from outside with "
            "--sysctl (all that was done before was taken back)\n"
        )
        assert state(lab.gateway) == before
    finally:
        lab.gateway.run("sysctl", "-q", "-w", "net.ipv4.ip_forward=1")


def test_a_gateway_that_is_up_is_not_put_up_twice(lab: Lab, untouched: None) -> None:
    with _standing(lab):
        assert _refused(tierwall(lab.gateway, *UP)) == ["a gateway is up here already: `tierwall gateway down` first"]


def test_a_proxy_serves_only_a_gateway_that_is_there(lab: Lab, untouched: None) -> None:
    assert _refused(tierwall(lab.gateway, "run", "--gateway", "--workers", 2)) == [
        "--gateway needs one process: run it with --workers 1",
        "--gateway: no gateway is up here; `tierwall gateway up --inside IFACE` first",
    ]


def test_a_firewall_that_drops_what_is_forwarded_is_warned_of(lab: Lab, untouched: None) -> None:
    chain = "add table ip filter; add chain ip filter FORWARD { type filter hook forward priority 0; policy drop; }"
    lab.gateway.nft(chain)
    try:
        said = tierwall(lab.gateway, *UP, "--dry-run")
    finally:
        lab.gateway.nft("delete table ip filter")

    assert said.status == 0
    assert said.stderr == (
        "ip filter FORWARD drops what is forwarded, whatever the gateway accepts: "
        "iptables -I FORWARD -i client -j ACCEPT; iptables -I FORWARD -o client -j ACCEPT\n"
    )


def test_settings_of_the_kernel_are_as_they_were_afterwards(lab: Lab) -> None:
    off = ("net.ipv4.ip_forward=0", "net.ipv6.conf.all.forwarding=0", "net.ipv4.conf.all.rp_filter=1")
    was = [lab.gateway.run("sysctl", key.partition("=")[0]).stdout.replace(" ", "").strip() for key in off]
    lab.gateway.run("sysctl", "-q", "-w", *off)
    try:
        before = state(lab.gateway)
        with _standing(lab):
            on = lab.gateway.run("sysctl", "-n", *(key.partition("=")[0] for key in off)).stdout.split()
        after = state(lab.gateway)
    finally:
        lab.gateway.run("sysctl", "-q", "-w", *was)

    assert on == ["1", "1", "2"]
    assert after == before


def test_a_session_with_the_machine_itself_survives_up_and_down(lab: Lab, untouched: None) -> None:
    """From inside, as somebody who sits behind the gateway would have it."""
    ssh = f"{CLIENT} 50022 {GATEWAY} 2222"
    with lab.gateway.serving(TcpEchoOrigin(host=GATEWAY, port=2222)):

        def talk() -> list[bytes]:
            heard = []
            with socket.create_connection((GATEWAY, 2222), timeout=3) as client:
                for act in (("gateway", "status"), UP, ("gateway", "status"), ("gateway", "down")):
                    tierwall(lab.gateway, *act, ssh=ssh)
                    client.sendall(act[1].encode())
                    heard.append(client.recv(100))
            return heard

        assert lab.client.inside(talk) == [b"status", b"up", b"status", b"down"]


@pytest.mark.parametrize(
    ("ssh", "said"),
    [
        (
            f"{CLIENT} 50022 {SERVER} 22",
            f"this SSH session ({CLIENT} to {SERVER}) {WORK_ELSEWHERE}",
        ),
        (
            f"{CLIENT} 50022 {GATEWAY} 8080",
            "--port 8080: sshd listens there, and clients would be led to it; choose another",
        ),
    ],
    ids=["through", "port"],
)
def test_a_session_that_would_be_cut_off_is_a_reason_to_refuse(lab: Lab, untouched: None, ssh: str, said: str) -> None:
    assert _refused(tierwall(lab.gateway, *UP, ssh=ssh)) == [said]


def test_what_is_left_of_a_gateway_is_removed(lab: Lab, untouched: None) -> None:
    """Somebody flushed nftables, and deleted the tun device: nothing gets out meanwhile, and `down` tidies up."""
    assert tierwall(lab.gateway, *UP).status == 0
    with lab.server.serving(UdpEchoOrigin(host=SERVER, port=10000)):
        lab.gateway.nft("flush ruleset")
        flushed = tierwall(lab.gateway, "gateway", "status")
        before = lab.seen()
        udp = lab.client.wait(lambda: udp_echo(SERVER, 10000, limit_s=0.5))
        tcp = lab.client.wait(lambda: half_close_session(Direct(), SERVER, 10000, limit_s=0.5))
        arrived = lab.seen()
    lab.gateway.ip(f"link del {TUN}")
    gone = tierwall(lab.gateway, "gateway", "status")

    assert tierwall(lab.gateway, "gateway", "down").status == 0
    assert "inet tierwall_gateway is gone: nothing from inside gets out" in flushed.stdout
    assert (udp.cause, tcp.cause, arrived) == (Cause.TIMEOUT, Cause.TIMEOUT, before)
    assert (gone.status, gone.stdout.splitlines()) == (
        1,
        ["gateway    none is up here; something of one is left: `tierwall gateway down` removes it"],
    )


def test_what_goes_straight_is_shown_before_anything_is_done(lab: Lab, untouched: None, tmp_path: Path) -> None:
    site = tmp_path / "site.yaml"
    site.write_text("version: 1\nsite: media\nadmit:\n  - {networks: [198.51.100.0/24], ports: [udp/10000]}\n")

    printed = tierwall(lab.gateway, *UP, "--site", site, "--dry-run").stdout

    assert "add element inet tierwall_gateway direct4 { 198.51.100.0-198.51.100.255 . 10000 }" in printed
