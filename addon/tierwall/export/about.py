"""What is said of a selection: its name, its title, where it comes from, and what of a site is in no list.

Knows words; what is selected is selection.py's.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from tierwall.policy.match.vendor_rules import VendorRule
from tierwall.policy.model import Evidence, Tier, Vendor
from tierwall.policy.site import RuledEntry, Site


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What of a site is wanted."""

    vendors: tuple[str, ...] = ()
    """None: all that it admits, and its own entries."""
    tiers: frozenset[Tier] | None = None


def unlisted(site: Site) -> Iterator[str]:
    """What of a site is no list."""
    if site.behaviours:
        names = ", ".join(dict.fromkeys(behaviour.NAME for behaviour in site.behaviours))
        yield f"site {site.id} has behaviours ({names}): they are not a list, and no export has them"
    for entry in (*site.admit, *site.deny):
        if isinstance(entry, RuledEntry):
            yield f"{entry.label} has access rules in an order: they are not a list, and no export has them"
    if not site.enforce:
        yield f"site {site.id} only observes (`enforce: false`): what is exported is what it lists"


def beyond_lists(rules: Iterable[VendorRule]) -> Iterator[str]:
    """What a document asks for that is no name and no network."""
    for rule in rules:
        if rule.rule.anywhere:
            ports = ", ".join(map(str, rule.rule.ports))
            yield f"{rule} asks for every destination on {ports}, which no list says: {rule.rule.source}"
        if rule.rule.asns:
            systems = ", ".join(f"AS{number}" for number in rule.rule.asns)
            yield f"{rule} names autonomous systems ({systems}), and not which networks they are: {rule.rule.source}"


def nothing(wanted: Wanted, site: Site, vendors: Sequence[Vendor]) -> str:
    """Why a selection is empty."""
    if wanted.vendors and not vendors:
        return f"nothing to export: site {site.id} admits nothing of {', '.join(wanted.vendors)} in these tiers"
    return f"nothing to export: site {site.id} admits nothing that was asked for"


def name_words(wanted: Wanted, site: Site) -> Iterator[str]:
    """Of the name of objects and files."""
    yield from wanted.vendors
    if not wanted.vendors or site.id != "reference":
        yield site.id
    if wanted.tiers is not None:
        yield from (tier for tier in Tier if tier in wanted.tiers)


def title(wanted: Wanted, site: Site, vendors: Sequence[Vendor]) -> str:
    """For people."""
    names = ", ".join(vendor.title for vendor in vendors) if wanted.vendors else f"site {site.id}"
    return names if wanted.tiers is None else f"{names}: {', '.join(tier for tier in Tier if tier in wanted.tiers)}"


def about(wanted: Wanted, site: Site, vendors: Sequence[Vendor], rules: Sequence[VendorRule]) -> Iterator[str]:
    """Vendors with their documents, tiers and evidence: a line each, for headers."""
    for vendor in vendors:
        documents = dict.fromkeys(rule.rule.source.document for rule in rules if rule.vendor is vendor)
        yield f"vendor {vendor.id} ({vendor.title}), as documented in: {'; '.join(documents)}"
        if vendor.addresses_unusable is not None:
            yield f"vendor {vendor.id}: no addresses. {vendor.addresses_unusable.strip()}"
    tiers = [tier for tier in Tier if any(_tier_in(tier, rule) for rule in rules)]
    asked = [tier for tier in tiers if wanted.tiers is None or tier in wanted.tiers]
    if asked:
        yield f"tiers: {', '.join(asked)}"
    founded = [evidence for evidence in Evidence if any(rule.rule.evidence is evidence for rule in rules)]
    if founded:
        yield f"evidence: {' and '.join(founded)}"
    yield from (f"inferred: {rule.rule.id}: {rule.rule.why}" for rule in rules if rule.rule.why is not None)
    for vendor in vendors:
        for choice in vendor.choices:
            ways = " | ".join(f"{way.title} ({', '.join(way.rules)})" for way in choice.ways)
            yield f"one way is enough, as {choice.source} says: {ways}"
    yield f"site: {site.id}"


def _tier_in(tier: Tier, rule: VendorRule) -> bool:
    return any(impact.tier is tier for impact in rule.impacts)
