"""What a site lists, itself or by admitting vendors' rules: each spelling as its dialect reads it, in one index.

Knows lists, configurations with rules, and dialects; nothing of attempts but what such rules ask of one.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import chain
from typing import Final, assert_never

from tierwall.policy.attempt import Attempt
from tierwall.policy.dialect import (
    Dialect,
    NamePart,
    Part,
    Reading,
    Rejected,
    Shape,
    read,
    read_of_vendor,
)
from tierwall.policy.match.deciding import Decider, allowed_parts
from tierwall.policy.match.index import Hit, HostIndex, Index, NetworkIndex
from tierwall.policy.match.vendor_rules import VendorRule, selects, selects_service
from tierwall.policy.model import (
    WEB,
    Address,
    Network,
    Ports,
)
from tierwall.policy.site import ListEntry, RuledEntry, Site, VendorEntry

type Listing = tuple[ListEntry | RuledEntry, VendorRule | None]
"""An entry of a list, and the vendor's rule that it stands for, if any."""

NOTHING: Final = (1, 0)
"""At least one label and at most none: the reading of a spelling that covers nothing."""


@dataclass(frozen=True, slots=True, eq=False)
class Entry:
    """What a site lists, itself or by admitting a vendor's rule. All spellings of one list and shape share one."""

    label: str
    """`admit[1]` for the site's own, `vendor/rule` for a vendor's."""
    ports: tuple[Ports, ...]
    rule: VendorRule | None
    affixes: tuple[str, str] = ("", "")
    """What the spelling has around its base: a list of a million names keeps one pair, not a million spellings."""
    dialect: Dialect = Dialect.LITERAL
    """How the spelling was read."""
    any_protocol: bool = True
    """Whether more than TLS and HTTP may be spoken there."""
    decider: Decider | None = None
    """Of a configuration with rules: what it covers is admitted only where these say so."""

    def lets(self, value: str | Address, attempt: Attempt) -> bool:
        """Whether the rules of its configuration let the attempt through, where it has any."""
        return self.decider is None or self.decider.admits(value, attempt)


def spelling(hit: Hit[Entry]) -> str:
    """The host pattern or network as the site or vendor spells it."""
    before, after = hit.payload.affixes
    return f"{before}{hit.base}{after}"


def rejected(hit: Hit[Entry]) -> Rejected | None:
    """Why its dialect rejects the entry, where it does; its hits then only ever come close."""
    if (hit.fewest, hit.most) != NOTHING:
        return None
    found = read(hit.payload.dialect, spelling(hit))
    return found if isinstance(found, Rejected) else None


def title(hit: Hit[Entry]) -> str:
    """How people know the entry: `8x8/*.8x8.vc`, or `admit[1] *.corp.example`."""
    return hit.payload.label if hit.payload.rule is not None else f"{hit.payload.label} {spelling(hit)}"


def listings(site: Site, strong: list[VendorRule]) -> Iterator[Listing]:
    """The site's entries in its order, each vendor's rule as the list entry that the customer would have written."""
    for entry in site.admit:
        match entry:
            case ListEntry() | RuledEntry():
                yield entry, None
            case VendorEntry():
                for each in strong:
                    if selects(entry, each):
                        yield _as_listed(each, entry, site.dialect), each
            case _:
                assert_never(entry)


def entry_index(listings: list[Listing], deciders: Mapping[RuledEntry, Decider]) -> Index[Entry]:
    """What such listings are looked up in."""
    addresses: list[tuple[Network, Entry]] = []
    lists = [(entry, rule) for entry, rule in listings if isinstance(entry, ListEntry)]
    ruled = [entry for entry, _ in listings if isinstance(entry, RuledEntry)]
    hosts = HostIndex(chain(_listed_hosts(lists, addresses), _ruled_hosts(ruled, deciders, addresses)))
    return Index(hosts, NetworkIndex([*_listed_networks(lists), *addresses]))


def _ruled_hosts(
    entries: Iterable[RuledEntry], deciders: Mapping[RuledEntry, Decider], addresses: list[tuple[Network, Entry]]
) -> Iterator[tuple[NamePart, Entry]]:
    """What the rules could allow; whether they do is asked of them, destination by destination."""
    for entry in entries:
        payloads: dict[tuple[str, str], Entry] = {}
        for host, part in allowed_parts(entry.rules):
            before, _, after = host.rpartition(part.base) if isinstance(part, Reading) else ("", "", "")
            payload = payloads.get((before, after))
            if payload is None:
                decider = deciders[entry]
                payload = Entry(entry.label, entry.ports, None, (before, after), Dialect.SQUID, decider=decider)
                payloads[before, after] = payload
            if isinstance(part, Reading | Shape):
                yield part, payload
            else:
                addresses.append((part, payload))


def _listed_hosts(
    listings: Iterable[tuple[ListEntry, VendorRule | None]], addresses: list[tuple[Network, Entry]]
) -> Iterator[tuple[NamePart, Entry]]:
    """A spelling that its dialect rejects lists nothing, and comes close to the names that it seems to be about.

    `addresses` is given those that stand among the hosts, where the dialect takes them.
    """
    for listing, rule in listings:
        entries: dict[tuple[str, str], Entry] = {}
        for host in listing.hosts:
            for part in _parts(listing.dialect, host, rule):
                if not isinstance(part, Reading | Shape):
                    addresses.append((part, _entry(listing, rule)))
                    continue
                before, _, after = ("", "", "") if isinstance(part, Shape) else host.rpartition(part.base)
                entry = entries.get((before, after))
                if entry is None:
                    entry = _entry(listing, rule, (before, after))
                    entries[before, after] = entry
                yield part, entry


def _entry(listing: ListEntry, rule: VendorRule | None, affixes: tuple[str, str] = ("", "")) -> Entry:
    return Entry(listing.label, listing.ports, rule, affixes, listing.dialect, listing.any_protocol)


def _parts(dialect: Dialect, host: str, rule: VendorRule | None) -> tuple[Part, ...]:
    found = read(dialect, host) if rule is None else read_of_vendor(dialect, host)
    if not isinstance(found, Rejected):
        return found
    return () if found.about is None else (Reading(found.about, *NOTHING),)


def _listed_networks(listings: Iterable[tuple[ListEntry, VendorRule | None]]) -> Iterator[tuple[Network, Entry]]:
    for listing, rule in listings:
        entry = replace(_entry(listing, rule), dialect=Dialect.LITERAL)
        for network in listing.networks:
            yield network, entry


def _as_listed(each: VendorRule, entry: VendorEntry, dialect: Dialect) -> ListEntry:
    rule, vendor = each.rule, each.vendor
    services = [vendor.service(impact.service) for impact in each.impacts if selects_service(entry, impact)]
    return ListEntry(
        label=str(each),
        hosts=rule.hosts,
        networks=rule.networks,
        ports=rule.ports,
        dialect=dialect,
        any_protocol=any(service.protocol not in WEB for service in services),
    )
