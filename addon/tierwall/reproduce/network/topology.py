"""Three machines in one process: the gateway is where it runs, a client before it, the vendors behind it.

Knows namespaces as open files, addresses and rules. Nothing has a name outside this process, so that all of it is gone
when the process is, however it ends.
"""

import os
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tierwall import programs
from tierwall.policy.model import Address

GATEWAY: Final = "10.77.1.1"
CLIENT: Final = "10.77.1.2"
UPSTREAM: Final = "192.0.2.1"
VENDORS: Final = "192.0.2.2"
GATEWAY_6: Final = "fd77:1::1"
CLIENT_6: Final = "fd77:1::2"
UPSTREAM_6: Final = "fd77:2::1"
VENDORS_6: Final = "fd77:2::2"
"""The cables' own (RFC 4193): the addresses that servers have are the vendors'."""
PROXY_PORT: Final = 8080
TUN: Final = "twtun"

TLS_PORT: Final = 8443
TURN_PORT: Final = 3478
ECHO_PORT: Final = 4007
QUIC_PORT: Final = 4433
MTU: Final = 1500

_REDIRECT: Final = f"""
table inet tierwall_reproduce {{
    chain redirected {{
        type nat hook prerouting priority dstnat;
        iifname client meta l4proto tcp fib daddr type != local redirect to :{PROXY_PORT}
    }}
    chain marked {{
        type filter hook prerouting priority mangle;
        iifname client meta l4proto udp fib daddr type != local meta mark set 1
    }}
}}
"""


class CannotBuild(Exception):
    """The kernel or a program refused; in one line."""


@dataclass(frozen=True, slots=True)
class Machine:
    """A network namespace, as an open file."""

    descriptor: int

    def enter(self) -> None:
        """Move the calling thread in there, for good."""
        os.setns(self.descriptor, os.CLONE_NEWNET)

    def inside[T](self, work: Callable[[], T]) -> T:
        """Do this in a thread that is in there."""
        outcome: Future[T] = Future()

        def run() -> None:
            try:
                self.enter()
                outcome.set_result(work())
            except BaseException as raised:  # noqa: BLE001 - raised again where it is waited for
                outcome.set_exception(raised)

        thread = threading.Thread(target=run)
        thread.start()
        thread.join()
        return outcome.result()


@dataclass(frozen=True, slots=True)
class Topology:
    """The other two machines; the gateway is the process's own."""

    client: Machine
    vendors: Machine


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """Which servers answer which addresses of the vendors'; any other TCP is TLS's, any other UDP is echoed."""

    turn: frozenset[tuple[Address, int]]
    quic: frozenset[tuple[Address, int]]


def build(clients: Iterable[str], served: Served, resolver: Path, *, ipv6: bool) -> Topology:
    """Make them. Raises CannotBuild.

    Args:
        clients: The client's addresses besides CLIENT and CLIENT_6.
        served: What the vendors' machine answers how.
        resolver: What this process's programs find as /etc/resolv.conf.
        ipv6: Whether the machines have it besides.
    """
    client, vendors = _new_machine(), _new_machine()
    own = f"/proc/{os.getpid()}/fd"
    _ip("link set lo up")
    _ip(f"link add client type veth peer name gateway netns {own}/{client.descriptor}")
    _ip(f"link add vendors type veth peer name gateway netns {own}/{vendors.descriptor}")
    for words in (f"addr add {GATEWAY}/24 dev client", f"addr add {UPSTREAM}/30 dev vendors"):
        _ip(words)
    _ip("link set client up")
    _ip("link set vendors up")
    _ip(f"route add default via {VENDORS}")
    Path("/proc/sys/net/ipv4/ip_forward").write_text("1")
    if ipv6:
        _ip(f"addr add {GATEWAY_6}/64 dev client nodad")
        _ip(f"addr add {UPSTREAM_6}/64 dev vendors nodad")
        _ip(f"-6 route add default via {VENDORS_6}")
        Path("/proc/sys/net/ipv6/conf/all/forwarding").write_text("1")
    _nft(_REDIRECT)
    client.inside(lambda: _set_up_client(tuple(clients), ipv6=ipv6))
    vendors.inside(lambda: _set_up_vendors(served, ipv6=ipv6))
    _run("mount", "--bind", str(resolver), os.path.realpath("/etc/resolv.conf"))
    return Topology(client, vendors)


