"""What a site's lists admit and miss of what vendors ask for, as their dialects read them.

Knows spellings, dialects and the catalogue; all but strangers that get in is a note, because a list that misses
something may be the very site that somebody wants to show.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Final

from tierwall.policy.dialect import Dialect, Reading, Shape, doubt, spelled
from tierwall.policy.dialect.mending import IN_USE, Proposal, proposal, replaced
from tierwall.policy.lint.admitting import admissible, admitted, lists_of
from tierwall.policy.lint.covering import (
    Listed,
    egress,
    lists_everything,
    name_parts,
    parts,
    readings,
    share_ports,
    some,
    takes_in,
)
from tierwall.policy.lint.finding import Code, Finding
from tierwall.policy.match.index import Hit, HostIndex
from tierwall.policy.model import Catalogue, Rule, Tier, Vendor
from tierwall.policy.site import ListEntry, Site, VendorEntry
from tierwall.public_suffix import is_public_suffix


def _strangers(site: Site, catalogue: Catalogue) -> Iterator[Finding]:
    for label, dialect, hosts in _spelled(site, catalogue):
        found = [part for _, part in parts(hosts, dialect) if isinstance(part, Shape) and _is_open(part)]
        if found:
            names = some(f"`{shape.spelling}` covers {shape.example()}" for shape in found)
            message = f"{label} admits strangers, as `{dialect}` reads it: {names}"
            yield Finding(site.id, Code.OVER_MATCH, message, _narrower(found[0]))


def _is_open(shape: Shape) -> bool:
    """Whether names that it covers belong to anybody: nothing, or only a public suffix, is certain of their end."""
    return not shape.tail or is_public_suffix(shape.tail)


def _narrower(shape: Shape) -> str:
    if len(shape.labels) == 1:
        return "name the domains that are meant"
    if not shape.tail:
        return "end it with the domain that is meant, closed by `/`"
    return "name the domain that is meant behind a dot"


def _doubts(site: Site, catalogue: Catalogue) -> Iterator[Finding]:
    for label, dialect, hosts in _spelled(site, catalogue):
        doubted: defaultdict[str, list[str]] = defaultdict(list)
        for host in hosts:
            if (words := doubt(dialect, host)) is not None:
                doubted[words].append(f"`{host}`")
        for words, spellings in doubted.items():
            message = f"{label}: how `{dialect}` reads {some(spellings)} is not documented as a whole: {words}"
            yield Finding(site.id, Code.UNDOCUMENTED, message, "try it on the product itself")


def _against_vendors(site: Site, catalogue: Catalogue) -> Iterator[Finding]:
    own = [entry for entry in lists_of(site.admit) if entry.hosts]
    if not own:
        return
    everything = Listed([*own, *_selected(site, catalogue)])
    for entry in own:
        index = HostIndex((part, host) for host, part in name_parts(entry.hosts, entry.dialect))
        for vendor in catalogue.vendors:
            yield from _against(site, entry, index, vendor, everything)


def _against(
    site: Site, entry: ListEntry, index: HostIndex[str], vendor: Vendor, everything: Listed
) -> Iterator[Finding]:
    admits: dict[str, None] = {}
    misses: dict[str, tuple[Tier, str]] = {}
    everywhere = lists_everything(entry)
    for rule, host, reading in _asked(site, entry, vendor):
        hits = index.find(reading.base)
        if everywhere or any(_takes_in(hit, reading) for hit in hits):
            admits[host] = None
        elif hits and not everything.hold_host(reading, rule.ports):
            near = next((hit for hit in hits if _meets(hit, reading)), hits[0])
            part = "a part of " if _meets(near, reading) else ""
            said = f"{part}{host} ({_tier(vendor, rule)}, `{near.payload}` leaves it out)"
            misses.setdefault(host, (_tier(vendor, rule), said))
    if admits:
        yield Finding(
            site.id, Code.LIST_ADMITS, f"{entry.label} admits of {vendor.id}: {some(admits, most=len(admits))}"
        )
    if misses:
        by_tier = sorted(misses, key=lambda host: misses[host][0].severity)
        message = f"{entry.label} misses of {vendor.id}, as `{entry.dialect}` reads it: "
        said = message + some(misses[host][1] for host in by_tier)
        proposals, hopeless = _proposed(entry, by_tier)
        yield Finding(site.id, Code.LIST_MISSES, said, _mend(entry.dialect, proposals, hopeless), proposals)


def _asked(site: Site, entry: ListEntry, vendor: Vendor) -> Iterator[tuple[Rule, str, Reading]]:
    for rule in egress(vendor):
        if admissible(rule, site) and share_ports(rule.ports, entry.ports):
            yield from ((rule, host, reading) for host, reading in readings(rule.hosts))


def _takes_in(hit: Hit[str], reading: Reading) -> bool:
    """Whether it covers all of the reading that is in use."""
    most = None if hit.most is not None and hit.most >= IN_USE and reading.most is None else hit.most
    return takes_in(hit.fewest, most, reading, hit.labels)


def _meets(hit: Hit[str], reading: Reading) -> bool:
    """Whether it covers some of the reading."""
    fewest = max(hit.fewest, reading.fewest + hit.labels)
    ends = [
        most for most in (hit.most, None if reading.most is None else reading.most + hit.labels) if most is not None
    ]
    return not ends or fewest <= min(ends)


def _proposed(entry: ListEntry, patterns: Iterable[str]) -> tuple[tuple[Proposal, ...], list[str]]:
    """The spellings that together close the gaps, none of which another one closes too; and the gaps that none does."""
    found: dict[str, Proposal] = {}
    hopeless: list[str] = []
    for pattern in patterns:
        if (made := proposal(entry.dialect, pattern)) is None:
            hopeless.append(pattern)
        else:
            found.setdefault(made.entry, made)
    index = HostIndex((part, spelling) for spelling, part in name_parts(found, entry.dialect))
    needed = [
        each
        for each in found.values()
        if not any(
            hit.payload != each.entry and _takes_in(hit, each.closes) and not _mutual(found[hit.payload], each)
            for hit in index.find(each.closes.base)
        )
    ]
    written = (replace(each, in_place_of=replaced(entry.dialect, each.entry, entry.hosts)) for each in needed)
    return tuple(written), hopeless


def _mutual(one: Proposal, other: Proposal) -> bool:
    """Whether both are spellings of one and the same, of which the first stays."""
    return one.closes == other.closes


def _mend(dialect: Dialect, proposals: Iterable[Proposal], hopeless: Iterable[str]) -> str:
    added = [str(each) for each in proposals if not each.in_place_of]
    replacing = [str(each) for each in proposals if each.in_place_of]
    said = [f"add {some(added)}"] if added else []
    said += [f"put {some(replacing)}"] if replacing else []
    for pattern in hopeless:
        base = pattern.removeprefix("*.")
        nearest = spelled(dialect, base) if "*" not in base else None
        near = f"; the nearest, `{nearest}`, covers {base} alone" if nearest else ""
        said.append(f"no spelling of `{dialect}` covers {pattern}{near}")
    return "; ".join(said)


def _tier(vendor: Vendor, rule: Rule) -> Tier:
    return min((vendor.service(service).tier for service in rule.services), key=lambda tier: tier.severity)


def _selected(site: Site, catalogue: Catalogue) -> Iterator[ListEntry]:
    """The vendors' rules that the site admits, as the customer would have listed them."""
    rules = dict.fromkeys((vendor.id, rule) for vendor, rule, _ in admitted(site, catalogue))
    for vendor, rule in rules:
        yield ListEntry(label=f"{vendor}/{rule.id}", hosts=rule.hosts, ports=rule.ports, dialect=site.dialect)


def _spelled(site: Site, catalogue: Catalogue) -> Iterator[tuple[str, Dialect, Iterable[str]]]:
    """Each list with its dialect and spellings, and the vendors' patterns in that of the site."""
    for entry in lists_of(site.admit):
        yield entry.label, entry.dialect, entry.hosts
    if any(isinstance(entry, VendorEntry) for entry in site.admit):
        hosts = dict.fromkeys(host for _, rule, _ in admitted(site, catalogue) for host in rule.hosts)
        yield "what it admits of vendors", site.dialect, hosts


CHECKS: Final[tuple[Callable[[Site, Catalogue], Iterator[Finding]], ...]] = (_strangers, _against_vendors, _doubts)
