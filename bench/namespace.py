"""A network namespace for what loopback alone cannot show: names from a DNS server, and redirected connections.

Knows `ip`, dnsmasq and iptables. The origin is at addresses of its own, which no policy takes for private ones.
"""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Final

from bench.ground import REPLY_OCTETS, Ground, free_port
from bench.processes import Running, until_listening

ADDRESS: Final = "203.0.113.10"
"""The origin's, to which its name leads: RFC 5737, TEST-NET-3."""
NETWORK: Final = "203.0.113.0/24"
_TTL_S: Final = 60


class NoNamespace(Exception):
    """What the machine lacks for it."""


def check_needed(*programs: str) -> None:
    """That namespaces can be made here, and have these in them. Raises NoNamespace."""
    lacks = [program for program in programs if shutil.which(program) is None]
    if os.geteuid() or lacks:
        raise NoNamespace(f"needs root and {', '.join(lacks)}" if lacks else "needs root")


@contextmanager
def namespace(ground: Ground) -> Iterator[Ground]:
    """The ground in there, with an origin and a DNS server. Raises NoNamespace."""
    check_needed("ip", "dnsmasq", "iptables", "setpriv", "sysctl")
    name, port = f"tierwall-bench-{os.getpid()}", free_port()
    inside = ("ip", "netns", "exec", name)
    etc, folder = Path("/etc/netns") / name, ground.folder / "namespace"
    folder.mkdir(exist_ok=True)
    with ExitStack() as stack:
        run("ip", "netns", "add", name)
        stack.callback(run, "ip", "netns", "delete", name)
        etc.mkdir(parents=True)
        stack.callback(shutil.rmtree, etc, ignore_errors=True)
        (etc / "resolv.conf").write_text("nameserver 127.0.0.1\n")
        run(*inside, "ip", "link", "set", "lo", "up")
        # As for loopback by default: 28,000 ports are soon waiting for their minute to pass otherwise.
        run(*inside, "sysctl", "-qw", "net.ipv4.tcp_tw_reuse=1")
        run(*inside, "ip", "address", "add", f"{ADDRESS}/32", "dev", "lo")
        dns = ["dnsmasq", "-k", "-h", "-R", "-u", "root", "-a", "127.0.0.1", "-z", f"--local-ttl={_TTL_S}"]
        dns += ["-x", str(folder / "dns.pid"), f"--address=/bench.example/{ADDRESS}"]
        stack.enter_context(Running((*inside, *dns), folder / "dns.log"))
        origin = (*inside, str(ground.folder / "origin"), str(port), str(REPLY_OCTETS), "0.0.0.0")
        running = stack.enter_context(Running(origin, folder / "origin.log"))
        until_listening(running, port)
        yield replace(
            ground,
            origin_port=port,
            for_clients=(*inside, *ground.for_clients),
            for_proxies=(*inside, *ground.for_proxies),
            by_dns=True,
        )


def redirect(ground: Ground, uid: int, port: int) -> None:
    """Lead that user's connections to the origin to this port."""
    inside = ground.for_proxies[:4]
    chosen = ("-p", "tcp", "-d", ADDRESS, "--dport", str(ground.origin_port), "-m", "owner", "--uid-owner", str(uid))
    rule = ("-t", "nat", "-A", "OUTPUT", *chosen, "-j", "REDIRECT", "--to-ports", str(port))
    run(*inside, "iptables", *rule)


def run(*command: str) -> None:
    """To its end. Raises CalledProcessError."""
    subprocess.run(command, check=True, capture_output=True)
