"""`tierwall doctor` as a process on real ports, in real network namespaces: found, and gone when mended."""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.netns.lab import Machine
from tests.support.running import ADDON, as_user, needs, running_proxy

LIMIT_S = 30.0
NOBODY = 65534
RESOLVER = """
import socket
held = socket.socket(type=socket.SOCK_DGRAM)
held.bind(("0.0.0.0", 53))
print(flush=True)
input()
"""
"""Holds the port, says so, and waits to be told to end."""
DOCTOR = [sys.executable, "-m", "tierwall", "doctor", "--json"]


@pytest.fixture
def clean(tmp_path: Path) -> dict[str, str]:
    """The environment of a user without any proxy, in a home of their own."""
    kept = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    return kept | {"PYTHONPATH": str(ADDON), "HOME": str(tmp_path), "XDG_STATE_HOME": str(tmp_path / "state")}


@pytest.fixture
def namespace() -> Iterator[Machine]:
    """A network namespace with nothing in it but a device that an IPv6 default route can lead to."""
    machine = Machine(f"twdoctor{os.getpid()}")
    subprocess.run(["ip", "netns", "add", machine.name], check=True, timeout=LIMIT_S)
    try:
        machine.ip("link set lo up")
        machine.ip("link add outside type veth peer name beyond")
        machine.ip("link set outside up")
        machine.ip("link set beyond up")
        yield machine
    finally:
        subprocess.run(["ip", "netns", "del", machine.name], check=True, timeout=LIMIT_S)


def doctor(env: dict[str, str], *arguments: str, before: tuple[str, ...] = ()) -> tuple[int, dict[str, list[str]], Any]:
    """Its status, what it found by check, and what it says that it could not see."""
    ended = subprocess.run(
        [*before, *DOCTOR, *arguments], env=env, capture_output=True, text=True, timeout=LIMIT_S, check=False
    )
    print(ended.stdout, ended.stderr)
    said = json.loads(ended.stdout)
    found: dict[str, list[str]] = {}
    for each in said["findings"]:
        if each["level"] == "finding":
            found.setdefault(each["check"], []).append(each["what"])
    return ended.returncode, found, said["not_seen"]


def inside(machine: Machine, env: dict[str, str], *arguments: str) -> dict[str, list[str]]:
    return doctor(env, *arguments, before=("ip", "netns", "exec", machine.name))[1]


