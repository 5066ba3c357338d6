"""What was found for each name or address of an attempt, and which rules of the catalogue that breaks or comes near to.

Knows hosts, networks, transports and ports, and no reasons: judge.py decides.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tierwall.policy.attempt import Attempt, GivenName, Impact, NameSource
from tierwall.policy.ground import Entry, Ground, VendorRule
from tierwall.policy.index import Hit
from tierwall.policy.model import Address, Ports


@dataclass(frozen=True, slots=True, eq=False)
class Target:
    """A name or address that must be admitted, with all that the catalogue and the site have for it."""

    source: NameSource
    value: str | Address | None
    """None where the attempt says nothing of where it wants to go."""
    asked: Sequence[Hit[VendorRule]]
    listed: Sequence[Hit[Entry]]
    admitted: Hit[Entry] | None
    """The most specific entry that covers it, transport and port included."""


def targets_of(ground: Ground, attempt: Attempt) -> list[Target]:
    """Every distinct name or address that must be admitted; at least one, if only to say that nothing was given.

    An address is one only where no name was given. A literal in the place of a name is always one: the client asked
    for it by that place. A name from DNS stands in where the client gave nothing.
    """
    names = [name for name in attempt.names if name.source is not NameSource.DNS] or list(attempt.names)
    if attempt.address is not None and not any(isinstance(name.value, str) for name in names):
        names.append(GivenName(NameSource.ADDRESS, attempt.address))
    if not names:
        return [Target(NameSource.ADDRESS, None, (), (), None)]
    distinct: dict[str | Address, NameSource] = {}
    for name in names:
        distinct.setdefault(plain(name.value), name.source)
    return [_look_up(ground, attempt, source, value) for value, source in distinct.items()]


def plain(value: str | Address) -> str | Address:
    """An IPv4-mapped IPv6 address as the IPv4 address that will be dialled."""
    if isinstance(value, str) or value.version == 4:
        return value
    return value.ipv4_mapped or value


def _look_up(ground: Ground, attempt: Attempt, source: NameSource, value: str | Address) -> Target:
    """The catalogue first, then the site, so that a denial always knows what it breaks."""
    asked = ground.asked.find(value)
    listed = ground.admitted.find(value)
    return Target(source, value, asked, listed, serving(listed, attempt))


def serving(hits: Iterable[Hit[Entry]], attempt: Attempt) -> Hit[Entry] | None:
    """The first that covers the destination with the attempt's transport and port."""
    for hit in hits:
        if hit.covers and serve(hit.payload.ports, attempt):
            return hit
    return None


def serve(ports: tuple[Ports, ...], attempt: Attempt) -> bool:
    """Whether one of the ports is the attempt's."""
    for each in ports:  # noqa: SIM110 - a loop takes half the time of any(), and every verdict comes through here
        if each.cover(attempt.transport, attempt.port):
            return True
    return False


def broken_rules(targets: Iterable[Target], attempt: Attempt) -> list[VendorRule]:
    """The catalogue's egress rules that cover a target with its transport and port, in the catalogue's order."""
    return _in_order(
        hit.payload
        for target in targets
        for hit in target.asked
        if hit.covers and hit.payload.egress and serve(hit.payload.rule.ports, attempt)
    )


def near_rules(targets: Iterable[Target], attempt: Attempt, broken: Sequence[VendorRule]) -> list[VendorRule]:
    """The other rules that one thing keeps from covering a target: the port, the count of labels, the direction."""
    return _in_order(
        hit.payload
        for target in targets
        for hit in target.asked
        if hit.payload not in broken and (hit.covers or _misses_by_labels_only(hit.payload, attempt))
    )


def _misses_by_labels_only(rule: VendorRule, attempt: Attempt) -> bool:
    """Ports that the document leaves open are no second miss."""
    return rule.egress and (not rule.rule.ports or serve(rule.rule.ports, attempt))


def impacts(rules: Sequence[VendorRule]) -> tuple[Impact, ...]:
    """The services of the rules, the most severe tier first, then in the catalogue's order."""
    if len(rules) == 1:
        return rules[0].impacts
    return tuple(sorted((impact for rule in rules for impact in rule.impacts), key=_severity))


def _in_order(rules: Iterable[VendorRule]) -> list[VendorRule]:
    distinct = list(dict.fromkeys(rules))
    if len(distinct) > 1:
        distinct.sort(key=_order)
    return distinct


def _order(rule: VendorRule) -> int:
    return rule.order


def _severity(impact: Impact) -> int:
    return impact.tier.severity
