"""What was found for each name or address of an attempt, and which rules of the catalogue that breaks or comes near to.

Knows hosts, networks, transports and ports, and no reasons: judge.py decides.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from tierwall.policy.attempt import Attempt, GivenName, Impact, NameSource
from tierwall.policy.match.compiled import CompiledPolicy
from tierwall.policy.match.index import Hit
from tierwall.policy.match.listed import Entry
from tierwall.policy.match.vendor_rules import VendorRule
from tierwall.policy.model import Address, Ports


class Target(NamedTuple):
    """A name or address that must be admitted, with all that the catalogue and the site have for it."""

    source: NameSource
    value: str | Address | None
    """None where the attempt says nothing of where it wants to go."""
    text: str | None = None
    """The same as people read it."""
    asked: Sequence[Hit[VendorRule]] = ()
    covering: Sequence[VendorRule] = ()
    """The catalogue's egress rules that cover it, transport and port included."""
    near: Sequence[VendorRule] = ()
    """The rules that one thing keeps from that: the port, the count of labels, the direction."""
    listed: Sequence[Hit[Entry]] = ()
    admitted: Hit[Entry] | None = None
    """The most specific entry of the site that covers it, transport and port included."""


def targets_of(compiled: CompiledPolicy, attempt: Attempt) -> list[Target]:
    """Every distinct name or address that must be admitted; at least one, if only to say that nothing was given.

    An address is one only where no name was given. A literal in the place of a name is always one: the client asked
    for it by that place. A name from DNS stands in where the client gave nothing.
    """
    names = [name for name in attempt.names if name.source is not NameSource.DNS] or list(attempt.names)
    if attempt.address is not None and not any(isinstance(name.value, str) for name in names):
        names.append(GivenName(NameSource.ADDRESS, attempt.address))
    if not names:
        return [Target(NameSource.ADDRESS, None)]
    if len(names) == 1:
        return [_look_up(compiled, attempt, names[0].source, plain(names[0].value))]
    distinct: dict[str | Address, NameSource] = {}
    for name in names:
        distinct.setdefault(plain(name.value), name.source)
    return [_look_up(compiled, attempt, source, value) for value, source in distinct.items()]


def plain(value: str | Address) -> str | Address:
    """An IPv4-mapped IPv6 address as the IPv4 address that will be dialled."""
    if isinstance(value, str) or value.version == 4:
        return value
    return value.ipv4_mapped or value


def _look_up(compiled: CompiledPolicy, attempt: Attempt, source: NameSource, value: str | Address) -> Target:
    """The catalogue first, then the site, so that a denial always knows what it breaks."""
    asked = compiled.asked.find(value)
    covering: list[VendorRule] = []
    near: list[VendorRule] = []
    for hit in asked:
        each = hit.payload
        ports = each.rule.ports
        served = serve(ports, attempt)
        if hit.covers and served and each.egress:
            if compiled.instead and each in compiled.instead:
                (near if (other := compiled.instead[each]) is None else covering).append(other or each)
            else:
                covering.append(each)
        elif hit.covers or ((served or not ports) and each.egress):
            near.append(each)
    listed = compiled.admitted.find(value)
    text = value if isinstance(value, str) else str(value)
    return Target(source, value, text, asked, covering, near, listed, serving(listed, value, attempt))


def serving(hits: Iterable[Hit[Entry]], value: str | Address, attempt: Attempt) -> Hit[Entry] | None:
    """The first that covers the destination with the attempt's transport and port."""
    for hit in hits:
        if hit.covers and serve(hit.payload.ports, attempt) and hit.payload.lets(value, attempt):
            return hit
    return None


def serve(ports: tuple[Ports, ...], attempt: Attempt) -> bool:
    """Whether one of the ports is the attempt's."""
    for each in ports:  # noqa: SIM110 - a loop takes half the time of any(), and every verdict comes through here
        if each.cover(attempt.transport, attempt.port):
            return True
    return False


def breaking(targets: Sequence[Target]) -> tuple[Impact, ...]:
    """The services of the rules that cover a target, the most severe tier first, then in the catalogue's order."""
    return _impacts({rule for target in targets for rule in target.covering})


def near(targets: Sequence[Target]) -> tuple[Impact, ...]:
    """The services of the rules that only come near, in the same order."""
    rules = {rule for target in targets for rule in target.near}
    return _impacts(rules.difference(*[target.covering for target in targets])) if rules else ()


def _impacts(rules: set[VendorRule]) -> tuple[Impact, ...]:
    if len(rules) == 1:
        return next(iter(rules)).impacts
    return tuple([impact for _, impact in sorted([ranked for rule in rules for ranked in rule.ranked])])
