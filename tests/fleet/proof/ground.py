"""Two machines for an Envoy: clients on one, Envoy with its names and every server of the internet on the other.

Knows network namespaces, nftables and where programs run. Whatever Envoy's machine sends to an address that is not its
own is answered by one origin, which says where it was meant for: so that what arrives is seen, and where.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from tests.netns.lab import Machine
from tests.support.needs import PATH
from tests.support.waiting import eventually

GATEWAY: Final = "10.99.0.1"
CLIENT: Final = "10.99.0.2"
PROXY_PORT: Final = 8080
REDIRECTED_PORT: Final = 8081
ADMIN_PORT: Final = 9901
ORIGIN_PORT: Final = 9000
SERVING: Final = "serving"
"""What the servers say when they answer."""
UID: Final = 65534
"""Of Envoy, as the guard knows it."""

ROOT: Final = Path(__file__).resolve().parents[3]
_START_S: Final = 20.0
_ETC: Final = Path("/etc/netns")
_ROUTES: Final = f"""
table ip ground {{
  chain out {{
    type nat hook output priority -100;
    ip daddr != {{ 127.0.0.0/8, 10.99.0.0/24 }} meta l4proto tcp redirect to :{ORIGIN_PORT}
  }}
  chain dead {{
    type filter hook output priority -150;
    ip daddr 203.0.113.99 tcp flags syn reject with tcp reset
  }}
  chain arriving {{
    type nat hook prerouting priority -100;
    iifname outside ip daddr != {GATEWAY} meta l4proto tcp redirect to :{REDIRECTED_PORT}
  }}
}}
"""


@dataclass
class Ground:
    """Both machines, and what runs there."""

    clients: Machine
    gateway: Machine
    folder: Path
    children: list[subprocess.Popen[str]] = field(default_factory=list)

    @property
    def arrivals(self) -> list[str]:
        """`address:port` of every connection that reached the origin."""
        return (self.folder / "arrivals").read_text().splitlines()

    def start(self, machine: Machine, *command: object, log: str) -> subprocess.Popen[str]:
        """Start a program; it is ended with the ground. What it says goes to a file."""
        with (self.folder / log).open("a") as said:
            child = machine.start(*command, stdout=said, stderr=subprocess.STDOUT, cwd=ROOT, env=environment())
        self.children.append(child)
        return child

    def end(self, child: subprocess.Popen[str]) -> None:
        """End one of them."""
        child.terminate()
        child.wait()
        self.children.remove(child)


def environment() -> dict[str, str]:
    """What Python programs of this clone need."""
    clean = {key: value for key, value in os.environ.items() if not key.lower().endswith("_proxy")}
    return clean | {"PYTHONPATH": f"{ROOT}:{ROOT / 'addon'}", "PATH": PATH}


@contextmanager
def ground(folder: Path) -> Iterator[Ground]:
    """Make both; leave nothing. Needs root."""
    clients, gateway = (Machine(f"fl{os.getpid()}{part}") for part in "cg")
    with ExitStack() as cleaning:
        for machine in (clients, gateway):
            subprocess.run(["ip", "netns", "add", machine.name], check=True)
            cleaning.callback(subprocess.run, ["ip", "netns", "del", machine.name], check=False)
            machine.ip("link set lo up")
        etc = _ETC / gateway.name
        etc.mkdir(parents=True)
        cleaning.callback(shutil.rmtree, etc)
        (etc / "resolv.conf").write_text("nameserver 127.0.0.53\noptions timeout:1 attempts:1\n")
        (etc / "nsswitch.conf").write_text("hosts: dns\n")
        clients.ip(f"link add outside type veth peer name inside netns {gateway.name}")
        gateway.ip("link set inside name outside")
        for machine, address in ((clients, CLIENT), (gateway, GATEWAY)):
            machine.ip(f"addr add {address}/24 dev outside")
            machine.ip("link set outside up")
        clients.ip(f"route add default via {GATEWAY}")
        gateway.ip("route add local default dev lo")
        gateway.nft(_ROUTES)
        clients.run("sysctl", "-qw", "net.ipv4.ip_local_port_range=1024 65535", "net.ipv4.tcp_tw_reuse=1")
        made = Ground(clients, gateway, folder)
        cleaning.callback(_end_all, made)
        (folder / "arrivals").touch()
        words = (sys.executable, "-m", "tests.fleet.proof.servers", folder / "arrivals")
        servers = made.start(gateway, *words, log="servers.log")
        eventually(
            lambda: SERVING in (folder / "servers.log").read_text(), _START_S, ended=lambda: servers.poll() is not None
        )
        yield made


def _end_all(made: Ground) -> None:
    for child in list(made.children):
        made.end(child)
