"""What judge says of every kind of destination a site can tell apart: names by their labels, networks, spans of ports.

Knows where a verdict can change, and asks judge for each place between. No rule is written here: a cell is a sample put
to judge, and its verdict.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from typing import Final, NamedTuple

from tierwall.fleet.envoy.boundaries import (
    all_ports,
    changes,
    holds,
    hosts_of,
    joined,
    networks_of,
    sample_of,
    spans_of,
)
from tierwall.fleet.envoy.expressions import Span
from tierwall.policy.attempt import Attempt, GivenName, NameSource, Reason, Seen
from tierwall.policy.hostname import is_private, private_networks, suffixes
from tierwall.policy.judge import judge
from tierwall.policy.match.compiled import CompiledPolicy, compiled_of
from tierwall.policy.match.index import HostIndex
from tierwall.policy.match.listed import Entry
from tierwall.policy.match.vendor_rules import VendorRule
from tierwall.policy.model import Address, Catalogue, Network, Tier, Transport
from tierwall.policy.site import Site

_NOBODYS: Final = ("tierwall.invalid", "nobody.tierwall.invalid")
"""Names that no list has: RFC 6761 section 6.4."""
_ANYBODYS: Final = tuple(ip_address(text) for text in ("192.0.2.1", "2001:db8::1", "1.1.1.1", "2620:fe::9"))


class Word(NamedTuple):
    """A verdict, as Envoy's rules are named after it: `allow`, `tier-closed/analytics`."""

    passes: bool
    title: str

    @property
    def reason(self) -> str:
        """Of a denial."""
        return self.title.partition("/")[0]

    @property
    def tier(self) -> str:
        """Of what a denial breaks."""
        return self.title.partition("/")[2]


type Words = tuple[Word, ...]
"""One for each span of ports."""


class Row(NamedTuple):
    """Names with so many labels before a base."""

    fewest: int
    most: int | None
    web: Words
    """Where TLS or HTTP is spoken, or nothing yet."""
    opaque: Words
    """Where something else is."""


class NameCell(NamedTuple):
    """`8x8.vc` or `*.8x8.vc`, with the rows in which its names are decided alike."""

    domain: str
    rows: tuple[Row, ...]


class AddressCell(NamedTuple):
    """The addresses of a network that are in none inside it."""

    network: Network
    asked: Words
    """A proxy is asked for the address."""
    tls: Words
    """The client goes there by itself, with TLS and without a name."""
    opaque: Words
    """With anything else, either way."""


