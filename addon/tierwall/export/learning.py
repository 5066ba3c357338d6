"""What was used, as a log or an observing run has it -> the fewest entries that let it through.

Knows counted statements and the catalogue, no files. A destination that a vendor's rule covers becomes that rule;
names beside these are folded into their registered domain only where enough of them were seen, and never above a
public suffix.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from ipaddress import ip_network
from typing import Final

from tierwall.audit.interest import Interest
from tierwall.audit.tally import Count
from tierwall.export.ports import merged
from tierwall.policy.attempt import Attempt, Impact
from tierwall.policy.attempt import Seen as SeenAs
from tierwall.policy.model import Address, Catalogue, Direction, Evidence, Ports, Tier
from tierwall.policy.site import ListEntry, Site, VendorEntry
from tierwall.public_suffix import registrable
from tierwall.records.record import Decision, Statement

DNS: Final = SeenAs.DNS
"""A look-up says no port: only a vendor's rule can be learned from it."""


@dataclass(frozen=True, slots=True)
class Seen:
    """How often, and between which times (seconds since 1970)."""

    lines: int = 0
    first: float | None = None
    last: float | None = None

    def with_count(self, count: Count) -> "Seen":
        """Both together."""
        firsts = [when for when in (self.first, count.first) if when is not None]
        lasts = [when for when in (self.last, count.last) if when is not None]
        return Seen(self.lines + count.lines, min(firsts, default=None), max(lasts, default=None))


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleUsed:
    """A vendor's rule, with what it covered."""

    vendor: str
    rule: str
    serves: tuple[str, ...]
    destinations: tuple[str, ...]
    seen: Seen


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """Names or addresses that no vendor asks for, with the ports that were used."""

    entries: tuple[str, ...]
    """Host patterns, or networks."""
    networks: bool
    ports: tuple[Ports, ...]
    folded: tuple[str, ...]
    """The names that the pattern stands for, where it is one."""
    seen: Seen


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceSeen:
    """A service of a vendor, and what was seen of it."""

    vendor: str
    service: str
    tier: Tier
    symptom: str
    seen: Seen


@dataclass(frozen=True, slots=True, kw_only=True)
class Learned:
    """All of it."""

    rules: tuple[RuleUsed, ...]
    beside: tuple[Beside, ...]
    services: tuple[ServiceSeen, ...]
    """Those that came."""
    never: tuple[ServiceSeen, ...]
    """Those that did not, of vendors of which others did: this list would cut them."""
    absent: tuple[str, ...]
    """Vendors of which nothing came."""

    @property
    def seen(self) -> Seen:
        """Over everything."""
        found = Seen()
        for seen in (*(rule.seen for rule in self.rules), *(each.seen for each in self.beside)):
            found = found.with_count(Count(seen.lines, seen.first, seen.last))
        return found


def learn(statements: Mapping[Statement, Count], interest: Interest, fold: int) -> Learned:
    """Fold what was let through. `fold` names of one registered domain become one entry."""
    used = [each for statement, count in statements.items() for each in _used(statement, count)]
    rules: dict[tuple[str, str], list[tuple[Attempt, Count]]] = {}
    services: dict[tuple[str, str], Seen] = {}
    serving: dict[tuple[str, str], dict[str, None]] = {}
    others: dict[str | Address, tuple[set[Ports], Seen]] = {}
    for attempt, count in used:
        impacts = interest.serves(attempt)
        for impact in impacts:
            key = (impact.vendor, impact.service)
            services[key] = services.get(key, Seen()).with_count(count)
        if impacts:
            key = (impacts[0].vendor, impacts[0].rule)
            rules.setdefault(key, []).append((attempt, count))
            serving.setdefault(key, {}).update(dict.fromkeys(_services(impacts)))
            continue
        for value in () if attempt.seen is DNS else _values(attempt):
            ports, seen = others.get(value, (set(), Seen()))
            ports.add(Ports(attempt.transport, attempt.port, attempt.port))
            others[value] = ports, seen.with_count(count)
    return Learned(
        rules=tuple(_rule_used(key, found, tuple(serving[key])) for key, found in sorted(rules.items())),
        beside=tuple(_beside(others, fold)),
        services=tuple(_service(interest.catalogue, key, seen) for key, seen in sorted(services.items())),
        never=tuple(_never(interest.catalogue, services)),
        absent=tuple(v.id for v in interest.catalogue.vendors if all(vendor != v.id for vendor, _ in services)),
    )


