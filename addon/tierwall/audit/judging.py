"""Tally x catalogue x site -> findings. Every destination is looked at once, whatever the number of its lines.

Knows how the answers come from what was counted; the site's part is comparing.py's. The denial is the customer's: what
counts is what the records say, never what a site of ours would.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from tierwall.audit.comparing import compared, never_hit
from tierwall.audit.findings import (
    DestinationFound,
    Findings,
    NotSeen,
    ServiceFound,
    SourceFound,
    ToAdd,
    Totals,
    Unexplained,
    UnreadLines,
    Works,
)
from tierwall.audit.interest import Interest
from tierwall.audit.tally import Count, Tally
from tierwall.policy.attempt import Attempt, Impact, Seen
from tierwall.policy.dialect import Dialect
from tierwall.policy.model import Address, Catalogue, Direction, Evidence, Tier, Transport
from tierwall.policy.projections.to_add import Wanted, to_add
from tierwall.policy.site import Site
from tierwall.records.record import Decision, Statement

WORDS: Final = 5
"""Of the product's own, for each destination."""

UNEXPLAINED: Final = 50
"""Kinds of lines that decide nothing; the rest are added up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is asked of the tally."""

    vendors: frozenset[str] | None = None
    tiers: frozenset[Tier] | None = None
    dialect: Dialect = Dialect.LITERAL
    site: Site | None = None
    pseudonym: Callable[[str], str]
    """How a client is called in the answers."""
    partial: bool = False

    def asks(self, impact: Impact) -> bool:
        """Whether the service is one of those that are asked about."""
        return (self.vendors is None or impact.vendor in self.vendors) and (
            self.tiers is None or impact.tier in self.tiers
        )


@dataclass(slots=True)
class _Destination:
    """One host or address with its port, and what was counted for it."""

    attempt: Attempt
    counts: Counter[Decision] = field(default_factory=Counter)
    times: dict[Decision, Count] = field(default_factory=dict)
    words: dict[Decision, Counter[str]] = field(default_factory=dict)

    def add(self, statement: Statement, count: Count) -> None:
        decision = statement.decision
        self.counts[decision] += count.lines
        times = self.times.setdefault(decision, Count(clients=set()))
        times.add(count.lines, count.first, count.last, count.clients or ())
        self.words.setdefault(decision, Counter())[statement.words] += count.lines


type _Key = tuple[str | Address | None, int, Transport, bool]


def judged(tally: Tally, interest: Interest, question: Question) -> Findings:
    """All answers."""
    destinations = _destinations(tally)
    rows: dict[tuple[str, str], tuple[Impact, list[_Destination]]] = {}
    for found in destinations.values():
        for impact in interest.serves(found.attempt):
            if question.asks(impact):
                rows.setdefault((impact.vendor, impact.service), (impact, []))[1].append(found)
    services = [rows[key] for key in _order(interest.catalogue) if key in rows]
    denied = [found for found in destinations.values() if found.counts[Decision.DENIED]]
    return Findings(
        partial=question.partial,
        sources=tuple(_sources(tally)),
        totals=_totals(tally),
        broken=tuple(_services(services, Decision.DENIED, lambda _: True, question)),
        auth=tuple(_services(services, Decision.AUTH, _undecided, question)),
        error=tuple(_services(services, Decision.ERROR, _undecided, question)),
        works=tuple(_works(services)),
        not_seen=tuple(_not_seen(interest.catalogue, services, question)),
        to_add=tuple(_to_add(interest, denied, question)),
        unexplained=tuple(_unexplained(tally)),
        never_hit=None if question.site is None else never_hit(question.site, interest.catalogue, tally.statements),
        as_site=None if question.site is None else compared(question.site, interest.catalogue, tally.statements),
    )


def _destinations(tally: Tally) -> dict[_Key, _Destination]:
    found: dict[_Key, _Destination] = {}
    for statement, count in tally.statements.items():
        if (attempt := statement.attempt) is not None:
            key = (named(attempt), attempt.port, attempt.transport, attempt.seen is Seen.DNS)
            found.setdefault(key, _Destination(attempt)).add(statement, count)
    return found


def named(attempt: Attempt) -> str | Address | None:
    """The first name, or the address where there is none: what the destination is called."""
    return attempt.names[0].value if attempt.names else attempt.address


# Files and totals


def _sources(tally: Tally) -> Iterator[SourceFound]:
    told: set[str] = set()
    for (file, format_id), source in tally.sources.items():
        kinds = [] if file in told else [(kind, each) for (of, kind), each in tally.unreadable.items() if of == file]
        told.add(file)
        yield SourceFound(
            file=file,
            format=format_id,
            lines=source.read + source.unread,
            read=source.read,
            unread=source.unread,
            headers=source.headers,
            outside=source.outside,
            unreadable=tuple(
                UnreadLines(kind=kind, lines=each.lines, line=each.line, example=each.example) for kind, each in kinds
            ),
        )


def _totals(tally: Tally) -> Totals:
    lines: Counter[Decision] = Counter()
    for statement, count in tally.statements.items():
        lines[statement.decision] += count.lines
    return Totals(
        records=lines.total(),
        allowed=lines[Decision.ALLOWED],
        denied=lines[Decision.DENIED],
        auth=lines[Decision.AUTH],
        error=lines[Decision.ERROR],
        unknown=lines[Decision.UNKNOWN],
    )


