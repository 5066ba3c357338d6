"""`tierwall diff`: two vendors' files, or two sites -> what opens, what closes, and what else changed.

Knows which files are given; what opens is asked of export/, so that a change log says what an export would.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tierwall.cli.export.difference import say_changes
from tierwall.cli.faults import BadInput
from tierwall.cli.output import report, write
from tierwall.cli.policies import policy_kind
from tierwall.export import Grant, List, NothingSelected, Wanted, select
from tierwall.export.change import Change, changes
from tierwall.loader import InvalidFiles, load_catalogue, load_site
from tierwall.loader.vendors import vendor_in
from tierwall.policy.model import Catalogue, Tier, Vendor
from tierwall.policy.projections.difference import Change as PolicyChange
from tierwall.policy.projections.difference import differences
from tierwall.policy.site import Site, VendorEntry
from tierwall.report import difference


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """What is different."""

    changes: tuple[Change, ...]
    """Of what goes out."""
    inbound: tuple[Change, ...]
    policy: tuple[PolicyChange, ...] = ()
    """Of two vendors' files: rules, services, documents."""


def compared(old: str, new: str, policies: Sequence[Path]) -> Compared:
    """Compare them. Raises BadInput."""
    kinds = [policy_kind(Path(name)) for name in (old, new)]
    if "vendor" in kinds and kinds[0] != kinds[1]:
        other = old if kinds[1] == "vendor" else new
        raise BadInput([f"{other} is no vendor's file, and the other is: give two vendors' files, or two sites"])
    try:
        if kinds == ["vendor", "vendor"]:
            return _vendors(vendor_in(Path(old)), vendor_in(Path(new)))
        catalogue = load_catalogue(policies)
        return _sites(load_site(old, catalogue), load_site(new, catalogue), catalogue)
    except InvalidFiles as invalid:
        raise BadInput(invalid.faults) from None


def print_text(found: Compared) -> int:
    """For people. 1 where anything is different."""
    said = say_changes(found.changes)
    console = report()
    for change in found.inbound:
        console.print(f"who calls: {change}", soft_wrap=True)
    if found.policy:
        console.print(*difference.lines(found.policy), sep="")
    return said or int(bool(found.inbound or found.policy))


def print_json(found: Compared) -> int:
    """For programs. 1 where anything is different."""
    body = {
        "opens": [_object(change) for change in found.changes if change.opens],
        "closes": [_object(change) for change in found.changes if not change.opens],
        "inbound": [{"opens": change.opens, **_object(change)} for change in found.inbound],
        "policy": difference.as_objects(found.policy),
    }
    write(json.dumps(body, indent=2))
    return int(bool(found.changes or found.inbound or found.policy))


def _vendors(old: Vendor, new: Vendor) -> Compared:
    """Each alone, with all that its document asks for."""
    before, after = (_lists(_whole(vendor), Catalogue((vendor,))) for vendor in (old, new))
    return Compared(
        changes=tuple(changes(before[List.ALLOW], after[List.ALLOW])),
        inbound=tuple(changes(before[List.INBOUND], after[List.INBOUND])),
        policy=differences(old, new),
    )


def _sites(old: Site, new: Site, catalogue: Catalogue) -> Compared:
    before, after = (_lists(site, catalogue) for site in (old, new))
    return Compared(
        changes=tuple(changes(before[List.ALLOW], after[List.ALLOW])),
        inbound=tuple(changes(before[List.INBOUND], after[List.INBOUND])),
    )


def _whole(vendor: Vendor) -> Site:
    tiers = frozenset(tier for tier in Tier if tier is not Tier.NONE)
    return Site(id=vendor.id, admit=(VendorEntry(vendor=vendor.id, tiers=tiers),))


def _lists(site: Site, catalogue: Catalogue) -> dict[List, tuple[Grant, ...]]:
    try:
        return select(Wanted(), site, catalogue).lists
    except NothingSelected:
        return dict.fromkeys(List, ())


def _object(change: Change) -> dict[str, object]:
    found: dict[str, object] = {"entry": change.entry}
    if change.ports:
        found["ports"] = [str(ports) for ports in change.ports]
    if change.serves:
        found["serves"] = change.serves
    return found
