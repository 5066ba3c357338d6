"""The shortest list that opens given destinations, in a product's spelling, and what it opens besides.

Knows vendors' rules and dialects. Every entry is read back by its dialect before it is offered: what does not cover
the destinations is not offered. `audit` asks for what was denied, `export` and others may ask for anything.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from tierwall.policy.dialect import Dialect, NamePart, Reading, Rejected, Shape, read, spelled
from tierwall.policy.match.shapes import ShapeIndex
from tierwall.policy.model import Address, Catalogue, Direction, Evidence, Network, Rule, Transport


@dataclass(frozen=True, slots=True)
class Wanted:
    """A destination that is to be opened, and what it serves."""

    host: str | Address
    transport: Transport
    port: int
    serves: tuple[str, ...]
    """`vendor/service`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Addition:
    """An entry for the customer's list."""

    entry: str
    ports: tuple[str, ...]
    """What of it is wanted: `tcp/443`, `udp/10000`."""
    dialect: Dialect
    serves: tuple[str, ...]
    opens_besides: tuple[str, ...]
    """What it covers besides the destinations that were asked about, in words."""


@dataclass(frozen=True, slots=True)
class _Candidate:
    entry: str
    covers: frozenset[Wanted]
    besides: tuple[str, ...]


def to_add(catalogue: Catalogue, wanted: Iterable[Wanted], dialect: Dialect) -> tuple[Addition, ...]:
    """The fewest entries that together cover every destination; of equally good ones, that which opens least.

    An entry is the name itself, or a pattern of a vendor whose rule asks for it; of addresses the address, or a
    vendor's network. Destinations whose name the dialect cannot spell are in no entry.
    """
    left = set(wanted)
    candidates = list(_candidates(catalogue, left, dialect))
    chosen: list[tuple[_Candidate, frozenset[Wanted]]] = []
    while left:
        best = min(candidates, key=lambda each: (-len(each.covers & left), len(each.besides), each.entry), default=None)
        if best is None or not best.covers & left:
            break
        chosen.append((best, best.covers & left))
        left -= best.covers
    return tuple(_addition(each, opens, dialect) for each, opens in sorted(chosen, key=lambda item: item[0].entry))


def _addition(chosen: _Candidate, opens: frozenset[Wanted], dialect: Dialect) -> Addition:
    ports = sorted({(each.transport, each.port) for each in opens})
    return Addition(
        entry=chosen.entry,
        ports=tuple(f"{transport}/{port}" for transport, port in ports),
        dialect=dialect,
        serves=tuple(dict.fromkeys(service for each in sorted(opens, key=_order) for service in each.serves)),
        opens_besides=chosen.besides,
    )


def _order(each: Wanted) -> tuple[str, int]:
    return str(each.host), each.port


# What may be written


def _candidates(catalogue: Catalogue, wanted: set[Wanted], dialect: Dialect) -> Iterator[_Candidate]:
    names = {each.host for each in wanted if isinstance(each.host, str)}
    addresses = {each.host for each in wanted if not isinstance(each.host, str)}
    patterns = dict.fromkeys(sorted(names))
    networks: dict[Network, None] = {}
    for rule in _asking(catalogue):
        patterns |= dict.fromkeys(rule.hosts)
        networks |= dict.fromkeys(rule.networks)
    for pattern in patterns:
        if (found := _of_names(pattern, wanted, dialect)) is not None:
            yield found
    for address in sorted(addresses, key=str):
        yield _Candidate(str(address), frozenset(each for each in wanted if each.host == address), ())
    for network in networks:
        covered = frozenset(each for each in wanted if not isinstance(each.host, str) and each.host in network)
        if covered:
            besides = (f"every other address of {network}",) if network.num_addresses > 1 else ()
            yield _Candidate(str(network), covered, besides)


def _asking(catalogue: Catalogue) -> Iterator[Rule]:
    for vendor in catalogue.vendors:
        for rule in vendor.rules:
            if rule.direction is Direction.EGRESS and rule.evidence is not Evidence.UNSPECIFIED:
                yield rule


def _of_names(pattern: str, wanted: set[Wanted], dialect: Dialect) -> _Candidate | None:
    entry = spelled(dialect, pattern)
    found = None if entry is None else read(dialect, entry)
    if entry is None or found is None or isinstance(found, Rejected):
        return None
    parts = [part for part in found if isinstance(part, Reading | Shape)]
    covered = frozenset(each for each in wanted if isinstance(each.host, str) and covers(parts, each.host))
    if not covered:
        return None
    hosts = {each.host for each in covered if isinstance(each.host, str)}
    return _Candidate(entry, covered, tuple(said for part in parts for said in _besides(part, hosts)))


def covers(parts: Sequence[NamePart], name: str) -> bool:
    """Whether a spelling that was read so takes the name in."""
    return any(_covers(part, name) for part in parts)


def _covers(part: NamePart, name: str) -> bool:
    match part:
        case Reading(base=base):
            if name == base:
                return part.cover(0)
            return name.endswith(f".{base}") and part.cover(name.count(".") - base.count("."))
        case Shape():
            index: ShapeIndex[None] = ShapeIndex()
            index.add(part, None)
            return any(True for _ in index.find(name))


def _besides(part: NamePart, hosts: set[str]) -> Iterator[str]:
    match part:
        case Reading(base=base, fewest=fewest, most=most):
            if fewest == 0 and base not in hosts:
                yield base
            if most is None:
                yield f"every other name below {base}"
            elif most > 0:
                yield f"every other name {'one label' if most == 1 else f'up to {most} labels'} below {base}"
        case Shape():
            yield f"names like {part.example()}"
