"""What judge stands on: the lookup structures of one site and one catalogue, built once and kept while they are in use.

Knows how entries and rules become indexes, nothing of attempts. The catalogue is always read as `literal`; the site's
dialect changes only what the site admits.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import chain
from typing import Final, assert_never

from tierwall.policy.attempt import Attempt, Impact
from tierwall.policy.behaviour import EVERYTHING, Behaviour, NoUdp, TlsInspection, place_of
from tierwall.policy.dialect import (
    Dialect,
    NamePart,
    Part,
    Reading,
    Rejected,
    Shape,
    literally,
    read,
    read_of_vendor,
    vendors_part,
)
from tierwall.policy.match.alternatives import Softened, instead, working
from tierwall.policy.match.deciding import Decider, allowed_parts
from tierwall.policy.match.index import Hit, HostIndex, NetworkIndex
from tierwall.policy.model import (
    WEB,
    Address,
    Catalogue,
    Direction,
    Evidence,
    Network,
    Ports,
    Protocol,
    Rule,
    Service,
    Tier,
    Vendor,
)
from tierwall.policy.site import LOOPBACK_CLIENTS, ListEntry, RuledEntry, Site, VendorEntry

type _Listing = tuple[ListEntry | RuledEntry, VendorRule | None]

NOTHING: Final = (1, 0)
"""At least one label and at most none: the reading of a spelling that covers nothing."""


@dataclass(frozen=True, slots=True, eq=False)
class VendorRule:
    """A rule of the catalogue with its vendor, its place, and its services as a verdict names them."""

    vendor: Vendor
    rule: Rule
    impacts: tuple[Impact, ...]
    """One for each service, the most severe first."""
    ranked: tuple[tuple[tuple[int, int, int], Impact], ...]
    """The same, each with its rank in the whole catalogue: by tier, then rule, then service."""
    tier: Tier
    """The most severe of its services'."""
    egress: bool
    """Whether it can be admitted and broken at all; inbound rules are for the administrator's eyes."""
    any_protocol: bool
    """Whether one of its services speaks something else than TLS and HTTP, or may."""

    def __str__(self) -> str:
        return f"{self.vendor.id}/{self.rule.id}"


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


@dataclass(frozen=True, slots=True, eq=False)
class Index[P]:
    """Hosts and networks together: a destination is looked up as what it is."""

    hosts: HostIndex[P]
    networks: NetworkIndex[P]

    def find(self, value: str | Address) -> list[Hit[P]]:
        """Everything that covers the name or address, and what comes close, the most specific first."""
        return self.hosts.find(value) if isinstance(value, str) else self.networks.find(value)


@dataclass(frozen=True, slots=True, eq=False)
class Compiled:
    """A behaviour with what its names and networks are looked up in."""

    behaviour: Behaviour
    within: Index[None] | None
    """The hosts and networks of its scope; None where it has neither."""
    excepted: Index[None] | None
    """What a TLS inspection leaves alone."""


@dataclass(frozen=True, slots=True, eq=False)
class CompiledPolicy:
    """Everything that judge looks things up in."""

    asked: Index[VendorRule]
    """The whole catalogue, inbound and unspecified rules too."""
    admitted: Index[Entry]
    denied: Index[Entry] | None
    """None where the site denies nothing, which saves the lookups."""
    clients: NetworkIndex[None]
    too_weak: frozenset[VendorRule]
    """Rules that the site selects, with less evidence than it asks for."""
    instead: Mapping[VendorRule, VendorRule | None]
    """What stands for a rule where the site opens another way to the same; None: nothing breaks without it."""
    behaviours: tuple[Compiled, ...]
    """The site's behaviours in the order in which they act."""
    protocols: Mapping[tuple[str, str], Protocol]
    """What each service speaks, by vendor and service."""
    deciders: tuple[tuple[str, Decider], ...] = ()
    """The configurations with rules among what the site admits, with their labels."""


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


