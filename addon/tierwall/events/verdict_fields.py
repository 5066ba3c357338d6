"""What a verdict adds to its events, made once a verdict: it is the same for each of them."""

from dataclasses import dataclass
from typing import Final

from tierwall.events.hostile_text import ID_OCTETS, NAME_OCTETS, TEXT_OCTETS, cut, cut_if_any
from tierwall.events.model import Break, Rule
from tierwall.policy.attempt import Impact, Verdict
from tierwall.policy.limits import VERDICTS_CACHED


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What a verdict adds to its events: the same each time, so it is made once a verdict."""

    rule: Rule | None
    detail: str | None
    admitted_by: str | None
    breaks: tuple[Break, ...]
    near: tuple[Break, ...]


_before: Final[dict[int, tuple[Verdict, Said]]] = {}
"""By identity, as a verdict comes out of a cache itself and its hash costs more than the rest; holds the verdict, so
that its id stays its own."""


def said_of(verdict: Verdict) -> Said:
    """Cut to the limits of a line."""
    known = _before.get(id(verdict))
    if known is not None:
        return known[1]
    said = Said(
        rule=_rule(verdict.breaks[0]) if verdict.breaks else None,
        detail=cut_if_any(verdict.detail, TEXT_OCTETS),
        admitted_by=cut_if_any(verdict.admitted_by, NAME_OCTETS),
        breaks=tuple(map(_break, verdict.breaks)),
        near=tuple(map(_break, verdict.near)),
    )
    if len(_before) >= VERDICTS_CACHED:
        _before.clear()
    _before[id(verdict)] = (verdict, said)
    return said


def _rule(leading: Impact) -> Rule:
    return Rule(name=cut(leading.rule, ID_OCTETS), ruleset=cut(leading.vendor, ID_OCTETS), category=leading.tier)


def _break(impact: Impact) -> Break:
    return Break(
        vendor=cut(impact.vendor, ID_OCTETS),
        service=cut(impact.service, ID_OCTETS),
        tier=impact.tier,
        rule=cut(impact.rule, ID_OCTETS),
        symptom=cut(impact.symptom, TEXT_OCTETS),
    )
