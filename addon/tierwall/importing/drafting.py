"""Rows of a document -> a vendor policy in draft, and a policy that stands -> the same with what the document says now.

Knows values only. What people decided of a policy stays: tiers, symptoms, notes, which services a rule serves, rules
that come from elsewhere. What the document says is replaced: hosts, networks, ports, where they stand.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from tierwall.importing.rows import NOT_SAID, Reading, Row, Served
from tierwall.policy.model import (
    Choice,
    CitedDocument,
    Evidence,
    Ladder,
    Rule,
    Service,
    Source,
    Tier,
    Vendor,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A policy, and what a person has to decide of it."""

    vendor: Vendor
    undecided: tuple[str, ...]


def drafted(vendor_id: str, title: str, document: CitedDocument, reading: Reading, rows: Sequence[Row]) -> Draft:
    """The policy that the rows say, and nothing besides."""
    served: dict[str, Served] = {}
    for row in rows:
        served.setdefault(row.served.id, row.served)
    sections = {row.served.id: row.section for row in reversed(rows)}
    services = tuple(_service(each, sections[each.id], document, reading) for each in served.values())
    vendor = Vendor(
        id=vendor_id,
        title=title,
        services=services,
        rules=tuple(_rule(row, document) for row in rows),
        documents=(document,),
    )
    return Draft(vendor=vendor, undecided=tuple(_undecided(reading, rows, services)))


def merged(old: Vendor, fresh: Draft) -> Draft:
    """The old policy with what the document says now. The document is that of the fresh one, by its id."""
    (document,) = fresh.vendor.documents
    known = next((each for each in old.documents if each.id == document.id), document)
    ours = {known.title, document.title}
    new = {rule.id: rule for rule in fresh.vendor.rules}
    standing = {rule.id for rule in old.rules}
    rules = [
        _brought_up(rule, new[rule.id]) if _is_of(rule, ours) else _retitled(rule, ours, document)
        for rule in old.rules
        if rule.id in new or not _is_of(rule, ours)
    ]
    own = [rule.id for rule in old.rules if rule.id in new and not _is_of(rule, ours)]
    rules += [rule for rule in fresh.vendor.rules if rule.id not in standing]
    serving = {service for rule in rules for service in rule.services}
    services = {service.id: service for service in fresh.vendor.services} | {each.id: each for each in old.services}
    order = dict.fromkeys([*(each.id for each in old.services), *(each.id for each in fresh.vendor.services)])
    kept = [rule.id for rule in rules]
    undecided = [*fresh.undecided] if not old.rules else _about(fresh, new.keys() - standing)
    lost = [f"{name}: names rules that are gone" for name in _broken(old, kept)]
    lost += [f"rule {name}: the document has one of that name, yours is from elsewhere: yours stays" for name in own]
    vendor = replace(
        old,
        services=tuple(services[name] for name in order if name in serving),
        rules=tuple(rules),
        documents=tuple(document if each.id == document.id else each for each in _with(old.documents, document)),
        choices=tuple(_choices(old.choices, kept)),
        ladders=tuple(_ladders(old.ladders, kept)),
    )
    return Draft(vendor=vendor, undecided=(*undecided, *lost))


# A draft


def _service(served: Served, section: str, document: CitedDocument, reading: Reading) -> Service:
    return Service(
        id=served.id,
        title=served.title,
        protocol=served.protocol,
        tier=reading.tier_words.get(served.tier_word or "", Tier.CORE),
        symptom=served.symptom or NOT_SAID,
        source=Source(document=document.title, section=section, url=document.url),
        optional=served.optional,
        tier_word=served.tier_word if served.tier_word in reading.tier_words else None,
    )


