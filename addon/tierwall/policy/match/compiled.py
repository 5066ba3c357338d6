"""What judge stands on: the lookup structures of one site and one catalogue, built once and kept while they are in use.

Knows how what is asked for and what is listed come together, nothing of attempts. The site's dialect changes only what
the site admits.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

from tierwall.policy.attempt import Attempt
from tierwall.policy.behaviour import EVERYTHING, Behaviour, NoUdp, TlsInspection, place_of
from tierwall.policy.dialect import (
    Reading,
    literally,
)
from tierwall.policy.match.alternatives import Softened, instead, working
from tierwall.policy.match.deciding import Decider
from tierwall.policy.match.index import HostIndex, Index, NetworkIndex
from tierwall.policy.match.listed import Entry, entry_index, listings
from tierwall.policy.match.vendor_rules import VendorRule, admitted_rules, catalogue_index, egress_rules, selected_rules
from tierwall.policy.model import (
    Address,
    Catalogue,
    Network,
    Ports,
    Protocol,
)
from tierwall.policy.site import LOOPBACK_CLIENTS, RuledEntry, Site


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


# Two, for a site and the one that a reload puts in its place: more would keep lists of a million names alive.
@lru_cache(maxsize=2)
def compiled_of(site: Site, catalogue: Catalogue) -> CompiledPolicy:
    """Build the lookup structures, or return those built before for the same two objects."""
    selected = selected_rules(site, catalogue)
    strong = admitted_rules(site, catalogue)
    deciders = {entry: Decider(entry.rules) for entry in (*site.admit, *site.deny) if isinstance(entry, RuledEntry)}
    admitted = entry_index(list(listings(site, strong)), deciders)
    others = dict(_instead(site, catalogue, admitted))
    too_weak = frozenset(selected).difference(strong)
    return CompiledPolicy(
        asked=catalogue_index(catalogue)[1],
        admitted=admitted,
        denied=entry_index([(entry, None) for entry in site.deny], deciders) if site.deny else None,
        clients=NetworkIndex((net, None) for net in (LOOPBACK_CLIENTS if site.clients is None else site.clients)),
        too_weak=too_weak.union(each for rule in too_weak if (each := others.get(rule)) is not None),
        instead=others,
        behaviours=tuple(_compiled(each) for each in sorted(site.behaviours, key=place_of)),
        protocols={
            (vendor.id, service.id): service.protocol for vendor in catalogue.vendors for service in vendor.services
        },
        deciders=tuple((entry.label, decider) for entry, decider in deciders.items() if entry in site.admit),
    )


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
