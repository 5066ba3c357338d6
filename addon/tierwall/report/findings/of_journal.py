"""A journal of tierwall's -> findings: what was denied or broken, for which services, by which events.

What is in no event is not said to work: a journal of denials alone cannot tell it from what nobody tried.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Final

from tierwall.events import Action, Break, Event, parse
from tierwall.events.line import whole_line
from tierwall.policy.attempt import Reason
from tierwall.policy.model import Catalogue, Direction, Transport
from tierwall.report.findings.model import (
    Evidence,
    Health,
    Near,
    Open,
    Refused,
    Report,
    ServiceHealth,
    Source,
    Struck,
)
from tierwall.report.findings.parts import host_of, raw_of, times_of
from tierwall.report.wording import destination_of, message_of, plural

EVIDENCE: Final = 100
"""Events that are shown; the first of each destination and service come before repetitions."""

_EACH: Final = 3
"""Events of one kind at one destination."""
_KEPT: Final = 1000
"""Of each list that a client can make longer."""

_HURT: Final = {Action.DENIED, Action.WOULD_DENY, Action.BROKEN, Action.FAILED}
_BY_LIST: Final = {
    Reason.SITE_DENIED,
    Reason.PORT_CLOSED,
    Reason.WILDCARD_GAP,
    Reason.TIER_CLOSED,
    Reason.NO_NAME,
    Reason.ADDRESS_ONLY,
}
"""What an entry in a list opens."""


@dataclass(slots=True)
class Seen:
    """What was added up, event by event."""

    services: dict[tuple[str | None, str, str], ServiceHealth] = field(default_factory=dict)
    allowed: dict[tuple[str, str], int] = field(default_factory=dict)
    refused: dict[Refused, None] = field(default_factory=dict)
    struck: dict[Struck, None] = field(default_factory=dict)
    near: dict[Near, None] = field(default_factory=dict)
    unlisted: dict[tuple[str, str], int] = field(default_factory=dict)
    evidence: list[Event] = field(default_factory=list)
    kinds: dict[tuple[str, str, str], int] = field(default_factory=dict)
    sites: dict[str, None] = field(default_factory=dict)
    clients: set[str] = field(default_factory=set)
    versions: dict[str, None] = field(default_factory=dict)
    first: str | None = None
    last: str | None = None
    cut: int = 0
    faults: dict[str, None] = field(default_factory=dict)


def of_journal(source: Source, lines: Iterable[str], catalogue: Catalogue) -> Report:
    """All that the events say. Lines that are no events are counted, and said."""
    seen = Seen()
    bad: list[int] = []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            add(seen, parse(line), source.name)
        except ValueError:
            bad.append(number)
    notices = list(source.notices)
    if bad:
        notices.append(f"{plural(len(bad), 'line')} of it are no events, such as line {bad[0]}; a crash cuts the last")
    first, last = seen.first, seen.last
    version = ", ".join(seen.versions) or None
    whole = replace(source, first=first, last=last, version=version, notices=tuple(notices))
    return Report(
        sources=(whole,),
        sites=tuple(seen.sites),
        services=(*seen.services.values(), *_working(seen, catalogue, source.name)),
        refused=tuple(seen.refused),
        struck=tuple(seen.struck),
        evidence=tuple(evidence_of(event, source.name) for event in seen.evidence),
        evidence_cut=seen.cut,
        not_tested=tuple(_unseen(seen, catalogue)),
        not_attributable=tuple(_unattributable(seen)),
        near=tuple(seen.near),
        again=tuple(f"tierwall run --site {site}" for site in seen.sites),
        raw=(raw_of(source, [json.loads(whole_line(event)) for event in seen.evidence]),) if seen.evidence else (),
        clients=frozenset(seen.clients),
    )


def add(seen: Seen, event: Event, source: str) -> None:
    """One event."""
    seen.first, seen.last = times_of((seen.first, seen.last, event.timestamp))
    seen.versions[event.observer.version] = None
    if event.tierwall.site is not None and len(seen.sites) < _KEPT:
        seen.sites[event.tierwall.site] = None
    if event.source is not None and len(seen.clients) < 100 * _KEPT:
        seen.clients.add(event.source.ip)
    if event.action is Action.FAULT:
        _keep(seen.faults, message_of(event))
    elif event.action is Action.MARKED:
        _add_moment(seen, event)
    elif event.action in _HURT:
        _add_hurt(seen, event, source)
    elif event.action is Action.ALLOWED and event.rule is not None:
        key = (event.rule.ruleset, event.rule.name)
        seen.allowed[key] = seen.allowed.get(key, 0) + 1


def evidence_of(event: Event, source: str) -> Evidence:
    """One event, as a row of the evidence."""
    decided = [event.action.value, str(event.event.reason or ""), event.tierwall.behaviour or ""]
    return Evidence(
        source=source,
        id=event.event.id,
        when=event.timestamp,
        client=event.source.ip if event.source else None,
        what=message_of(event) if event.action is Action.MARKED else destination_of(event),
        decided=" ".join(word for word in decided if word and word != "behaviour"),
        saw=_saw(event),
    )


def _saw(event: Event) -> str:
    if event.action is Action.MARKED:
        return ""
    told = event.tierwall
    parts = [told.refusal, told.detail, message_of(event)]
    return "; ".join(part for part in parts if part)


def _add_moment(seen: Seen, event: Event) -> None:
    """What somebody noted stands between what happened before and after it."""
    if len(seen.evidence) < EVIDENCE:
        seen.evidence.append(event)
    else:
        seen.cut += 1


def _add_hurt(seen: Seen, event: Event, source: str) -> None:
    where, told = destination_of(event), event.tierwall
    cause = told.behaviour or str(event.event.reason or event.action)
    for each in told.breaks:
        _add_service(seen, event, each, cause, source)
    for each in told.near:
        _keep(
            seen.near,
            Near(destination=where, rule=f"{each.vendor}/{each.rule}", serves=each.service, why=told.detail or ""),
        )
    served = tuple(f"{each.vendor}/{each.service}" for each in told.breaks)
    there = event.destination
    host = host_of(there.domain or there.ip) if there is not None else None
    if event.event.reason in _BY_LIST and served and host is not None and there is not None:
        transport = event.network.transport if event.network else Transport.TCP
        _keep(seen.refused, Refused(host=host, port=there.port, transport=transport, serves=served))
    if told.behaviour is not None:
        for service in served:
            _keep(seen.struck, Struck(behaviour=told.behaviour, destination=where, service=service))
    if not served:
        key = (where, cause)
        if key in seen.unlisted or len(seen.unlisted) < _KEPT:
            seen.unlisted[key] = seen.unlisted.get(key, 0) + 1
    kind = (where, cause, served[0] if served else "")
    shown = seen.kinds.get(kind, 0)
    if shown < _EACH and len(seen.evidence) < EVIDENCE:
        seen.kinds[kind] = shown + 1
        seen.evidence.append(event)
    else:
        seen.cut += 1


def _add_service(seen: Seen, event: Event, broken: Break, cause: str, source: str) -> None:
    key = (event.tierwall.site, broken.vendor, broken.service)
    known = seen.services.get(key)
    if known is None:
        if len(seen.services) >= _KEPT:
            return
        known = ServiceHealth(
            vendor=broken.vendor,
            service=broken.service,
            tier=broken.tier,
            health=Health.BROKEN,
            symptom=broken.symptom,
            site=event.tierwall.site,
            sources=(source,),
        )
    causes = dict.fromkeys((*known.causes, cause))
    if event.action is Action.WOULD_DENY:
        causes |= {"only observed": None}
    seen.services[key] = replace(known, times=known.times + 1, causes=tuple(causes))


def _keep[K](kept: dict[K, None], key: K) -> None:
    if len(kept) < _KEPT:
        kept[key] = None


def _working(seen: Seen, catalogue: Catalogue, source: str) -> Iterator[ServiceHealth]:
    """Services whose rules let something through, and of which nothing was denied or broken."""
    hurt = {(vendor, service) for _, vendor, service in seen.services}
    times: dict[tuple[str, str], int] = {}
    for (vendor_id, rule_id), count in seen.allowed.items():
        for vendor in catalogue.vendors:
            for rule in vendor.rules if vendor.id == vendor_id else ():
                for service in rule.services if rule.id == rule_id else ():
                    times[vendor_id, service] = times.get((vendor_id, service), 0) + count
    for (vendor_id, service_id), count in times.items():
        if (vendor_id, service_id) not in hurt:
            service_ = catalogue.vendor(vendor_id).service(service_id)
            yield ServiceHealth(
                vendor=vendor_id,
                service=service_id,
                tier=service_.tier,
                health=Health.WORKS,
                symptom=service_.symptom,
                times=count,
                sources=(source,),
            )


def _unseen(seen: Seen, catalogue: Catalogue) -> Iterator[Open]:
    """Of vendors that it has events about: services that it has none about."""
    vendors = {vendor for _, vendor, _ in seen.services} | {vendor for vendor, _ in seen.allowed}
    told = {(vendor, service) for _, vendor, service in seen.services}
    told |= {(each.vendor, each.service) for each in _working(seen, catalogue, "")}
    for vendor in catalogue.vendors:
        if vendor.id in vendors:
            asked = {
                service for rule in vendor.rules if rule.direction is Direction.EGRESS for service in rule.services
            }
            for service in vendor.services:
                if service.id in asked and (vendor.id, service.id) not in told:
                    why = "no event is about it: it worked and was not journalled, or nobody tried"
                    yield Open(what=f"{vendor.id}/{service.id}", why=why)


def _unattributable(seen: Seen) -> Iterator[Open]:
    for (where, cause), count in sorted(seen.unlisted.items(), key=lambda item: -item[1]):
        yield Open(what=where, why=f"{cause}, {plural(count, 'time')}: no vendor asks for it")
    for fault in seen.faults:
        yield Open(what="a fault of the lab itself", why=fault)
