"""What the catalogue asks for: every vendor's rule with its services as a verdict names them, and which a site selects.

Knows vendors' rules and the selectors of a site. The catalogue is always read as `literal`, whatever a site's dialect.
"""

from dataclasses import dataclass
from functools import lru_cache

from tierwall.policy.attempt import Impact
from tierwall.policy.dialect import (
    vendors_part,
)
from tierwall.policy.match.index import HostIndex, Index, NetworkIndex
from tierwall.policy.model import (
    WEB,
    Catalogue,
    Direction,
    Evidence,
    Rule,
    Service,
    Tier,
    Vendor,
)
from tierwall.policy.site import ListEntry, RuledEntry, Site, VendorEntry


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


def admitted_rules(site: Site, catalogue: Catalogue) -> list[VendorRule]:
    """The vendors' rules that the site selects, with all the evidence that it asks for."""
    return [rule for rule in selected_rules(site, catalogue) if _founded(rule.rule, site.evidence)]


def all_rules(catalogue: Catalogue) -> list[VendorRule]:
    """Every vendor's rules, inbound and unspecified ones too."""
    return catalogue_index(catalogue)[0]


def egress_rules(catalogue: Catalogue) -> list[VendorRule]:
    """All that can be admitted at all."""
    return [rule for rule in catalogue_index(catalogue)[0] if rule.egress]


def selected_rules(site: Site, catalogue: Catalogue) -> list[VendorRule]:
    """The vendors' rules that the site selects, whatever their evidence."""
    return [rule for rule in egress_rules(catalogue) if any(selects(entry, rule) for entry in site.admit)]


def selects(entry: VendorEntry | ListEntry | RuledEntry, rule: VendorRule) -> bool:
    """The keys of an entry are ANDed; tier and service must be those of one and the same service of the rule."""
    if not isinstance(entry, VendorEntry) or (entry.vendor is not None and entry.vendor != rule.vendor.id):
        return False
    if entry.rules is not None and rule.rule.id not in entry.rules:
        return False
    return any(selects_service(entry, impact) for impact in rule.impacts)


def selects_service(entry: VendorEntry, impact: Impact) -> bool:
    """Whether its keys select this service."""
    return (entry.services is None or impact.service in entry.services) and (
        entry.tiers is None or impact.tier in entry.tiers
    )


@lru_cache(maxsize=2)
def catalogue_index(catalogue: Catalogue) -> tuple[list[VendorRule], Index[VendorRule]]:
    """All of them in the catalogue's order, and what they are looked up in."""
    pairs = [(vendor, rule) for vendor in catalogue.vendors for rule in vendor.rules]
    rules = [_vendor_rule(order, vendor, rule) for order, (vendor, rule) in enumerate(pairs)]
    hosts = ((vendors_part(host), each) for each in rules for host in each.rule.hosts)
    networks = ((network, each) for each in rules for network in each.rule.networks)
    return rules, Index(HostIndex(hosts), NetworkIndex(networks))


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


def _founded(rule: Rule, least: Evidence) -> bool:
    """Whether it may be admitted; what a document asks for everywhere never is."""
    return not rule.anywhere and rule.evidence is not Evidence.UNSPECIFIED and rule.evidence.at_least(least)