def admitted_rules(site: Site, catalogue: Catalogue) -> list[VendorRule]:
    """The vendors' rules that the site selects, with all the evidence that it asks for."""
    return [rule for rule in _selected(site, catalogue) if _founded(rule.rule, site.evidence)]


def all_rules(catalogue: Catalogue) -> list[VendorRule]:
    """Every vendor's rules, inbound and unspecified ones too."""
    return _catalogue_index(catalogue)[0]


def egress_rules(catalogue: Catalogue) -> list[VendorRule]:
    """All that can be admitted at all."""
    return [rule for rule in _catalogue_index(catalogue)[0] if rule.egress]


# Two, for a site and the one that a reload puts in its place: more would keep lists of a million names alive.
@lru_cache(maxsize=2)
def compiled_of(site: Site, catalogue: Catalogue) -> CompiledPolicy:
    """Build the lookup structures, or return those built before for the same two objects."""
    selected = _selected(site, catalogue)
    strong = admitted_rules(site, catalogue)
    deciders = {entry: Decider(entry.rules) for entry in (*site.admit, *site.deny) if isinstance(entry, RuledEntry)}
    admitted = _entry_index(list(_admitted(site, strong)), deciders)
    others = dict(_instead(site, catalogue, admitted))
    too_weak = frozenset(selected).difference(strong)
    return CompiledPolicy(
        asked=_catalogue_index(catalogue)[1],
        admitted=admitted,
        denied=_entry_index([(entry, None) for entry in site.deny], deciders) if site.deny else None,
        clients=NetworkIndex((net, None) for net in (LOOPBACK_CLIENTS if site.clients is None else site.clients)),
        too_weak=too_weak.union(each for rule in too_weak if (each := others.get(rule)) is not None),
        instead=others,
        behaviours=tuple(_compiled(each) for each in sorted(site.behaviours, key=place_of)),
        protocols={
            (vendor.id, service.id): service.protocol for vendor in catalogue.vendors for service in vendor.services
        },
        deciders=tuple((entry.label, decider) for entry, decider in deciders.items() if entry in site.admit),
    )


@lru_cache(maxsize=2)
def _catalogue_index(catalogue: Catalogue) -> tuple[list[VendorRule], Index[VendorRule]]:
    pairs = [(vendor, rule) for vendor in catalogue.vendors for rule in vendor.rules]
    rules = [_vendor_rule(order, vendor, rule) for order, (vendor, rule) in enumerate(pairs)]
    hosts = ((vendors_part(host), each) for each in rules for host in each.rule.hosts)
    networks = ((network, each) for each in rules for network in each.rule.networks)
    return rules, Index(HostIndex(hosts), NetworkIndex(networks))


def _selected(site: Site, catalogue: Catalogue) -> list[VendorRule]:
    return [rule for rule in egress_rules(catalogue) if any(_selects(entry, rule) for entry in site.admit)]


def _instead(
    site: Site, catalogue: Catalogue, admitted: Index[Entry]
) -> Iterator[tuple[VendorRule, VendorRule | None]]:
    def holds(place: str | Address, ports: Ports) -> bool:
        attempt = Attempt(transport=ports.transport, port=ports.first)
        return any(
            hit.covers and _hold(hit.payload.ports, ports) and hit.payload.lets(place, attempt)
            for hit in admitted.find(place)
        )

    without_udp = any(isinstance(each, NoUdp) and each.scope == EVERYTHING for each in site.behaviours)
    for vendor in catalogue.vendors:
        if vendor.choices or vendor.ladders:
            own = {each.rule.id: each for each in egress_rules(catalogue) if each.vendor is vendor}
            works = working([each.rule for each in own.values()], holds, without_udp=without_udp)
            for rule_id, said in instead(vendor, works).items():
                if (each := own.get(rule_id)) is not None:
                    yield each, None if said is None else _softened(each, said)


def _hold(several: tuple[Ports, ...], inner: Ports) -> bool:
    return any(each.cover(inner.transport, inner.first) and each.cover(inner.transport, inner.last) for each in several)


