"""What a site admits: its own lists, and the vendors' rules that its entries select.

Knows the site and the catalogue, no findings.
"""

from collections.abc import Iterable, Iterator

from tierwall.policy.model import Catalogue, Direction, Rule, Service, Vendor
from tierwall.policy.site import ListEntry, RuledEntry, Site, VendorEntry


def lists_of(entries: Iterable[VendorEntry | ListEntry | RuledEntry]) -> Iterator[ListEntry]:
    """The customer's own among the entries."""
    return (entry for entry in entries if isinstance(entry, ListEntry))


def chosen(entry: VendorEntry, catalogue: Catalogue) -> Iterator[tuple[Vendor, Rule, Service]]:
    """The entry's keys are ANDed for each service of a rule; a rule with one such service is selected."""
    for vendor in catalogue.vendors:
        for rule in vendor.rules if entry.vendor in {None, vendor.id} else ():
            if entry.rules is None or rule.id in entry.rules:
                for service in map(vendor.service, rule.services):
                    if (entry.tiers is None or service.tier in entry.tiers) and (
                        entry.services is None or service.id in entry.services
                    ):
                        yield vendor, rule, service


def admitted(site: Site, catalogue: Catalogue) -> Iterator[tuple[Vendor, Rule, Service]]:
    """What its entries select, as far as the site could admit it."""
    for entry in site.admit:
        if isinstance(entry, VendorEntry):
            yield from (each for each in chosen(entry, catalogue) if admissible(each[1], site))


def admissible(rule: Rule, site: Site) -> bool:
    """Whether the rule leads out of the network, and has the evidence that the site asks for."""
    return not rule.anywhere and rule.direction is Direction.EGRESS and rule.evidence.at_least(site.evidence)
