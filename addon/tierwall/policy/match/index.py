"""Which host patterns and networks cover a destination, at a cost that does not grow with how many there are.

Knows bases, label counts and prefixes, and carries a payload for each without looking at it. Ports, directions and
what a hit means are coverage.py's and judge.py's.

A million patterns must stay cheap to hold, so an entry of the tables is one dict slot: patterns of the same shape and
payload share one tuple of marks.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, NamedTuple

from tierwall.policy.dialect import NamePart, Shape
from tierwall.policy.hostname import suffixes
from tierwall.policy.match.shapes import ShapeIndex
from tierwall.policy.model import Address, Network


class Hit[P](NamedTuple):
    """A pattern or network that a lookup met, and where the name stands towards it."""

    base: str | Network
    """The base of a reading, the whole spelling of a shape, or a network."""
    labels: int
    """How many labels the name has before the base; 0 is the base itself, and every hit of a network."""
    fewest: int
    most: int | None
    covers: bool
    """Whether the reading takes in so many labels. Where not, it is a near miss: same base, another count."""
    payload: P


@lru_cache(64)
def _suffixes(name: str) -> tuple[tuple[int, str], ...]:
    """One name is looked up several times in a row: in the catalogue, in the site, and again when its SNI came."""
    return tuple(suffixes(name))


class HostIndex[P]:
    """Readings by their base name; a lookup walks the name label by label (at most 127 of them, RFC 1035).

    Shapes, which few lists have and most have none of, are kept apart: see shapes.py for what they cost.
    """

    __slots__ = ("_marks", "_shapes")

    def __init__(self, readings: Iterable[tuple[NamePart, P]]) -> None:
        self._shapes: ShapeIndex[P] | None = None
        self._marks: dict[str, tuple[tuple[int, int | None, P], ...]] = {}
        marks = self._marks
        shared: dict[tuple[tuple[int, int | None, P], ...], tuple[tuple[int, int | None, P], ...]] = {}
        for reading, payload in readings:
            if isinstance(reading, Shape):
                self._shapes = self._shapes or ShapeIndex()
                self._shapes.add(reading, payload)
                continue
            mark = (reading.fewest, reading.most, payload)
            before = marks.get(reading.base, ())
            if mark not in before:
                both = (*before, mark)
                marks[reading.base] = shared.setdefault(both, both)

    @property
    def marks(self) -> Mapping[str, tuple[tuple[int, int | None, P], ...]]:
        """Every reading by its base: the fewest and the most labels before it, and the payload.

        What two bases have alike is one object, so that whoever asks for each of a million need ask for few.
        """
        return self._marks

    @property
    def shapes(self) -> Iterator[str]:
        """The spelling of each shape."""
        return iter(()) if self._shapes is None else self._shapes.spellings()

    def find(self, name: str) -> list[Hit[P]]:
        """Every reading whose base is the name or a suffix of it at a label boundary, the longest base first.

        Those that cover the name and those that only come close: `Hit.covers` tells them apart. The shapes that cover
        it come last; what is close to one is close to the plain part that its spelling has beside it.
        """
        marks = self._marks
        hits: list[Hit[P]] = [
            Hit(base, labels, fewest, most, fewest <= labels and (most is None or labels <= most), payload)
            for labels, base in _suffixes(name)
            if base in marks
            for fewest, most, payload in marks[base]
        ]
        if self._shapes is not None:
            hits += [Hit(spelling, 0, 0, 0, True, payload) for spelling, payload in self._shapes.find(name)]
        return hits


class NetworkIndex[P]:
    """Networks by prefix length, IPv4 and IPv6 apart; a lookup tries each length that exists, the longest first."""

    __slots__ = ("_begin", "_tables")

    def __init__(self, networks: Iterable[tuple[Network, P]]) -> None:
        by_length: dict[tuple[int, int], dict[int, tuple[tuple[Network, P], ...]]] = {}
        for network, payload in networks:
            host_bits = network.max_prefixlen - network.prefixlen
            table = by_length.setdefault((network.version, host_bits), {})
            prefix = int(network.network_address) >> host_bits
            table[prefix] = (*table.get(prefix, ()), (network, payload))
        self._begin = {version: _beginnings(by_length, version) for version in (4, 6)}
        self._tables = {
            version: [(bits, table) for (of, bits), table in sorted(by_length.items(), key=_host_bits) if of == version]
            for version in (4, 6)
        }

    def __iter__(self) -> Iterator[tuple[Network, P]]:
        """All of them."""
        for tables in self._tables.values():
            for _, table in tables:
                for found in table.values():
                    yield from found

    def find(self, address: Address) -> list[Hit[P]]:
        """Every network that holds the address, the longest prefix first; an IPv4-mapped address is IPv4 too."""
        mapped = address.ipv4_mapped if address.version == 6 else None
        hits = self.find(mapped) if mapped is not None else []
        number = int(address)
        beginnings = self._begin[address.version]
        if beginnings is not None and number >> _BEHIND_BEGINNING[address.version] not in beginnings:
            return hits  # so it is with most addresses
        for host_bits, table in self._tables[address.version]:
            if found := table.get(number >> host_bits):  # hardly any is
                hits += [Hit(network, 0, 0, 0, True, payload) for network, payload in found]
        return hits


_BEHIND_BEGINNING: Final = {4: 16, 6: 96}
"""Bits behind the first two octets of an IPv4 address, and behind the first four of an IPv6 address."""

_SPREAD: Final = 8
"""Bits by which a network may be wider than one beginning: it has up to 256 then."""


def _beginnings[P](
    by_length: Mapping[tuple[int, int], Mapping[int, tuple[tuple[Network, P], ...]]], version: int
) -> frozenset[int] | None:
    """With which octets networks begin; None where one is so wide that this would tell nothing."""
    behind = _BEHIND_BEGINNING[version]
    lengths = [(bits, table) for (of, bits), table in by_length.items() if of == version]
    if any(bits > behind + _SPREAD for bits, _ in lengths):
        return None
    return frozenset(each for bits, table in lengths for prefix in table for each in _begins(prefix, bits - behind))


def _begins(prefix: int, wider: int) -> Iterable[int]:
    return (prefix >> -wider,) if wider <= 0 else range(prefix << wider, (prefix + 1) << wider)


def _host_bits(item: tuple[tuple[int, int], object]) -> int:
    return item[0][1]


@dataclass(frozen=True, slots=True, eq=False)
class Index[P]:
    """Hosts and networks together: a destination is looked up as what it is."""

    hosts: HostIndex[P]
    networks: NetworkIndex[P]

    def find(self, value: str | Address) -> list[Hit[P]]:
        """Everything that covers the name or address, and what comes close, the most specific first."""
        return self.hosts.find(value) if isinstance(value, str) else self.networks.find(value)
