"""What is odd about one site: entries that do nothing, or more or less than the administrator meant.

Knows the site and the catalogue that it admits from; what its lists admit and miss of that is lists.py's.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Final

from tierwall.policy.behaviour import Basis, DpiHttpsOnly
from tierwall.policy.dialect import Dialect, Reading, Rejected, literally, read, read_of_vendor
from tierwall.policy.dialect.mending import Proposal, proposal, replaced
from tierwall.policy.lint.admitting import admissible, admitted, chosen, lists_of
from tierwall.policy.lint.covering import Listed, egress, plain, readings, some
from tierwall.policy.lint.finding import Code, Finding
from tierwall.policy.model import Catalogue, Evidence, Ports, Rule, Tier, Vendor
from tierwall.policy.site import ListEntry, Names, RuledEntry, Site, VendorEntry
from tierwall.public_suffix import is_public_suffix


def _admits_nothing(site: Site, catalogue: Catalogue) -> Iterator[Finding]:
    for place, entry in enumerate(site.admit):
        if isinstance(entry, ListEntry):
            if not entry.hosts and not entry.networks:
                yield Finding(site.id, Code.ADMITS_NOTHING, f"{entry.label} lists no host and no network")
            continue
        if isinstance(entry, RuledEntry):
            continue  # rules.py has its own
        selected = [(rule, service) for _, rule, service in chosen(entry, catalogue) if admissible(rule, site)]
        if not selected:
            yield Finding(site.id, Code.ADMITS_NOTHING, f"admit[{place}] matches no rule that the site could admit")
            continue
        useless = sorted((entry.rules or frozenset()) - {rule.id for rule, _ in selected})
        useless += sorted((entry.services or frozenset()) - {service.id for _, service in selected})
        if useless:
            message = f"admit[{place}] names {some(useless)}, and no rule that the site could admit goes by that"
            mend = "inbound rules, and those with less evidence than the site asks for, are not admitted"
            yield Finding(site.id, Code.ADMITS_NOTHING, message, mend)


def _rejected(site: Site, catalogue: Catalogue) -> Iterator[Finding]:
    lists = [(entry.label, entry.dialect, entry.hosts, read) for entry in (*lists_of(site.admit), *lists_of(site.deny))]
    asked = dict.fromkeys(host for _, rule, _ in admitted(site, catalogue) for host in rule.hosts)
    theirs = ("the vendors' rules that it admits", site.dialect, tuple(asked), read_of_vendor)
    for label, dialect, hosts, taken in (*lists, theirs):
        reasons: dict[str, list[str]] = {}
        for host in hosts:
            if isinstance(reading := taken(dialect, host), Rejected):
                reasons.setdefault(reading.why, []).append(host)
        for why, refused in reasons.items():
            message = f"{label}: `{dialect}` rejects {some(refused)}, which therefore covers nothing: {why}"
            proposals = tuple(_instead(dialect, host, hosts) for host in refused if _plain(host))
            useful = _together(dialect, [each for each in proposals if each is not None])
            yield Finding(site.id, Code.REJECTED_SPELLING, message, _spell(dialect, useful), useful)


def _plain(host: str) -> bool:
    return isinstance(literally(host), Reading)


def _instead(dialect: Dialect, host: str, listed: tuple[str, ...]) -> Proposal | None:
    """What the dialect spells so, in place of what it rejects."""
    made = proposal(dialect, host)
    if made is None or made.entry == host:
        return None
    return replace(made, in_place_of=tuple(dict.fromkeys((host, *replaced(dialect, made.entry, listed)))))


def _together(dialect: Dialect, proposals: list[Proposal]) -> tuple[Proposal, ...]:
    """Those that can stand in one list: Squid starts with no narrower entry beside one that covers it.

    What the narrower one stands for, the wider one takes the place of already.
    """
    return tuple(
        each for each in proposals if not any(replaced(dialect, other.entry, (each.entry,)) for other in proposals)
    )


def _spell(dialect: Dialect, proposals: tuple[Proposal, ...]) -> str:
    return f"spell it as `{dialect}` reads it" + (f": {some(proposals)}" if proposals else "")


def _denied_entries(site: Site, _catalogue: Catalogue) -> Iterator[Finding]:
    denied = Listed(lists_of(site.deny))
    for entry in lists_of(site.admit) if site.deny else ():
        cut: list[object] = [
            host for host, reading in readings(entry.hosts, entry.dialect) if denied.hold_host(reading, entry.ports)
        ]
        cut += [plain(network) for network in entry.networks if denied.hold_network(network, entry.ports)]
        if cut:
            message = f"{entry.label} admits {some(cut)}, and `deny`, which wins, denies all of that"
            yield Finding(site.id, Code.DENIED_ENTRY, message, "take it out of one of the two")


def _denied_rules(site: Site, catalogue: Catalogue) -> Iterator[Finding]:
    denied = Listed(lists_of(site.deny))
    rules = dict.fromkeys(
        f"{vendor.id}/{rule.id}"
        for vendor, rule, _ in (admitted(site, catalogue) if site.deny else ())
        if denied.hold_some_of(rule)
    )
    if rules:
        yield Finding(site.id, Code.DENIED_RULE, f"`deny` takes away what `admit` gives: {some(rules)}")


def _duplicates(site: Site, _catalogue: Catalogue) -> Iterator[Finding]:
    for key, entries in (("admit", lists_of(site.admit)), ("deny", lists_of(site.deny))):
        counted: Counter[tuple[str, Dialect, tuple[Ports, ...]]] = Counter()
        for entry in entries:
            counted.update((host, entry.dialect, entry.ports) for host in entry.hosts)
            counted.update((plain(network), Dialect.LITERAL, entry.ports) for network in entry.networks)
        if twice := dict.fromkeys(spelling for (spelling, _, _), times in counted.items() if times > 1):
            message = f"{key} lists {some(twice)} more than once, with the same ports"
            yield Finding(site.id, Code.DUPLICATE_ENTRY, message, "keep one of each")


def _public(site: Site, _catalogue: Catalogue) -> Iterator[Finding]:
    for entry in lists_of(site.admit):
        wide = [
            host
            for host, reading in readings(entry.hosts, entry.dialect)
            if reading.most != 0 and is_public_suffix(reading.base)
        ]
        if wide:
            message = f"{entry.label} admits {some(wide)}: names below a public suffix belong to anybody"
            yield Finding(site.id, Code.PUBLIC_SUFFIX, message, "name the domains that are meant")


def _coreless(site: Site, catalogue: Catalogue) -> Iterator[Finding]:
    admits = list(admitted(site, catalogue))
    for vendor in catalogue.vendors:
        tiers = sorted({service.tier for of, _, service in admits if of is vendor}, key=lambda tier: tier.severity)
        core = [rule for rule in egress(vendor) if admissible(rule, site) and _serves_core(vendor, rule)]
        if not tiers or not core or Tier.CORE in tiers:
            continue
        own = Listed(lists_of(site.admit))
        if not any(own.hold_some_of(rule) for rule in core):
            message = f"admits {some(tiers)} of {vendor.id}, but not its core, without which nobody can use the rest"
            yield Finding(site.id, Code.WITHOUT_CORE, message, "add core to the tiers of that entry")


def _weak(site: Site, catalogue: Catalogue) -> Iterator[Finding]:
    entries = [entry for entry in site.admit if isinstance(entry, VendorEntry)]
    for vendor in catalogue.vendors:
        rules = [rule for entry in entries for of, rule, _ in chosen(entry, catalogue) if of is vendor]
        meant = any(entry.vendor == vendor.id for entry in entries)
        founded = any(rule.evidence is not Evidence.UNSPECIFIED for rule in egress(vendor))
        if (meant or founded) and rules and not any(admissible(rule, site) for rule in rules):
            message = f"admits {vendor.id} in name only: none of its rules has the evidence `{site.evidence}`"
            yield Finding(site.id, Code.WEAK_EVIDENCE, message)


def _heuristics(site: Site, _catalogue: Catalogue) -> Iterator[Finding]:
    for each in site.behaviours:
        if isinstance(each, DpiHttpsOnly) and each.basis is Basis.ALPN:
            message = (
                f"{each.NAME} with basis alpn is a heuristic: plenty of HTTPS clients offer no ALPN, and are cut too"
            )
            yield Finding(site.id, Code.HEURISTIC, message, "basis: inspect looks at what is inside TLS")


def _claimed(site: Site, _catalogue: Catalogue) -> Iterator[Finding]:
    hosts = [host for entry in lists_of(site.deny) for host in entry.hosts]
    if hosts and site.names is Names.TRUST:
        message = (
            f"`deny` lists {some(hosts)}; a client that chooses the address itself (transparent, tun, wireguard, "
            "SOCKS5 by address) reaches such a server under any name that is admitted"
        )
        yield Finding(site.id, Code.CLAIMED_NAMES, message, "names: resolve dials what the name leads to instead")


CHECKS: Final[tuple[Callable[[Site, Catalogue], Iterator[Finding]], ...]] = (
    _admits_nothing,
    _rejected,
    _denied_entries,
    _denied_rules,
    _duplicates,
    _public,
    _coreless,
    _weak,
    _heuristics,
    _claimed,
)


def _serves_core(vendor: Vendor, rule: Rule) -> bool:
    return any(vendor.service(service).tier is Tier.CORE for service in rule.services)
