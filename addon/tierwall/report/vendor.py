"""A vendor policy for people and for programs: documents, services with their symptoms, rules with their evidence.

Knows one policy and words. What a site does with it is said elsewhere.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from rich.text import Text

from tierwall.events.hostile_text import visible
from tierwall.policy.model import Choice, CitedDocument, Direction, Evidence, Ladder, Rule, Service, Tier, Vendor
from tierwall.report.indented import Indented
from tierwall.report.narrow import Column, Narrowing
from tierwall.report.wording import TIER_STYLES, plural

_COLUMNS: Final = (
    Column(heading="vendor", rank=1),
    Column(heading="services", rank=3, justify="right"),
    Column(heading="rules", rank=4, justify="right"),
    Column(heading="stated", rank=6, justify="right"),
    Column(heading="read", rank=5),
    Column(heading="title", rank=2, wraps=20),
)


def overview(vendors: Sequence[Vendor]) -> Narrowing:
    """A row a vendor: how much it has of what, how much is stated, and when the oldest of its documents was read."""
    rows = []
    for vendor in vendors:
        stated = sum(rule.evidence is Evidence.STATED for rule in vendor.rules)
        counts = (len(vendor.services), len(vendor.rules), stated)
        oldest = read_on(vendor.documents).partition(" to ")[0]
        cells = (*(Text(str(count)) for count in counts), Text(oldest), Text(visible(vendor.title)))
        rows.append((Text(visible(vendor.id), "bold"), *cells))
    return Narrowing(_COLUMNS, rows)


def figures(vendor: Vendor) -> tuple[str, str, str]:
    """`5 (4 core, 1 auxiliary)`, `9 (8 stated, 1 inferred)`, `2026-11-27`."""
    tiers = Counter(service.tier for service in vendor.services)
    evidence = Counter(rule.evidence for rule in vendor.rules)
    return (
        f"{len(vendor.services)} ({', '.join(f'{tiers[tier]} {tier}' for tier in Tier if tiers[tier])})",
        f"{len(vendor.rules)} ({', '.join(f'{evidence[each]} {each}' for each in Evidence if evidence[each])})",
        read_on(vendor.documents),
    )


def read_on(documents: Iterable[CitedDocument]) -> str:
    """The days on which documents were read: one, or the first and the last."""
    days = sorted({document.retrieved for document in documents if document.retrieved})
    return " to ".join(dict.fromkeys((days[0], days[-1]))) if days else "not dated"


def lines(vendor: Vendor) -> Iterator[Indented]:
    """All of one vendor: documents, then each service with its symptom and its rules, then other ways."""
    yield Indented(Text(visible(vendor.title)), len(vendor.id) + 2, Text(visible(vendor.id), "bold"))
    for document in vendor.documents:
        yield Indented(Text(_document(document), "dim"), 2)
    if vendor.addresses_unusable:
        yield Indented(Text(visible(vendor.addresses_unusable), "yellow"), 2)
    for service in sorted(vendor.services, key=lambda service: service.tier.severity):
        yield Indented(Text(), 0)
        yield from _service(vendor, service)
    for choice in vendor.choices:
        yield Indented(Text(), 0)
        yield Indented(Text.assemble(("one of ", "bold"), visible(_ways(choice))), 2)
    for ladder in vendor.ladders:
        yield Indented(Text(), 0)
        yield from _ladder(ladder)


def as_object(vendor: Vendor) -> dict[str, object]:
    """For programs: absent values are left out."""
    return {
        "vendor": vendor.id,
        "title": vendor.title,
        "documents": [
            _kept(id=each.id, title=each.title, url=each.url, retrieved=each.retrieved, form=each.form)
            for each in vendor.documents
        ],
        "services": [_service_object(service) for service in vendor.services],
        "rules": [_rule_object(rule) for rule in vendor.rules],
        "one_of": [
            {"id": choice.id, "ways": [{"title": way.title, "rules": list(way.rules)} for way in choice.ways]}
            for choice in vendor.choices
        ],
        "fallback": [
            {
                "id": ladder.id,
                "steps": [
                    _kept(title=step.title, rules=list(step.rules), remains=step.remains) for step in ladder.steps
                ],
            }
            for ladder in vendor.ladders
        ],
    }


def destinations(rule: Rule) -> tuple[str, ...]:
    """Where a rule leads, as policies spell it."""
    if rule.anywhere:
        return ("anywhere",)
    named = [*rule.hosts, *map(_network, rule.networks), *(f"AS{asn}" for asn in rule.asns)]
    return tuple(named) or ("unspecified",)


# For people


def _document(document: CitedDocument) -> str:
    read = f", read {document.retrieved}" if document.retrieved else ""
    address = f": {document.url}" if document.url else ""
    return visible(f"{document.title}{read}{address}")


def _service(vendor: Vendor, service: Service) -> Iterator[Indented]:
    tier = f"{service.tier} ({service.tier_word})" if service.tier_word else str(service.tier)
    optional = ", optional" if service.optional else ""
    title = f"  {service.protocol}{optional}: {visible(service.title)}"
    yield Indented(
        Text.assemble((visible(service.id), "bold"), "  ", (visible(tier), TIER_STYLES[service.tier]), title), 2
    )
    yield Indented(Text(f"without it: {visible(service.symptom)}"), 4)
    for rule in vendor.rules:
        if service.id in rule.services:
            yield Indented(_rule(rule), 6, Text("    -", "dim"))


def _rule(rule: Rule) -> Text:
    ports = ", ".join(map(str, rule.ports)) or "ports unspecified"
    marks = [str(rule.evidence)] if rule.evidence is not Evidence.STATED else []
    marks += ["inbound"] if rule.direction is Direction.INBOUND else []
    marks += ["optional"] if rule.optional else []
    marks += [rule.region] if rule.region else []
    said = Text.assemble(visible(", ".join(destinations(rule))), (f"  {ports}", "cyan"))
    if marks:
        said.append(f"  ({visible(', '.join(marks))})", "dim")
    if rule.why:
        said.append(f"  {visible(rule.why)}", "dim")
    return said


def _ways(choice: Choice) -> str:
    return "; or ".join(f"{way.title} ({', '.join(way.rules)})" for way in choice.ways)


def _ladder(ladder: Ladder) -> Iterator[Indented]:
    yield Indented(Text.assemble(("falls back ", "bold"), visible(ladder.id)), 2)
    for number, step in enumerate(ladder.steps, 1):
        remains = f": {step.remains}" if step.remains else ""
        rules = ", ".join(step.rules)
        yield Indented(Text(visible(f"{step.title} ({rules}){remains}")), 6, Text(f"    {number}"))


# For programs


def _service_object(service: Service) -> dict[str, object]:
    return _kept(
        id=service.id,
        title=service.title,
        protocol=service.protocol.value,
        tier=service.tier.value,
        tier_word=service.tier_word,
        symptom=service.symptom,
        optional=service.optional or None,
        source=str(service.source),
    )


def _rule_object(rule: Rule) -> dict[str, object]:
    return _kept(
        id=rule.id,
        services=list(rule.services),
        hosts=list(rule.hosts) or None,
        networks=[_network(network) for network in rule.networks] or None,
        anywhere=rule.anywhere or None,
        asns=[f"AS{asn}" for asn in rule.asns] or None,
        paths=list(rule.paths) or None,
        probe=list(rule.probe) or None,
        ports=[str(ports) for ports in rule.ports] or None,
        direction=rule.direction.value,
        evidence=rule.evidence.value,
        unspecified=list(rule.unspecified) or None,
        why=rule.why,
        category=rule.category,
        region=rule.region,
        note=rule.note,
        optional=rule.optional or None,
        source=str(rule.source),
    )


def _kept(**values: object) -> dict[str, object]:
    return {key: value for key, value in values.items() if value is not None}


def _network(network: object) -> str:
    return str(network).removesuffix("/32").removesuffix("/128")


def counted(vendors: Sequence[Vendor]) -> str:
    """`16 vendors, 96 services, 201 rules`."""
    services = sum(len(vendor.services) for vendor in vendors)
    rules = sum(len(vendor.rules) for vendor in vendors)
    return f"{plural(len(vendors), 'vendor')}, {plural(services, 'service')}, {plural(rules, 'rule')}"
