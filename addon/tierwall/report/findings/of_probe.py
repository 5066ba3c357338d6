"""What `tierwall probe` writes -> findings: a check a row.

Knows its keys: `checks` of `vendor`, `service`, `tier`, `what`, `target`, `state`, `saw`, `ms`, `detail`.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Final

from msgspec import Struct

from tierwall.policy.model import Catalogue, Transport
from tierwall.report.findings.model import Evidence, Health, Open, Refused, Report, ServiceHealth, Source
from tierwall.report.findings.parts import as_text, host_of, parts, raw_of, said, symptom_of, tier_of

EVIDENCE: Final = 300

_HEALTH: Final = {
    "works": Health.WORKS,
    "degraded": Health.DEGRADED,
    "broken": Health.BROKEN,
    "not-testable": Health.NOT_TESTED,
    "not-run": Health.NOT_TESTED,
}
"""By a check's state; what is none of these is said as it stands."""


class Check(Struct, frozen=True):
    """One measurement."""

    vendor: str | None = None
    service: str | None = None
    tier: str | None = None
    what: object = None
    target: object = None
    state: str = ""
    saw: object = None
    ms: float | None = None
    detail: object = None


def of_probe(source: Source, value: Mapping[str, object], catalogue: Catalogue) -> Report:
    """All that it says."""
    left_out: list[str] = []
    checks = list(enumerate(parts(Check, value.get("checks"), left_out, "checks"), start=1))
    if value.get("whole") is False:
        left_out.append("is of a probe that was stopped before its end: what is missing was not run")
    strange = sorted({each.state for _, each in checks if each.state not in _HEALTH})
    left_out += [f"its state `{state}` is not known here, and shown as not tested" for state in strange]
    groups: dict[tuple[str, str], list[Check]] = {}
    for _, each in checks:
        if each.vendor and each.service:
            groups.setdefault((each.vendor, each.service), []).append(each)
    shown = sorted(
        ((number, each) for number, each in checks if _health(each) in {Health.BROKEN, Health.DEGRADED}),
        key=lambda item: _health(item[1]) is not Health.BROKEN,
    )
    when = as_text(value.get("when"))
    vendors = list(dict.fromkeys(each.vendor for _, each in checks if each.vendor))
    return Report(
        sources=(
            replace(
                source,
                first=when,
                last=as_text(value.get("until")) or when,
                version=as_text(value.get("version")) or as_text(value.get("tierwall")),
                notices=(*source.notices, *left_out),
            ),
        ),
        services=tuple(_service(key, group, catalogue, source.name) for key, group in groups.items()),
        unreached=tuple(dict.fromkeys(where for _, each in shown for where in _unreached(each))),
        evidence=tuple(_evidence(number, each, source.name, when) for number, each in shown[:EVIDENCE]),
        evidence_cut=max(len(shown) - EVIDENCE, 0),
        not_tested=tuple(
            Open(what=_what(each), why=_detail(each) or said(each.saw) or each.state)
            for _, each in checks
            if _health(each) is Health.NOT_TESTED
        ),
        again=(" ".join(["tierwall probe", *(f"--vendor {vendor}" for vendor in vendors)]),),
        raw=(raw_of(source, value),),
        clients=frozenset(),
    )


def _health(check: Check) -> Health:
    return _HEALTH.get(check.state, Health.NOT_TESTED)


def _service(key: tuple[str, str], group: list[Check], catalogue: Catalogue, source: str) -> ServiceHealth:
    vendor, service = key
    seen = [_health(each) for each in group]
    tried = [each for each in seen if each is not Health.NOT_TESTED]
    if not tried:
        health = Health.NOT_TESTED
    elif all(each is Health.BROKEN for each in tried):
        health = Health.BROKEN
    else:
        health = Health.WORKS if all(each is Health.WORKS for each in tried) else Health.DEGRADED
    bad = [each for each in group if _health(each) in {Health.BROKEN, Health.DEGRADED}]
    return ServiceHealth(
        vendor=vendor,
        service=service,
        tier=tier_of(group[0].tier, catalogue, vendor, service),
        health=health,
        symptom=symptom_of(catalogue, vendor, service),
        causes=tuple(dict.fromkeys(cause for each in bad if (cause := said(each.saw) or said(each.what)))),
        times=len(bad),
        sources=(source,),
    )


def _detail(check: Check) -> str:
    match check.detail:
        case {"why": str(why)}:
            return why
        case _:
            return said(check.detail)


def _unreached(check: Check) -> Iterator[Refused]:
    target = check.target if isinstance(check.target, str) else ""
    transport = Transport.UDP if target.endswith("/udp") else Transport.TCP
    host, _, port = target.removesuffix("/udp").rpartition(":")
    found = host_of(host.strip("[]"))
    if check.vendor and check.service and found is not None and port.isdecimal() and 0 < int(port) < 65536:
        serves = (f"{check.vendor}/{check.service}",)
        yield Refused(host=found, port=int(port), transport=transport, serves=serves)


def _what(check: Check) -> str:
    of = f"{check.vendor}/{check.service}: " if check.vendor and check.service else ""
    return f"{of}{said(check.what)} {said(check.target)}".strip()


def _evidence(number: int, check: Check, source: str, when: str | None) -> Evidence:
    took = f" after {check.ms:,.0f} ms" if check.ms is not None else ""
    return Evidence(
        source=source,
        id=f"check {number}",
        when=when,
        what=_what(check),
        decided=check.state,
        saw="; ".join(part for part in (f"{said(check.saw)}{took}".strip(), _detail(check)) if part),
    )
