"""Checks of what leads to the proxy: its port, redirects, forwarding, IPv6, DNS. Each is about one thing.

Knows what Linux does with packets. Looks at facts only.
"""

from collections import Counter
from collections.abc import Iterator
from typing import Final

from tierwall.doctor.facts import TIERWALL, Facts, Finding, Namespace, Socket
from tierwall.policy.authority import host_port
from tierwall.policy.model import Address, Transport

_STRICT: Final = "1"
"""rp_filter: what comes in by an interface that would not lead back is dropped (RFC 3704 section 2.2)."""
_DNS: Final = 53


def port(facts: Facts) -> Iterator[Finding]:
    """Another process on the port. Two sockets on one address share it by SO_REUSEPORT, without a word."""
    address, number = facts.listen
    held = [each for each in _tcp(facts.here, number) if _overlap(each.address, address)]
    at = host_port(address, number)
    if held and not facts.is_tierwall:
        mend = f"stop it, or give `tierwall run` another port: --listen {host_port(address, number + 1)}"
        yield Finding("port", f"{at} is taken by {_owner(held[0])}", mend)
    if facts.is_tierwall and max(Counter(each.address for each in held).values(), default=0) > 1:
        owners = " and ".join(sorted({_owner(each) for each in held}))
        yield Finding("port", f"{at} is shared by several: {owners}", "stop one; each gets a part of the connections")


def redirects(facts: Facts) -> Iterator[Finding]:
    """NAT leads to a port of its own namespace, wherever the proxy is."""
    namespaces = (facts.here, *facts.others)
    for space in namespaces:
        where = "nftables here" if space is facts.here else f"nftables in network namespace {space.name}"
        for number in sorted({each.port for each in space.redirects}):
            listening = _tcp(space, number)
            if not listening:
                elsewhere = [other.name for other in namespaces if other is not space and _tcp(other, number)]
                but = f", though something does in namespace {', '.join(elsewhere)}" if elsewhere else ""
                within = "" if space is facts.here else f"ip netns exec {space.name} "
                run = f"run the proxy there: {within}tierwall run --mode transparent@ADDRESS:{number}"
                yield Finding("redirect", f"{where} redirects to port {number}, where nothing listens{but}", run)
            elif all(each.address.is_loopback for each in listening) and _prerouting(space, number):
                what = f"{where} redirects to port {number}, which listens on loopback alone: clients do not reach it"
                yield Finding(
                    "redirect", what, f"--mode transparent@ADDRESS:{number}, the address that clients come to"
                )


def forwarding(facts: Facts) -> Iterator[Finding]:
    """A gateway whose kernel does not forward leads only redirected TCP; UDP stays away from the tun device."""
    if facts.is_gateway and facts.settings.get("net.ipv4.ip_forward") == "0":
        what = "net.ipv4.ip_forward is 0: clients' UDP goes nowhere"
        yield Finding("forwarding", what, "sysctl -w net.ipv4.ip_forward=1 (`tierwall gateway up` does it)")


def rp_filter(facts: Facts) -> Iterator[Finding]:
    """Answers come out of the tun device with the vendors' addresses, whose routes lead elsewhere."""
    for tun in facts.tuns:
        all_of = facts.settings.get("net.ipv4.conf.all.rp_filter", "0")
        own = facts.settings.get(f"net.ipv4.conf.{tun}.rp_filter", "0")
        if max(all_of, own) == _STRICT:  # the kernel takes the greater (ip-sysctl.rst); 2 is loose
            what = f"rp_filter is strict on {tun}: what the proxy answers there is dropped"
            yield Finding("rp_filter", what, f"sysctl -w net.ipv4.conf.{tun}.rp_filter=2")


def nftables(facts: Facts) -> Iterator[Finding]:
    """A gateway needs it."""
    if facts.is_gateway and not facts.has_nft:
        yield Finding("nftables", "nft is not installed: nothing can lead clients here", "install nftables")


def ipv6(facts: Facts) -> Iterator[Finding]:
    """Clients prefer IPv6 where they have it; what is led here by IPv4 rules alone goes past."""
    leads_on = facts.settings.get("net.ipv6.conf.all.forwarding") == "1" and facts.has_ipv6_route
    if not (facts.is_gateway and leads_on):
        return
    past = [] if any(each.family in {"inet", "ip6"} for each in facts.here.redirects) else ["TCP"]
    past += [] if facts.marks_ipv6 else ["UDP"]
    if past:
        what = f"IPv6 is forwarded past the proxy: {' and '.join(past)}"
        mend = "`tierwall gateway up` leads both families; or sysctl -w net.ipv6.conf.all.forwarding=0"
        yield Finding("ipv6", what, mend)


def dns(facts: Facts) -> Iterator[Finding]:
    """Names that something else answered are not learned, and `dns: filter` does not hold for them."""
    if not facts.is_gateway:
        return
    for each in facts.here.sockets:
        if each.transport is Transport.UDP and each.port == _DNS and not each.address.is_loopback:
            if each.owner is not None and TIERWALL in each.owner:
                continue
            what = f"{host_port(each.address, _DNS)}/udp answers clients' DNS, and is {_owner(each)}"
            yield Finding("dns", what, "stop it, and run `tierwall run` with --mode dns@ADDRESS:53")


CHECKS: Final = (port, redirects, forwarding, rp_filter, nftables, ipv6, dns)


def _tcp(space: Namespace, number: int) -> list[Socket]:
    return [each for each in space.sockets if each.transport is Transport.TCP and each.port == number]


def _overlap(one: Address, other: Address) -> bool:
    """Whether both cannot be bound; `::` takes IPv4 too unless it was told not to."""
    if one.version != other.version:
        return one.version == 6 and one.is_unspecified
    return one == other or one.is_unspecified or other.is_unspecified


def _prerouting(space: Namespace, number: int) -> bool:
    return any(each.port == number and each.hook == "prerouting" for each in space.redirects)


def _owner(held: Socket) -> str:
    return held.owner or "a process of another user (root sees which)"