def test_another_process_on_the_port_is_found_until_it_is_gone(clean: dict[str, str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        status, found, _ = doctor(clean, "--listen", f"127.0.0.1:{port}")
    _, after, _ = doctor(clean, "--listen", f"127.0.0.1:{port}")

    assert (status, "port" in after) == (1, False)
    assert found["port"][0].startswith(f"127.0.0.1:{port} is taken by ")
    assert f"(pid {os.getpid()})" in found["port"][0]


@pytest.mark.parametrize("mode", ["regular", "socks5"])
def test_a_tierwall_on_the_port_is_what_should_be_there(clean: dict[str, str], mode: str) -> None:
    with running_proxy("--mode", mode) as proxy:
        _, found, _ = doctor(clean, "--listen", f"127.0.0.1:{proxy.port}")

        assert "port" not in found
        assert proxy.events() == []


def test_a_proxy_variable_and_block_global_are_found(clean: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / ".mitmproxy").mkdir()
    (tmp_path / ".mitmproxy/config.yaml").write_text("block_global: true\n")
    status, found, _ = doctor(clean | {"https_proxy": "http://ann:secret@proxy.corp:3128", "no_proxy": "8x8.vc"})

    assert status == 1
    assert found["environment"] == [
        "https_proxy sends programs to proxy.corp:3128, not to this proxy",
        "no_proxy keeps 8x8.vc from every proxy",
    ]
    assert [what.partition(":")[0] for what in found["mitmproxy"]] == [
        f"{tmp_path}/.mitmproxy/config.yaml has block_global"
    ]


def test_a_site_that_inspects_needs_the_lab_ca(clean: dict[str, str], tmp_path: Path) -> None:
    site = tmp_path / "site.yaml"
    site.write_text("version: 1\nsite: inspecting\nadmit: []\nbehaviours: [{behaviour: tls-inspection}]\n")

    assert doctor(clean, "--site", str(site))[1]["ca"] == ["the site inspects, and there is no lab CA yet"]
    assert "ca" not in doctor(clean)[1]


@needs("namespaces")
def test_a_gateways_kernel_settings_are_found_until_they_are_mended(namespace: Machine, clean: dict[str, str]) -> None:
    namespace.ip("tuntap add twtun mode tun")
    namespace.run("sysctl", "-qw", "net.ipv4.ip_forward=0", "net.ipv4.conf.twtun.rp_filter=1")
    wrong = inside(namespace, clean)
    namespace.run("sysctl", "-qw", "net.ipv4.ip_forward=1", "net.ipv4.conf.twtun.rp_filter=2")
    mended = inside(namespace, clean)

    assert wrong["forwarding"] == ["net.ipv4.ip_forward is 0: clients' UDP goes nowhere"]
    assert wrong["rp_filter"] == ["rp_filter is strict on twtun: what the proxy answers there is dropped"]
    assert {"forwarding", "rp_filter"}.isdisjoint(mended)


@needs("namespaces")
def test_ipv6_that_goes_past_is_found_until_it_is_led_here(namespace: Machine, clean: dict[str, str]) -> None:
    nft(namespace, "ip")
    namespace.run("sysctl", "-qw", "net.ipv6.conf.all.forwarding=1")
    namespace.ip("-6 route add default dev outside")
    wrong = inside(namespace, clean)
    nft(namespace, "inet")
    namespace.ip("-6 rule add fwmark 1 lookup 100")
    mended = inside(namespace, clean)

    assert wrong["ipv6"] == ["IPv6 is forwarded past the proxy: TCP and UDP"]
    assert "ipv6" not in mended


@needs("namespaces", "nsenter")
def test_a_redirect_in_another_namespace_than_the_proxys_is_found(namespace: Machine, clean: dict[str, str]) -> None:
    with socket.create_server(("0.0.0.0", 0)) as proxy:
        port = proxy.getsockname()[1]
        nft(namespace, "inet", port)
        _, found, _ = doctor(clean)
    (mine,) = (what for what in found["redirect"] if namespace.name in what)

    start = f"nftables in network namespace {namespace.name} redirects to port {port}, where nothing listens"
    assert mine == f"{start}, though something does in namespace this one"


@needs("namespaces")
def test_a_resolver_of_somebody_elses_is_found(namespace: Machine, clean: dict[str, str]) -> None:
    program = (
        "import socket\ns = socket.socket(type=socket.SOCK_DGRAM)\ns.bind(('0.0.0.0', 53))\nprint(flush=True)\ninput()"
    )
    other = namespace.start(sys.executable, "-c", program, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        assert other.stdout is not None
        other.stdout.readline()
        found = inside(namespace, clean, "--gateway")
    finally:
        other.communicate("\n", timeout=LIMIT_S)

    assert len(found["dns"]) == 1
    assert found["dns"][0].startswith("0.0.0.0:53/udp answers clients' DNS, and is python")
    assert "dns" not in inside(namespace, clean, "--gateway")


@needs("root", "setpriv")
def test_without_root_it_says_what_it_could_not_see(clean: dict[str, str]) -> None:
    _, found, not_seen = doctor(clean, before=as_user(NOBODY))

    assert not_seen[0] == "nftables' rules, other network namespaces and other users' processes: that needs root"
    assert "redirect" not in found


def nft(machine: Machine, family: str, port: int = 8080) -> None:
    """A redirect of what clients send."""
    rule = "type nat hook prerouting priority dstnat; meta l4proto tcp fib daddr type != local"
    table = f"table {family} doc {{\n chain c {{\n {rule} redirect to :{port}\n }}\n}}\n"
    ended = machine.run("nft", "-f", "-", stdin=table)
    assert ended.returncode == 0, ended.stderr