def _softened(each: VendorRule, said: Softened) -> VendorRule:
    ranked = tuple((rank, replace(impact, symptom=said.symptom(impact.symptom))) for rank, impact in each.ranked)
    return replace(each, ranked=ranked, impacts=tuple(impact for _, impact in ranked))


def _vendor_rule(order: int, vendor: Vendor, rule: Rule) -> VendorRule:
    impacts = [_impact(vendor, rule, vendor.service(service)) for service in rule.services]
    ranked = sorted(((impact.tier.severity, order, place), impact) for place, impact in enumerate(impacts))
    return VendorRule(
        vendor=vendor,
        rule=rule,
        impacts=tuple(impact for _, impact in ranked),
        ranked=tuple(ranked),
        tier=ranked[0][1].tier if ranked else Tier.NONE,
        egress=rule.direction is Direction.EGRESS,
        any_protocol=any(vendor.service(service).protocol not in WEB for service in rule.services),
    )


def _impact(vendor: Vendor, rule: Rule, service: Service) -> Impact:
    return Impact(
        vendor=vendor.id,
        service=service.id,
        tier=service.tier,
        rule=rule.id,
        evidence=rule.evidence,
        source=str(rule.source),
        symptom=service.symptom,
    )


def _selects(entry: VendorEntry | ListEntry | RuledEntry, rule: VendorRule) -> bool:
    """The keys of an entry are ANDed; tier and service must be those of one and the same service of the rule."""
    if not isinstance(entry, VendorEntry) or (entry.vendor is not None and entry.vendor != rule.vendor.id):
        return False
    if entry.rules is not None and rule.rule.id not in entry.rules:
        return False
    return any(_selects_service(entry, impact) for impact in rule.impacts)


def _selects_service(entry: VendorEntry, impact: Impact) -> bool:
    return (entry.services is None or impact.service in entry.services) and (
        entry.tiers is None or impact.tier in entry.tiers
    )


def _founded(rule: Rule, least: Evidence) -> bool:
    """Whether it may be admitted; what a document asks for everywhere never is."""
    return not rule.anywhere and rule.evidence is not Evidence.UNSPECIFIED and rule.evidence.at_least(least)


def _admitted(site: Site, strong: list[VendorRule]) -> Iterator[_Listing]:
    """The site's entries in its order, each vendor's rule as the list entry that the customer would have written."""
    for entry in site.admit:
        match entry:
            case ListEntry() | RuledEntry():
                yield entry, None
            case VendorEntry():
                for each in strong:
                    if _selects(entry, each):
                        yield _as_listed(each, entry, site.dialect), each
            case _:
                assert_never(entry)


def _as_listed(each: VendorRule, entry: VendorEntry, dialect: Dialect) -> ListEntry:
    rule, vendor = each.rule, each.vendor
    services = [vendor.service(impact.service) for impact in each.impacts if _selects_service(entry, impact)]
    return ListEntry(
        label=str(each),
        hosts=rule.hosts,
        networks=rule.networks,
        ports=rule.ports,
        dialect=dialect,
        any_protocol=any(service.protocol not in WEB for service in services),
    )


def _entry_index(listings: list[_Listing], deciders: Mapping[RuledEntry, Decider]) -> Index[Entry]:
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


def _compiled(behaviour: Behaviour) -> Compiled:
    scope = behaviour.scope
    excepted = behaviour.excepted if isinstance(behaviour, TlsInspection) else ()
    return Compiled(
        behaviour=behaviour,
        within=None
        if scope.hosts is None and scope.networks is None
        else _names(scope.hosts or (), scope.networks or ()),
        excepted=_names(
            [each for each in excepted if isinstance(each, str)],
            [each for each in excepted if not isinstance(each, str)],
        )
        if excepted
        else None,
    )


def _names(hosts: Iterable[str], networks: Iterable[Network]) -> Index[None]:
    readings = (literally(host) for host in hosts)
    return Index(
        HostIndex((reading, None) for reading in readings if isinstance(reading, Reading)),
        NetworkIndex((network, None) for network in networks),
    )
