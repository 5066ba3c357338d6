"""Where a verdict of a site can change: labels before a base, networks inside networks, ports.

Knows what judge looks things up in, and asks it nothing.
"""

from collections.abc import Iterable, Iterator, Sequence
from ipaddress import ip_address
from itertools import pairwise
from typing import Final

from tierwall.fleet.envoy.expressions import Span
from tierwall.policy.hostname import suffixes
from tierwall.policy.match.compiled import CompiledPolicy
from tierwall.policy.match.index import HostIndex
from tierwall.policy.match.listed import Entry
from tierwall.policy.match.vendor_rules import VendorRule
from tierwall.policy.model import Address, Network, Ports, Transport

_LAST_PORT: Final = 65535
_TRIED: Final = 4096
"""Addresses of a network that are looked at for one in no network inside it."""


def hosts_of(policy: CompiledPolicy) -> list[HostIndex[Entry] | HostIndex[VendorRule]]:
    """Every lookup of names that judge makes."""
    denied = [] if policy.denied is None else [policy.denied.hosts]
    return [policy.admitted.hosts, *denied, policy.asked.hosts]


def networks_of(policy: CompiledPolicy) -> list[Network]:
    """Every network that judge looks an address up in, the longest prefix first."""
    denied = () if policy.denied is None else policy.denied.networks
    found = (network for each in (policy.admitted.networks, denied, policy.asked.networks) for network, _ in each)
    return sorted(dict.fromkeys(found), key=lambda network: (-network.prefixlen, str(network)))


def all_ports(policy: CompiledPolicy) -> Iterator[tuple[Ports, ...]]:
    """The ports of everything that is listed or asked for."""
    listed = [policy.admitted, *([] if policy.denied is None else [policy.denied])]
    for index in listed:
        yield from (entry.ports for marks in index.hosts.marks.values() for _, _, entry in marks)
        yield from (entry.ports for _, entry in index.networks)
    yield from (each.rule.ports for marks in policy.asked.hosts.marks.values() for _, _, each in marks)
    yield from (each.rule.ports for _, each in policy.asked.networks)


def spans_of(ports: Iterable[tuple[Ports, ...]]) -> Iterator[Span]:
    """All ports, cut where one of these begins or ends."""
    begins = {1, _LAST_PORT + 1}
    for each in dict.fromkeys(ports):
        for some in each:
            if some.transport is Transport.TCP:
                begins |= {some.first, some.last + 1}
    ordered = sorted(begins)
    yield from ((first, after - 1) for first, after in pairwise(ordered))


def joined(spans: Iterable[Span]) -> Iterator[Span]:
    """Neighbours as one."""
    before: Span | None = None
    for first, last in spans:
        if before is not None and before[1] + 1 == first:
            before = before[0], last
            continue
        if before is not None:
            yield before
        before = first, last
    if before is not None:
        yield before


def changes(base: str, hosts: Sequence[HostIndex[Entry] | HostIndex[VendorRule]]) -> list[int]:
    """Counts of labels before the base, from 1, at which a mark on it or above it begins or ends to cover."""
    begins = {1}
    for depth, name in suffixes(base):
        for each in hosts:
            for fewest, most, _ in each.marks.get(name, ()):
                begins.add(fewest - depth)
                if most is not None:
                    begins.add(most - depth + 1)
    return sorted(begin for begin in begins if begin >= 1)


def sample_of(network: Network, regions: Iterable[Network]) -> Address | None:
    """An address of the network that is in none of the regions inside it; None where they fill it."""
    inside = [each for each in regions if each != network and holds(network, each)]
    at, tried = int(network.network_address), 0
    while at <= int(network.broadcast_address) and tried < _TRIED:
        address = ip_address(at) if network.version == 4 else type(network.network_address)(at)
        within = next((each for each in inside if address in each), None)
        if within is None:
            return address
        at, tried = int(within.broadcast_address) + 1, tried + 1
    return None


def overlap(one: Network, other: Network) -> bool:
    """Whether they have addresses in common."""
    return one == other or holds(one, other) or holds(other, one)


def holds(outer: Network, inner: Network) -> bool:
    """Whether the inner is in the outer, and is not it."""
    return outer.version == inner.version and outer.prefixlen < inner.prefixlen and inner.network_address in outer
