"""What holds what: patterns, networks and ports that lie within others, and how findings list them.

Knows values only, no findings.
"""

from collections.abc import Iterable, Iterator
from itertools import islice

from tierwall.policy.dialect import SOME, Dialect, NamePart, Part, Reading, Rejected, Shape, read
from tierwall.policy.match.index import HostIndex, NetworkIndex
from tierwall.policy.model import Direction, Network, Ports, Rule, Vendor
from tierwall.policy.site import ListEntry


class Listed:
    """Whether the customer's entries hold all of a host pattern or network, with all of its ports."""

    def __init__(self, entries: Iterable[ListEntry]) -> None:
        entries = tuple(entries)
        self._hosts = HostIndex(
            (part, entry.ports) for entry in entries for _, part in name_parts(entry.hosts, entry.dialect)
        )
        self._everywhere = [entry.ports for entry in entries if lists_everything(entry)]
        self._networks = NetworkIndex((network, entry.ports) for entry in entries for network in entry.networks)

    def hold_host(self, reading: Reading, ports: tuple[Ports, ...]) -> bool:
        """Whether one entry covers all that the pattern covers."""
        if any(all_in(ports, its) for its in self._everywhere):
            return True
        hits = self._hosts.find(reading.base)
        return any(takes_in(hit.fewest, hit.most, reading, hit.labels) and all_in(ports, hit.payload) for hit in hits)

    def hold_network(self, network: Network, ports: tuple[Ports, ...]) -> bool:
        """Whether one entry's network holds all of it."""
        hits = self._networks.find(network.network_address)
        return any(
            not isinstance(hit.base, str) and hit.base.prefixlen <= network.prefixlen and all_in(ports, hit.payload)
            for hit in hits
        )

    def hold_some_of(self, rule: Rule) -> bool:
        """Whether all of at least one of the rule's patterns or networks is held."""
        return any(self.hold_host(reading, rule.ports) for _, reading in readings(rule.hosts)) or any(
            self.hold_network(network, rule.ports) for network in rule.networks
        )


def lists_everything(entry: ListEntry) -> bool:
    """Whether one of its spellings covers every host."""
    wide = (host for host in entry.hosts if "*" in host)
    return any(isinstance(part, Shape) and part.labels == (SOME,) for _, part in parts(wide, entry.dialect))


def egress(vendor: Vendor) -> Iterator[Rule]:
    """The vendor's rules that lead out of the customer's network."""
    return (rule for rule in vendor.rules if rule.direction is Direction.EGRESS)


def parts(hosts: Iterable[str], dialect: Dialect = Dialect.LITERAL) -> Iterator[tuple[str, Part]]:
    """Each spelling with each part of what it covers; those that the dialect rejects are left out."""
    for host in hosts:
        if not isinstance(found := read(dialect, host), Rejected):
            yield from ((host, part) for part in found)


def name_parts(hosts: Iterable[str], dialect: Dialect = Dialect.LITERAL) -> Iterator[tuple[str, NamePart]]:
    """The same without addresses that stand where hosts do."""
    return ((host, part) for host, part in parts(hosts, dialect) if isinstance(part, Reading | Shape))


def readings(hosts: Iterable[str], dialect: Dialect = Dialect.LITERAL) -> Iterator[tuple[str, Reading]]:
    """The same without the shapes: each spelling with what it plainly covers."""
    return ((host, part) for host, part in parts(hosts, dialect) if isinstance(part, Reading))


def takes_in(fewest: int, most: int | None, inner: Reading, labels: int) -> bool:
    """Whether `fewest` to `most` labels before a base take in all of a reading whose base has `labels` before it."""
    if inner.fewest + labels < fewest:
        return False
    return most is None or (inner.most is not None and inner.most + labels <= most)


def all_in(inner: Iterable[Ports], outer: Iterable[Ports]) -> bool:
    """Whether each of the port ranges lies in one of the others."""
    outer = tuple(outer)
    return all(any(b.cover(a.transport, a.first) and b.cover(a.transport, a.last) for b in outer) for a in inner)


def share_ports(some: Iterable[Ports], others: Iterable[Ports]) -> bool:
    """Whether a port of one transport is in both."""
    others = tuple(others)
    pairs = ((a, b) for a in some for b in others if a.transport is b.transport)
    return any(a.first <= b.last and b.first <= a.last for a, b in pairs)


def plain(network: Network) -> str:
    """A network as people write it: one address without its prefix length."""
    return str(network.network_address) if network.prefixlen == network.max_prefixlen else str(network)


def some(things: Iterable[object], most: int = 5) -> str:
    """The first few, and how many more there are: lists may hold a million."""
    rest = iter(things)
    named = ", ".join(str(thing) for thing in islice(rest, most))
    more = sum(1 for _ in rest)
    return f"{named} and {more} more" if more else named