class Region(NamedTuple):
    """Addresses that an admitted name may lead to on some ports only, or on none."""

    network: Network
    but_for: tuple[Network, ...]
    """What is a region of its own inside it."""
    closed: tuple[Span, ...]
    open: tuple[Span, ...]
    title: str | None
    """Why it is closed where it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cells:
    """All of one site."""

    spans: tuple[Span, ...]
    names: tuple[NameCell, ...]
    """Without those that say what the wildcard above them says."""
    other_names: Row
    """Every name that is not among them."""
    addresses: tuple[AddressCell, ...]
    """The longest prefix first."""
    other_addresses: AddressCell
    regions: tuple[Region, ...]
    """Private networks, admitted ones that overlap them, and what the site denies."""
    clients: tuple[Network, ...]


def cells_of(site: Site, catalogue: Catalogue) -> Cells:
    """Ask judge for all of them. Cost: some thousand verdicts, and few more for a list of a million alike."""
    asking = _Asking(site, catalogue)
    names = tuple(asking.names())
    other = asking.other_names()
    return Cells(
        spans=asking.spans,
        names=tuple(_telling(names, other)),
        other_names=other,
        addresses=tuple(asking.addresses()),
        other_addresses=asking.other_addresses(),
        regions=tuple(asking.regions()),
        clients=tuple(network for network, _ in asking.policy.clients),
    )


class _Asking:
    """One site and what judge looks its destinations up in."""

    def __init__(self, site: Site, catalogue: Catalogue) -> None:
        self._site, self._catalogue = site, catalogue
        self.policy: CompiledPolicy = compiled_of(site, catalogue)
        self.spans = tuple(spans_of(all_ports(self.policy)))
        self._networks = networks_of(self.policy)
        self._witnesses: dict[Span, str] = {}

    # Names

    def names(self) -> Iterator[NameCell]:
        """Two cells a base: the base itself, and the names below it."""
        hosts = hosts_of(self.policy)
        bases = dict.fromkeys(base for each in hosts for base in each.marks)
        known: dict[tuple[tuple[int, int, int], ...], tuple[Row, tuple[Row, ...]]] = {}
        for base in bases:
            # All that judge can see of a name: the marks of its base and above, which bases alike share.
            seen = tuple(
                (depth, at, id(each.marks[name]))
                for depth, name in suffixes(base)
                for at, each in enumerate(hosts)
                if name in each.marks
            )
            if seen not in known:
                known[seen] = self._row(base, 0, 0), tuple(self._rows(base, hosts))
            exact, below = known[seen]
            yield NameCell(base, (exact,))
            yield NameCell(f"*.{base}", below)

    def _rows(self, base: str, hosts: Sequence[HostIndex[Entry] | HostIndex[VendorRule]]) -> Iterator[Row]:
        begins = changes(base, hosts)
        row: Row | None = None
        for fewest, after in zip(begins, [*begins[1:], None], strict=True):
            most = None if after is None else after - 1
            found = self._row(base, fewest, most)
            if row is not None and (row.web, row.opaque) == (found.web, found.opaque):
                row = row._replace(most=most)
                continue
            if row is not None:
                yield row
            row = found
        if row is not None:
            yield row

    def _row(self, base: str, fewest: int, most: int | None) -> Row:
        name = ".".join([*["x"] * fewest, base])
        web = tuple(self._named(name, span, Seen.TLS) for span in self.spans)
        for span, word in zip(self.spans, web, strict=True):
            if word.passes:
                self._witnesses.setdefault(span, name)
        opaque = (
            self._named(name, span, Seen.OPAQUE) if word.passes else word
            for span, word in zip(self.spans, web, strict=True)
        )
        return Row(fewest, most, web, tuple(opaque))

    def other_names(self) -> Row:
        """A name that nobody lists."""
        hosts = hosts_of(self.policy)
        name = next(
            name for name in _NOBODYS if not any(above in each.marks for _, above in suffixes(name) for each in hosts)
        )
        return self._row(name, 0, 0)

    def _named(self, name: str, span: Span, seen: Seen, dialled: Address | None = None) -> Word:
        given = (GivenName(NameSource.CONNECT, name),)
        return self._word(Attempt(transport=Transport.TCP, port=span[0], names=given, seen=seen, dialled=dialled))

    # Addresses

    def addresses(self) -> Iterator[AddressCell]:
        """A cell for each network that has addresses of its own."""
        for network in self._networks:
            sample = sample_of(network, self._networks)
            if sample is not None:
                yield self._address(network, sample)

    def other_addresses(self) -> AddressCell:
        """An address in no network that anybody lists, if there is one."""
        free = [each for each in _ANYBODYS if not any(each in network for network in self._networks)]
        return self._address(ip_network("::/0"), (free or _ANYBODYS)[0])

    def _address(self, network: Network, sample: Address) -> AddressCell:
        asked = (GivenName(NameSource.CONNECT, sample),)
        return AddressCell(
            network,
            tuple(self._at(sample, span, None, asked) for span in self.spans),
            tuple(self._at(sample, span, Seen.TLS) for span in self.spans),
            tuple(self._at(sample, span, Seen.OPAQUE) for span in self.spans),
        )

    def _at(self, address: Address, span: Span, seen: Seen | None, names: tuple[GivenName, ...] = ()) -> Word:
        return self._word(Attempt(transport=Transport.TCP, port=span[0], names=names, address=address, seen=seen))

    # Where names lead

    def regions(self) -> Iterator[Region]:
        """Private addresses but for admitted networks, and what the site denies."""
        private = list(private_networks())
        admitted = (network for network, _ in self.policy.admitted.networks)
        told = [
            each for each in admitted if any(each.version == some.version and each.overlaps(some) for some in private)
        ]
        denied = [] if self.policy.denied is None else [network for network, _ in self.policy.denied.networks]
        regions = sorted(dict.fromkeys([*private, *told, *denied]), key=lambda network: network.prefixlen)
        kept: dict[Network, tuple[Word, ...]] = {}
        for network in regions:
            sample = sample_of(network, regions)
            if sample is None:
                continue
            words = tuple(self._reached(sample, span) for span in self.spans)
            around = [each for each in kept if holds(each, network)]
            if not around or kept[max(around, key=lambda each: each.prefixlen)] != words:
                kept[network] = words
        for network, words in kept.items():
            decided = list(zip(self.spans, words, strict=True))
            denied_as = next((word.reason for word in words if not word.passes), None)
            yield Region(
                network,
                tuple(each for each in kept if holds(network, each)),
                tuple(joined(span for span, word in decided if not word.passes)),
                tuple(joined(span for span, word in decided if word.passes)),
                None if denied_as is None else f"{denied_as}/{Tier.NONE}",
            )

    def _reached(self, address: Address, span: Span) -> Word:
        """What becomes of a name that is admitted, where it leads to the address; of the address, where none is."""
        witness = self._witnesses.get(span)
        if witness is not None:
            return self._named(witness, span, Seen.TLS, dialled=address)
        word = self._at(address, span, None, (GivenName(NameSource.CONNECT, address),))
        if word.passes or word.reason == Reason.SITE_DENIED:
            return word
        return _PRIVATE if is_private(address) else _ALLOW

    def _word(self, attempt: Attempt) -> Word:
        verdict = judge(self._site, self._catalogue, attempt)
        return _ALLOW if verdict.passes else Word(False, f"{verdict.reason}/{verdict.tier}")


_ALLOW: Final = Word(True, "allow")
_PRIVATE: Final = Word(False, f"{Reason.PRIVATE_ADDRESS}/{Tier.NONE}")


def _telling(cells: Sequence[NameCell], other: Row) -> Iterator[NameCell]:
    """Without cells that say what Envoy falls back to: the next wildcard above, or what it says of every name."""
    table = {cell.domain: cell.rows for cell in cells}
    for domain, rows in table.items():
        above = _above(domain, table)
        said = {(row.web, row.opaque) for row in (*rows, *(above or (other,)))}
        if len(said) > 1:
            yield NameCell(domain, rows)


def _above(domain: str, table: Mapping[str, tuple[Row, ...]]) -> tuple[Row, ...] | None:
    name = domain.removeprefix("*.").partition(".")[2]
    while name:
        if (rows := table.get(f"*.{name}")) is not None:
            return rows
        name = name.partition(".")[2]
    return None