def lead_udp_into_tun(*, ipv6: bool) -> None:
    """What the client sends by UDP goes to the proxy's tun device, which must be there. Raises CannotBuild."""
    for family in ("-4", "-6") if ipv6 else ("-4",):
        _ip(f"{family} rule add fwmark 1 lookup 100")
        _ip(f"{family} route add default dev {TUN} table 100")


def _new_machine() -> Machine:
    """In a thread of its own, which alone is moved."""
    outcome: Future[int] = Future()

    def make() -> None:
        try:
            os.unshare(os.CLONE_NEWNET)
            outcome.set_result(os.open("/proc/thread-self/ns/net", os.O_RDONLY))
        except OSError as fault:
            outcome.set_exception(CannotBuild(f"no network namespace can be made: {fault.strerror}"))

    thread = threading.Thread(target=make)
    thread.start()
    thread.join()
    return Machine(outcome.result())


def _set_up_client(addresses: tuple[str, ...], *, ipv6: bool) -> None:
    _ip("link set lo up")
    for address in (CLIENT, *([CLIENT_6] if ipv6 else []), *addresses):
        _ip(f"addr add {address}/64 dev gateway nodad" if ":" in address else f"addr add {address}/24 dev gateway")
    _ip("link set gateway up")
    _ip(f"route add default via {GATEWAY} src {CLIENT}")
    if ipv6:
        _ip(f"-6 route add default via {GATEWAY_6} src {CLIENT_6}")


def _set_up_vendors(served: Served, *, ipv6: bool) -> None:
    """Every address is this machine's, but for those of its own cable."""
    _ip("link set lo up")
    _ip(f"addr add {VENDORS}/30 dev gateway")
    _ip("link set gateway up")
    _ip("route add 192.0.2.0/30 dev gateway table local")
    _ip("route add local default dev lo table local")
    if ipv6:
        _ip(f"addr add {VENDORS_6}/64 dev gateway nodad")
        for own in ("fd77:2::/64", "fe80::/64"):
            _ip(f"-6 route add {own} dev gateway table local")
        _ip("-6 route add local default dev lo table local")
    _nft(_rules(served))


def _rules(served: Served) -> str:
    """By translation: an answer by UDP must come from the address that was asked."""
    lines = [f"ip daddr {VENDORS} udp dport 53 return"]
    turn = _destinations(served.turn, "meta l4proto { tcp, udp } th")
    lines += [f"{there} redirect to :{TURN_PORT}" for there in turn]
    lines += [f"{there} redirect to :{QUIC_PORT}" for there in _destinations(served.quic, "udp")]
    lines += [f"meta l4proto tcp redirect to :{TLS_PORT}", f"meta l4proto udp redirect to :{ECHO_PORT}"]
    rules = "\n".join(f"        iifname gateway {line}" for line in lines)
    return f"""
table inet stand_ins {{
    chain arriving {{
        type nat hook prerouting priority dstnat;
{rules}
    }}
}}
"""


def _destinations(places: Iterable[tuple[Address, int]], transport: str) -> Iterator[str]:
    for address, port in sorted(places, key=str):
        yield f"{'ip' if address.version == 4 else 'ip6'} daddr {address} {transport} dport {port}"


def _ip(words: str) -> None:
    _run("ip", *words.split())


def _nft(rules: str) -> None:
    _run("nft", "-f", "-", stdin=rules)


def _run(*words: str, stdin: str = "") -> None:
    try:
        ended = programs.run(words, stdin)
    except programs.CannotRun as fault:
        raise CannotBuild(str(fault)) from None
    if ended.status != 0:
        raise CannotBuild(f"{' '.join(words)}: {ended.complaint}")
