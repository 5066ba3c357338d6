"""What of a site's UDP needs nobody to look at it: destinations that a kernel can let through by address and port.

Knows addresses, ports, and what the site lists. Says what judge.py says of the same attempts, for all of them at once;
refuses to know what carries it out, and QUIC: that has a name of its own to be judged by.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address
from itertools import pairwise

from tierwall.policy.behaviour import NoQuic, Sees
from tierwall.policy.hostname import is_private
from tierwall.policy.match.compiled import compiled_of
from tierwall.policy.match.index import Index
from tierwall.policy.match.listed import Entry
from tierwall.policy.model import Address, Catalogue, Ports, Transport
from tierwall.policy.site import Site

type _Range = tuple[int, int]
"""First and last, both inclusive."""
type _Area = tuple[_Range, _Range]
"""Addresses and ports."""


@dataclass(frozen=True, slots=True)
class Span:
    """UDP to these addresses and ports, the first and last included."""

    first: Address
    last: Address
    ports: Ports


@dataclass(frozen=True, slots=True)
class Led:
    """UDP ports of an address that a name led to."""

    direct: tuple[Ports, ...] = ()
    """Admitted under the name."""
    withheld: tuple[Ports, ...] = ()
    """Denied under the name by the site's `deny`, whatever network the address is in."""


def spans(site: Site, catalogue: Catalogue) -> tuple[Span, ...]:
    """All that the site admits by networks and does not deny by networks. No two overlap.

    None where it has behaviours towards UDP: only the proxy can show them, flow by flow.
    """
    if _looks_at_udp(site):
        return ()
    compiled = compiled_of(site, catalogue)
    found: list[Span] = []
    for version, kind in ((4, IPv4Address), (6, IPv6Address)):
        admitted = list(_areas(compiled.admitted, version))
        denied = list(_areas(compiled.denied, version)) if compiled.denied else []
        found += [
            Span(kind(first), kind(last), Ports(Transport.UDP, *ports))
            for (first, last), ports in _difference(admitted, denied)
        ]
    return tuple(found)


def led(site: Site, catalogue: Catalogue, name: str, address: Address) -> Led:
    """What an answer that gives this address for the name opens and closes."""
    compiled = compiled_of(site, catalogue)
    admitted = list(_covering(compiled.admitted, name))
    if admitted and is_private(address):
        by_network = list(_covering(compiled.admitted, address))
        admitted = [both for one in admitted for other in by_network if (both := _common(one, other)) is not None]
    by_name = list(_covering(compiled.denied, name)) if compiled.denied else []
    denied = [*by_name, *_covering(compiled.denied, address)] if compiled.denied else []
    direct = () if _looks_at_udp(site) else _ports(_without(admitted, denied))
    return Led(direct=direct, withheld=_ports(_merged(by_name)))


def _looks_at_udp(site: Site) -> bool:
    """Whether a behaviour acts on what could go straight, which QUIC cannot."""
    return any(
        each.SEES is Sees.DATAGRAMS and not isinstance(each, NoQuic) and each.scope.transport is not Transport.TCP
        for each in site.behaviours
    )


def _areas(index: Index[Entry], version: int) -> Iterator[_Area]:
    for network, entry in index.networks:
        if network.version == version:
            addresses = (int(network.network_address), int(network.broadcast_address))
            yield from ((addresses, ports) for ports in _udp(entry))


def _covering(index: Index[Entry], value: str | Address) -> Iterator[_Range]:
    for hit in index.find(value):
        if hit.covers:
            yield from _udp(hit.payload)


def _udp(entry: Entry) -> Iterator[_Range]:
    yield from ((each.first, each.last) for each in entry.ports if each.transport is Transport.UDP)


def _ports(ranges: Iterable[_Range]) -> tuple[Ports, ...]:
    return tuple(Ports(Transport.UDP, first, last) for first, last in ranges)


def _difference(admitted: Sequence[_Area], denied: Sequence[_Area]) -> list[_Area]:
    """Ports are cut wherever an area begins or ends, so that between two cuts only addresses differ; neighbours with
    the same addresses are one again."""
    cuts = sorted({cut for _, (first, last) in (*admitted, *denied) for cut in (first, last + 1)})
    inside = [_between(cuts, admitted), _between(cuts, denied)]
    found: list[tuple[tuple[_Range, ...], _Range]] = []
    for at, (first, after) in enumerate(pairwise(cuts)):
        addresses = tuple(_without(inside[0][at], inside[1][at]))
        if found and addresses == found[-1][0] and found[-1][1][1] == first - 1:
            found[-1] = (addresses, (found[-1][1][0], after - 1))
        else:
            found.append((addresses, (first, after - 1)))
    return [(each, ports) for addresses, ports in found for each in addresses]


def _between(cuts: Sequence[int], areas: Iterable[_Area]) -> list[list[_Range]]:
    """For each stretch of ports between two cuts, the addresses of the areas that take it in."""
    found: list[list[_Range]] = [[] for _ in cuts]
    for addresses, (first, last) in areas:
        for at in range(bisect_right(cuts, first) - 1, bisect_right(cuts, last)):
            found[at].append(addresses)
    return found


def _without(ranges: Iterable[_Range], taken: Iterable[_Range]) -> Iterator[_Range]:
    """What is left of the ranges, in order, none touching another."""
    holes = _merged(taken)
    at = 0
    for first, last in _merged(ranges):
        start = first
        while at < len(holes) and holes[at][1] < start:
            at += 1
        following = at
        while following < len(holes) and holes[following][0] <= last:
            if holes[following][0] > start:
                yield start, holes[following][0] - 1
            start = holes[following][1] + 1
            following += 1
        if start <= last:
            yield start, last


def _merged(ranges: Iterable[_Range]) -> list[_Range]:
    found: list[_Range] = []
    for first, last in sorted(ranges):
        if found and first <= found[-1][1] + 1:
            found[-1] = (found[-1][0], max(found[-1][1], last))
        else:
            found.append((first, last))
    return found


def _common(one: _Range, other: _Range) -> _Range | None:
    first, last = max(one[0], other[0]), min(one[1], other[1])
    return (first, last) if first <= last else None
