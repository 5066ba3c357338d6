"""Several reports -> one: of each service the worst that any source says, with all that speaks for it.

Pure. A diagnosis adds its cause to what was measured, and decides nothing beside a measurement.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final

from tierwall.policy.model import Tier
from tierwall.report.findings.model import Health, Kind, Report, ServiceHealth

_WORST_FIRST: Final = {health: rank for rank, health in enumerate(Health)}


def together(found: Sequence[Report]) -> Report:
    """One of all, in their order."""
    diagnosed = {source.name for each in found for source in each.sources if source.kind is Kind.DIAGNOSE}
    return Report(
        sources=_once(each.sources for each in found),
        sites=_once(each.sites for each in found),
        services=_services([service for each in found for service in each.services], diagnosed),
        refused=_once(each.refused for each in found),
        unreached=_once(each.unreached for each in found),
        struck=_once(each.struck for each in found),
        evidence=_once(each.evidence for each in found),
        evidence_cut=sum(each.evidence_cut for each in found),
        not_tested=_once(each.not_tested for each in found),
        not_attributable=_once(each.not_attributable for each in found),
        near=_once(each.near for each in found),
        redacted=_once(each.redacted for each in found),
        again=_once(each.again for each in found),
        raw=_once(each.raw for each in found),
        clients=frozenset().union(*(each.clients for each in found)),
        dialect=next((each.dialect for each in found if each.dialect is not None), None),
        entries=_once(each.entries for each in found),
        asks=_once(each.asks for each in found),
    )


def _once[T](lists: Iterable[tuple[T, ...]]) -> tuple[T, ...]:
    return tuple(dict.fromkeys(each for one in lists for each in one))


def _services(found: Sequence[ServiceHealth], diagnosed: set[str]) -> tuple[ServiceHealth, ...]:
    """The vendors in the order in which they come; of each, the most severe tiers first, then the worst."""
    groups: dict[tuple[str | None, str, str], list[ServiceHealth]] = {}
    for each in found:
        groups.setdefault((each.site, each.vendor, each.service), []).append(each)
    vendors = list(dict.fromkeys(each.vendor for each in found))
    rows = [_one(group, diagnosed) for group in groups.values()]
    return tuple(sorted(rows, key=lambda row: (vendors.index(row.vendor), _severity(row), _WORST_FIRST[row.health])))


def _severity(row: ServiceHealth) -> int:
    return (row.tier or Tier.NONE).severity


def _one(group: list[ServiceHealth], diagnosed: set[str]) -> ServiceHealth:
    measured = [each for each in group if not set(each.sources) <= diagnosed] or group
    worst = min(measured, key=lambda each: _WORST_FIRST[each.health])
    return replace(
        worst,
        tier=next((each.tier for each in group if each.tier is not None), None),
        symptom=next((each.symptom for each in group if each.symptom), ""),
        causes=_once(each.causes for each in group),
        times=sum(each.times for each in measured if each.health is worst.health),
        sources=_once(each.sources for each in group),
    )