def _rule(row: Row, document: CitedDocument) -> Rule:
    missing = [] if row.hosts or row.networks or row.anywhere else ["networks" if row.asns else "hosts"]
    missing += [] if row.ports else ["ports"]
    return Rule(
        id=row.id,
        services=(row.served.id,),
        hosts=row.hosts,
        networks=row.networks,
        ports=row.ports,
        direction=row.direction,
        evidence=Evidence.UNSPECIFIED if missing else Evidence.STATED,
        unspecified=tuple(missing),
        source=Source(document=document.title, section=row.section, url=document.url),
        category=row.category,
        region=row.region,
        note=row.note,
        optional=row.served.optional,
        anywhere=row.anywhere,
        asns=row.asns,
        paths=row.paths,
    )


def _undecided(reading: Reading, rows: Sequence[Row], services: Iterable[Service]) -> Iterator[str]:
    for word, tier in reading.tier_words.items():
        if any(row.served.tier_word == word for row in rows):
            yield f"tier: `{word}` is taken for {tier}"
    for service in services:
        if service.tier_word is None:
            yield f"service {service.id}: tier: the document has no word for it, taken for {service.tier}"
        if service.symptom == NOT_SAID:
            yield f"service {service.id}: symptom: the document says none"
    hosts = {host for row in rows for host in row.hosts}
    yield from (doubt for doubt in reading.doubts if not doubt.startswith("`") or doubt.split("`")[1] in hosts)
    for row in rows:
        yield from (f"rule {row.id}: {doubt}" for doubt in row.doubts)


# A policy that stands


def _is_of(rule: Rule, titles: set[str]) -> bool:
    """Whether the rule says what the document said; what was inferred from it is somebody's own."""
    return rule.source.document in titles and rule.evidence is not Evidence.INFERRED


def _brought_up(old: Rule, new: Rule) -> Rule:
    """Ports that people wrote stay where the document says none."""
    ports = new.ports or old.ports
    missing = tuple(value for value in new.unspecified if value != "ports" or not ports)
    return replace(
        new,
        services=old.services,
        ports=ports,
        unspecified=missing,
        evidence=Evidence.UNSPECIFIED if missing else Evidence.STATED,
        note=old.note,
        optional=old.optional,
        probe=old.probe,
        why=None,
    )


def _retitled(rule: Rule, titles: set[str], document: CitedDocument) -> Rule:
    if rule.source.document not in titles:
        return rule
    return replace(rule, source=replace(rule.source, document=document.title, url=document.url))


def _about(fresh: Draft, ids: Iterable[str]) -> list[str]:
    """Of what came: the rest was decided before."""
    new = set(ids)
    services = {service for rule in fresh.vendor.rules if rule.id in new for service in rule.services}
    named = {*(f"rule {name}" for name in new), *(f"service {name}" for name in services)}
    return [each for each in fresh.undecided if each.split(": ")[0] in named]


def _with(documents: tuple[CitedDocument, ...], document: CitedDocument) -> tuple[CitedDocument, ...]:
    return documents if any(each.id == document.id for each in documents) else (*documents, document)


def _broken(old: Vendor, kept: list[str]) -> Iterator[str]:
    for choice in old.choices:
        if any(rule not in kept for way in choice.ways for rule in way.rules):
            yield f"one_of {choice.id}"
    for ladder in old.ladders:
        if any(rule not in kept for step in ladder.steps for rule in step.rules):
            yield f"fallback {ladder.id}"


def _choices(choices: Iterable[Choice], kept: list[str]) -> Iterator[Choice]:
    for choice in choices:
        ways = [replace(way, rules=tuple(rule for rule in way.rules if rule in kept)) for way in choice.ways]
        if len(left := [way for way in ways if way.rules]) > 1:
            yield replace(choice, ways=tuple(left))


def _ladders(ladders: Iterable[Ladder], kept: list[str]) -> Iterator[Ladder]:
    for ladder in ladders:
        steps = [replace(step, rules=tuple(rule for rule in step.rules if rule in kept)) for step in ladder.steps]
        if len(left := [step for step in steps if step.rules]) > 1:
            yield replace(ladder, steps=tuple(left))
