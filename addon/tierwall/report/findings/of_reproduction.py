"""What `tierwall reproduce --json` prints -> findings: one trial of a vendor under a site, or a matrix of them.

Knows its keys: `site`, `vendor`, `rows` (a client pattern of a service each), `not_shown`, `events`, `again`; of a
matrix, `trials` with those keys each.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Final

import msgspec
from msgspec import Struct, field

from tierwall.events import Event
from tierwall.policy.behaviour import BY_NAME
from tierwall.policy.model import Catalogue
from tierwall.report.findings.model import Evidence, Health, Open, Report, ServiceHealth, Source, Struck
from tierwall.report.findings.of_journal import Seen, add, evidence_of
from tierwall.report.findings.parts import as_text, parts, raw_of, tier_of, times_of
from tierwall.report.findings.together import together
from tierwall.report.wording import plural

EVIDENCE: Final = 100

_PLACES: Final = 5


class Row(Struct, frozen=True):
    """A client pattern of a service."""

    service: str
    pattern: str = ""
    tier: str | None = None
    before: str = ""
    now: str = ""
    broke: list[str] = field(default_factory=list)
    symptom: str = ""
    saw: list[str] = field(default_factory=list)
    places: list[str] = field(default_factory=list)
    tried: int = 0
    why_not: str | None = None


class NotShown(Struct, frozen=True):
    """A behaviour of the site that could not be shown, and why."""

    behaviour: str
    why: str = ""


_HEALTH: Final = {
    "works": Health.WORKS,
    "hit": Health.DEGRADED,
    "partly": Health.DEGRADED,
    "broken": Health.BROKEN,
    "not run": Health.NOT_TESTED,
}


def of_reproduction(source: Source, value: Mapping[str, object], catalogue: Catalogue) -> Report:
    """All that it says."""
    trials = value.get("trials")
    whole = replace(source, version=as_text(value.get("version")))
    first, last = times_of((as_text(value.get("when")), as_text(value.get("until"))))
    whole = replace(whole, first=first, last=last)
    if not isinstance(trials, list):
        return replace(_trial(whole, value, catalogue), raw=(raw_of(source, value),))
    found = [_trial(whole, each, catalogue) for each in trials if isinstance(each, dict)]
    joined = together(found) if found else Report()
    again = (as_text(value.get("again")) or "tierwall reproduce --matrix",)
    return replace(joined, sources=(whole,), raw=(raw_of(source, value),), again=again)


def _trial(source: Source, value: Mapping[str, object], catalogue: Catalogue) -> Report:
    left_out: list[str] = []
    vendor, site = as_text(value.get("vendor")) or "?", as_text(value.get("site")) or "?"
    rows = list(parts(Row, value.get("rows"), left_out, "rows"))
    strange = sorted({row.now for row in rows if row.now not in _HEALTH})
    left_out += [f"its result `{word}` is not known here, and shown as not tested" for word in strange]
    seen = Seen()
    for event in _events(value.get("events"), left_out):
        add(seen, event, source.name)
    shown = [_evidence(row, number, vendor, site, source) for number, row in enumerate(rows, start=1) if _hurt(row)]
    events = [evidence_of(event, source.name) for event in seen.evidence]
    return Report(
        sources=(replace(source, notices=(*source.notices, *left_out)),),
        sites=(site,),
        services=tuple(_services(rows, vendor, site, source, catalogue)),
        refused=tuple(seen.refused),
        struck=tuple(dict.fromkeys((*seen.struck, *_struck(rows, vendor)))),
        evidence=tuple((shown + events)[:EVIDENCE]),
        evidence_cut=max(len(shown) + len(events) - EVIDENCE, 0) + seen.cut,
        not_tested=tuple(_not_tested(rows, vendor, site, value, left_out)),
        near=tuple(seen.near),
        again=(as_text(value.get("again")) or f"tierwall reproduce --site {site} --vendor {vendor}",),
        clients=frozenset(seen.clients),
        dialect=as_text(value.get("dialect")),
    )


def _events(values: object, left_out: list[str]) -> Iterator[Event]:
    bad = 0
    for value in values if isinstance(values, list) else ():
        try:
            yield msgspec.convert(value, Event, strict=False)
        except msgspec.ValidationError:
            bad += 1
    if bad:
        left_out.append(f"{plural(bad, 'event')} of it make no sense here, and are left out")


def _health(row: Row) -> Health:
    return _HEALTH.get(row.now, Health.NOT_TESTED)


def _hurt(row: Row) -> bool:
    return _health(row) in {Health.BROKEN, Health.DEGRADED}


def _services(rows: list[Row], vendor: str, site: str, source: Source, catalogue: Catalogue) -> Iterator[ServiceHealth]:
    groups: dict[str, list[Row]] = {}
    for row in rows:
        groups.setdefault(row.service, []).append(row)
    for service, group in groups.items():
        tried = [_health(row) for row in group if _health(row) is not Health.NOT_TESTED]
        if not tried:
            health = Health.NOT_TESTED
        elif all(each is Health.BROKEN for each in tried):
            health = Health.BROKEN
        else:
            health = Health.WORKS if all(each is Health.WORKS for each in tried) else Health.DEGRADED
        yield ServiceHealth(
            vendor=vendor,
            service=service,
            tier=tier_of(group[0].tier, catalogue, vendor, service),
            health=health,
            symptom=group[0].symptom,
            causes=tuple(dict.fromkeys(cause for row in group for cause in row.broke)),
            times=sum(row.tried for row in group if _hurt(row)),
            site=site,
            sources=(source.name,),
        )


def _evidence(row: Row, number: int, vendor: str, site: str, source: Source) -> Evidence:
    more = len(row.places) - _PLACES
    where = ", ".join(row.places[:_PLACES]) + (f" and {more} more" if more > 0 else "")
    return Evidence(
        source=source.name,
        id=f"{site} row {number}",
        when=source.first,
        what=f"{vendor}/{row.service}, {row.pattern}: {where or 'everywhere'}",
        decided=f"{row.before} without, {row.now} with site {site}"
        + (f": {', '.join(row.broke)}" if row.broke else ""),
        saw=", ".join(row.saw),
    )


def _struck(rows: list[Row], vendor: str) -> Iterator[Struck]:
    for row in rows:
        for cause in row.broke if _hurt(row) else ():
            for place in row.places if cause in BY_NAME else ():
                yield Struck(behaviour=cause, destination=place, service=f"{vendor}/{row.service}")


def _not_tested(
    rows: list[Row], vendor: str, site: str, value: Mapping[str, object], left_out: list[str]
) -> Iterator[Open]:
    for each in parts(NotShown, value.get("not_shown"), left_out, "not_shown"):
        yield Open(what=f"site {site}: {each.behaviour}", why=each.why or "could not be shown")
    for row in rows:
        if _health(row) is Health.NOT_TESTED:
            what = f"{vendor}/{row.service}, {row.pattern} ({plural(row.tried, 'check')})"
            yield Open(what=what, why=row.why_not or f"result `{row.now}`")
