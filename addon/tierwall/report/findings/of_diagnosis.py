"""What `tierwall diagnose` prints -> findings: which behaviours explain what was measured, and what stays open.

Knows its keys: `diagnoses` of `behaviour`, `parameters`, `services`, `for`, `against`, `rank`; `undecided` of
`between`, `next`; `unexplained`.
"""

from collections.abc import Mapping
from dataclasses import replace

from msgspec import Struct, field

from tierwall.policy.model import Catalogue
from tierwall.report.findings.model import Evidence, Health, Open, Report, ServiceHealth, Source, Struck
from tierwall.report.findings.parts import as_text, parts, raw_of, said, symptom_of, tier_of


class Diagnosis(Struct, frozen=True):
    """A behaviour that explains checks or records."""

    behaviour: str
    parameters: object = None
    services: list[object] = field(default_factory=list)
    speaks_for: list[object] = field(name="for", default_factory=list)
    against: list[object] = field(default_factory=list)
    rank: float = 1


class Undecided(Struct, frozen=True):
    """Behaviours that the checks do not tell apart."""

    between: object = None
    next: object = None


def of_diagnosis(source: Source, value: Mapping[str, object], catalogue: Catalogue) -> Report:
    """All that it says, the likeliest first."""
    left_out: list[str] = []
    found = sorted(parts(Diagnosis, value.get("diagnoses"), left_out, "diagnoses"), key=lambda each: each.rank)
    undecided = list(parts(Undecided, value.get("undecided"), left_out, "undecided"))
    when = as_text(value.get("when"))
    return Report(
        sources=(replace(source, first=when, last=when, notices=(*source.notices, *left_out)),),
        services=tuple(
            _service(*named, each, catalogue, source.name)
            for each in found
            for service in each.services
            if (named := _named(service)) is not None
        ),
        struck=tuple(
            Struck(behaviour=each.behaviour, destination="", service="/".join(named))
            for each in found
            for service in each.services
            if (named := _named(service)) is not None
        ),
        evidence=tuple(_evidence(number, each, source.name, when) for number, each in enumerate(found, start=1)),
        not_attributable=(
            *(
                Open(what=f"undecided between {said(each.between)}", why=f"next: {said(each.next)}")
                for each in undecided
            ),
            *(Open(what=said(each), why="broken, and no behaviour explains it") for each in _unexplained(value)),
        ),
        again=("tierwall diagnose FILE",),
        raw=(raw_of(source, value),),
    )


def _unexplained(value: Mapping[str, object]) -> list[object]:
    found = value.get("unexplained")
    return found if isinstance(found, list) else []


def _named(service: object) -> tuple[str, str] | None:
    match service:
        case str() if "/" in service:
            vendor, _, name = service.partition("/")
            return vendor, name
        case {"vendor": str(vendor), "service": str(name)}:
            return vendor, name
        case _:
            return None


def _service(vendor: str, service: str, of: Diagnosis, catalogue: Catalogue, source: str) -> ServiceHealth:
    return ServiceHealth(
        vendor=vendor,
        service=service,
        tier=tier_of(None, catalogue, vendor, service),
        health=Health.BROKEN,
        symptom=symptom_of(catalogue, vendor, service),
        causes=(f"{of.behaviour} (diagnosed)",),
        sources=(source,),
    )


def _evidence(number: int, of: Diagnosis, source: str, when: str | None) -> Evidence:
    parameters = said(of.parameters)
    against = f"; against it: {said(of.against)}" if of.against else ""
    return Evidence(
        source=source,
        id=f"diagnosis {number}",
        when=when,
        what=of.behaviour + (f" ({parameters})" if parameters else ""),
        decided=f"rank {of.rank:g}",
        saw=f"for it: {said(of.speaks_for) or 'nothing'}{against}",
    )