def site_of(learned: Learned, name: str) -> Site:
    """The same as a site."""
    rules: dict[str, list[str]] = {}
    for each in learned.rules:
        rules.setdefault(each.vendor, []).append(each.rule)
    vendors = [VendorEntry(vendor=vendor, rules=frozenset(found)) for vendor, found in rules.items()]
    own = [
        ListEntry(
            label=f"learned[{at}]",
            hosts=() if each.networks else each.entries,
            networks=tuple(map(ip_network, each.entries)) if each.networks else (),
            ports=each.ports,
        )
        for at, each in enumerate(learned.beside)
    ]
    return Site(id=name, title="Learned from what was used", admit=(*vendors, *own))


def _used(statement: Statement, count: Count) -> Iterator[tuple[Attempt, Count]]:
    """What was let through, in an observing run also what would have been denied: each name that was given, alone."""
    attempt = statement.attempt
    if statement.decision is not Decision.ALLOWED or attempt is None:
        return
    if len(attempt.names) < 2:
        yield attempt, count
        return
    for name in {name.value: name for name in attempt.names}.values():
        yield replace(attempt, names=(name,)), count


def _services(impacts: Iterable[Impact]) -> Iterator[str]:
    return (f"{impact.vendor}/{impact.service}" for impact in impacts)


def _values(attempt: Attempt) -> Iterator[str | Address]:
    """The name; an address only where there was none."""
    if attempt.names:
        yield from dict.fromkeys(name.value for name in attempt.names)
    elif attempt.address is not None:
        yield attempt.address


def _rule_used(key: tuple[str, str], found: list[tuple[Attempt, Count]], serves: tuple[str, ...]) -> RuleUsed:
    seen = Seen()
    for _, count in found:
        seen = seen.with_count(count)
    destinations = dict.fromkeys(str(value) for attempt, _ in found for value in _values(attempt))
    return RuleUsed(vendor=key[0], rule=key[1], serves=serves, destinations=tuple(destinations), seen=seen)


def _beside(others: Mapping[str | Address, tuple[set[Ports], Seen]], fold: int) -> Iterator[Beside]:
    """Names of one domain with the same ports stand together, folded where there are enough of them."""
    groups: dict[tuple[str, tuple[Ports, ...]], list[str]] = {}
    for value, (ports, seen) in others.items():
        if isinstance(value, str):
            groups.setdefault((registrable(value) or value, merged(ports)), []).append(value)
        else:
            network = f"{value}/{value.max_prefixlen}"
            yield Beside(entries=(network,), networks=True, ports=merged(ports), folded=(), seen=seen)
    for (domain, shared), names in sorted(groups.items()):
        seen = Seen()
        for name in names:
            _, one = others[name]
            seen = seen.with_count(Count(one.lines, one.first, one.last))
        below = sorted(name for name in names if name != domain)
        if len(below) >= fold and registrable(below[0]) == domain:
            entries = (*([domain] if domain in names else []), f"*.{domain}")
            yield Beside(entries=entries, networks=False, ports=shared, folded=tuple(below), seen=seen)
        else:
            yield Beside(entries=tuple(sorted(names)), networks=False, ports=shared, folded=(), seen=seen)


def _service(catalogue: Catalogue, key: tuple[str, str], seen: Seen) -> ServiceSeen:
    service = catalogue.vendor(key[0]).service(key[1])
    return ServiceSeen(vendor=key[0], service=key[1], tier=service.tier, symptom=service.symptom, seen=seen)


def _never(catalogue: Catalogue, came: Mapping[tuple[str, str], Seen]) -> Iterator[ServiceSeen]:
    for vendor in catalogue.vendors:
        if not any(key[0] == vendor.id for key in came):
            continue
        asked = {
            service
            for rule in vendor.rules
            if rule.direction is Direction.EGRESS and rule.evidence is not Evidence.UNSPECIFIED
            for service in rule.services
        }
        for service in vendor.services:
            if service.id in asked and (vendor.id, service.id) not in came:
                yield _service(catalogue, (vendor.id, service.id), Seen())