def _unexplained(tally: Tally) -> Iterator[Unexplained]:
    lines: Counter[str] = Counter()
    for statement, count in tally.statements.items():
        if statement.decision is Decision.UNKNOWN:
            lines[" ".join(part for part in (statement.words, statement.method) if part)] += count.lines
    most = lines.most_common()
    yield from (Unexplained(words=words, lines=count) for words, count in most[:UNEXPLAINED])
    if rest := sum(count for _, count in most[UNEXPLAINED:]):
        yield Unexplained(words="(others)", lines=rest)


# Services


def _order(catalogue: Catalogue) -> list[tuple[str, str]]:
    """Vendors as in the catalogue, their services by severity."""
    return [
        (vendor.id, service.id)
        for vendor in catalogue.vendors
        for service in sorted(vendor.services, key=lambda service: service.tier.severity)
    ]


def _undecided(found: _Destination) -> bool:
    """Neither let through nor denied, ever."""
    return not found.counts[Decision.ALLOWED] and not found.counts[Decision.DENIED]


def _services(
    services: Iterable[tuple[Impact, list[_Destination]]],
    decision: Decision,
    concerns: Callable[[_Destination], bool],
    question: Question,
) -> Iterator[ServiceFound]:
    for impact, destinations in services:
        rows = [found for found in destinations if found.counts[decision] and concerns(found)]
        if rows:
            rows.sort(key=lambda found: (-found.counts[decision], str(named(found.attempt)), found.attempt.port))
            yield ServiceFound(
                vendor=impact.vendor,
                tier=impact.tier,
                service=impact.service,
                symptom=impact.symptom,
                destinations=tuple(_row(found, decision, question) for found in rows),
            )


def _row(found: _Destination, decision: Decision, question: Question) -> DestinationFound:
    name = named(found.attempt)
    times = found.times[decision]
    question_only = found.attempt.seen is Seen.DNS
    words = [word for word, _ in found.words[decision].most_common(WORDS) if word]
    return DestinationFound(
        host=name if isinstance(name, str) else None,
        address=None if isinstance(name, str) else str(name),
        port=None if question_only else found.attempt.port,
        transport=None if question_only else found.attempt.transport,
        denied=found.counts[Decision.DENIED],
        allowed=found.counts[Decision.ALLOWED],
        auth=found.counts[Decision.AUTH],
        error=found.counts[Decision.ERROR],
        first=rfc3339(times.first),
        last=rfc3339(times.last),
        words=tuple(words),
        clients=tuple(sorted(map(question.pseudonym, times.clients or ()))),
    )


def _works(services: Iterable[tuple[Impact, list[_Destination]]]) -> Iterator[Works]:
    for impact, destinations in services:
        allowed = [found.counts[Decision.ALLOWED] for found in destinations if found.counts[Decision.ALLOWED]]
        if allowed:
            yield Works(
                vendor=impact.vendor,
                tier=impact.tier,
                service=impact.service,
                allowed=sum(allowed),
                destinations=len(allowed),
            )


def _not_seen(
    catalogue: Catalogue, services: Iterable[tuple[Impact, list[_Destination]]], question: Question
) -> Iterator[NotSeen]:
    """Services that ask for something out of the network, and of which there is no line that says what became of it."""
    seen = {
        (impact.vendor, impact.service)
        for impact, destinations in services
        if any(found.counts.total() > found.counts[Decision.UNKNOWN] for found in destinations)
    }
    for vendor in catalogue.vendors:
        asked = {
            service
            for rule in vendor.rules
            if rule.direction is Direction.EGRESS and rule.evidence is not Evidence.UNSPECIFIED
            for service in rule.services
        }
        for service in sorted(vendor.services, key=lambda service: service.tier.severity):
            wanted = (question.vendors is None or vendor.id in question.vendors) and (
                question.tiers is None or service.tier in question.tiers
            )
            if wanted and service.id in asked and (vendor.id, service.id) not in seen:
                yield NotSeen(vendor=vendor.id, tier=service.tier, service=service.id)


# What opens them


def _to_add(interest: Interest, denied: Sequence[_Destination], question: Question) -> Iterator[ToAdd]:
    wanted = []
    for found in denied:
        name = named(found.attempt)
        serves = tuple(
            f"{each.vendor}/{each.service}" for each in interest.serves(found.attempt) if question.asks(each)
        )
        if serves and name is not None:
            wanted.append(Wanted(name, found.attempt.transport, found.attempt.port, serves))
    for each in to_add(interest.catalogue, wanted, question.dialect):
        yield ToAdd(
            entry=each.entry,
            ports=each.ports,
            dialect=each.dialect,
            serves=each.serves,
            opens_besides=each.opens_besides,
        )


def rfc3339(when: float | None) -> str | None:
    """`2024-03-22T16:16:01Z`; with a fraction where there is one."""
    if when is None:
        return None
    text = datetime.fromtimestamp(when, UTC).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z").replace(".000Z", "Z")
