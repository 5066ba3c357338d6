"""What `tierwall audit` says: findings -> a document, and findings -> the object that `--json` prints.

Knows findings and words. Nothing is judged here.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import MISSING, fields, is_dataclass
from itertools import zip_longest
from typing import Final

from tierwall.audit.files import UNKNOWN
from tierwall.audit.findings import DestinationFound, Findings, ServiceFound, SourceFound
from tierwall.policy import authority
from tierwall.report.document import Case, Document, Item, Mood, Section, Table
from tierwall.report.wording import plural

LOUD: Final = 0.05
"""More unreadable lines than this part of a file are said before anything else."""

_CLIENTS: Final = 3
_BESIDES: Final = 4


def as_json(findings: Findings) -> str:
    """One object, ASCII; what is absent is left out."""
    return json.dumps(_plain(findings), indent=2)


def _plain(value: object) -> object:
    if is_dataclass(value) and not isinstance(value, type):
        found = {}
        for each in fields(value):
            inside = getattr(value, each.name)
            optional = each.default is not MISSING and inside == each.default
            if inside is not None and not optional:
                found[each.name] = _plain(inside)
        return found
    if isinstance(value, (tuple, list)):
        return [_plain(each) for each in value]
    return value


def as_document(findings: Findings) -> Document:
    """All answers, as people read them."""
    return Document(
        title="What the network breaks, by its own log",
        lead=tuple(_lead(findings)),
        warnings=tuple(_warnings(findings)),
        sections=tuple(_sections(findings)),
        cases=tuple(_cases(findings)),
    )


def _lead(findings: Findings) -> Iterator[str]:
    totals = findings.totals
    counts = ", ".join(
        f"{count:,} {word}"
        for word, count in (
            ("allowed", totals.allowed),
            ("denied", totals.denied),
            ("asked to authenticate", totals.auth),
            ("failed", totals.error),
            ("unexplained", totals.unknown),
        )
        if count
    )
    yield f"{plural(totals.records, 'record')}" + (f": {counts}" if counts else "")


def _warnings(findings: Findings) -> Iterator[str]:
    if findings.partial:
        yield "PARTIAL: the reading was stopped; these are the lines that were counted until then"
    for source in findings.sources:
        if source.lines and source.unread / source.lines > LOUD:
            part = source.unread / source.lines
            what = (
                "look like no format that is known"
                if source.format == UNKNOWN
                else f"could not be read as {source.format}"
            )
            yield f"{source.file}: {part:.0%} of its lines {what}"
        yield from (f"{source.file}: {kind.kind}" for kind in source.unreadable if not kind.lines)


# Sections


def _sections(findings: Findings) -> Iterator[Section]:
    yield _of_sources(findings.sources)
    if findings.broken:
        yield Section(
            title="Broken: denied by this network", mood=Mood.BAD, items=tuple(_items(findings.broken, "denied"))
        )
    else:
        yield Section(
            title="Broken: nothing", mood=Mood.GOOD, lead=("No line denies anything that a vendor asks for.",)
        )
    if findings.auth:
        lead = (
            "The proxy asked these clients to log in, and no line shows that one did. That is no denial by policy.",
        )
        items = tuple(_items(findings.auth, "auth"))
        yield Section(title="Asked to authenticate, and never let through", mood=Mood.BAD, lead=lead, items=items)
    if findings.error:
        lead = ("Not denied, and no line shows that it ever worked.",)
        items = tuple(_items(findings.error, "error"))
        yield Section(title="Failed", mood=Mood.OPEN, lead=lead, items=items)
    yield from _works(findings)
    yield from _to_add(findings)
    yield from _as_site(findings)
    if findings.unexplained:
        rows = tuple((f"{each.lines:,}", each.words) for each in findings.unexplained)
        table = Table(head=("lines", "the product's words"), rows=rows, numbers=frozenset({0}), codes=frozenset({1}))
        lead = ("These lines alone do not say what was decided.",)
        yield Section(title="Unexplained", mood=Mood.OPEN, lead=lead, table=table)


def _of_sources(sources: Iterable[SourceFound]) -> Section:
    rows = []
    unread = []
    for each in sources:
        rows.append((each.file, each.format, f"{each.lines:,}", f"{each.unread:,}" if each.unread else ""))
        unread += [
            f"{each.file}: {plural(kind.lines, 'line')} {kind.kind}" + _example(kind.line, kind.example)
            if kind.lines
            else f"{each.file}: {kind.kind}"
            for kind in each.unreadable
        ]
    table = Table(
        head=("file", "format", "lines", "unread"), rows=tuple(rows), numbers=frozenset({2, 3}), codes=frozenset({0})
    )
    return Section(title="Read", mood=Mood.OPEN if unread else Mood.GOOD, lead=tuple(unread), table=table)


def _example(line: int, example: str) -> str:
    return f", such as line {line}: {example[:80]}" if example else f", such as line {line}"


def _items(services: Iterable[ServiceFound], what: str) -> Iterator[Item]:
    """Each service with its symptom; of neighbours that share their destinations, the last has the table."""
    listed = list(services)
    for each, following in zip_longest(listed, listed[1:]):
        name = f"{each.vendor} / {each.service}"
        if following is not None and following.vendor == each.vendor and following.destinations == each.destinations:
            yield Item(name=name, tier=each.tier, text=each.symptom)
            continue
        rows = tuple(_row(found, what) for found in each.destinations)
        head = ("times", "destination", "when", "what the product said")
        table = Table(head=head, rows=rows, numbers=frozenset({0}), codes=frozenset({1, 3}))
        yield Item(name=name, tier=each.tier, text=each.symptom, table=table)


def _row(found: DestinationFound, what: str) -> tuple[str, ...]:
    count: int = getattr(found, what)
    said = [", ".join(found.words)] if found.words else []
    if found.allowed:
        said.append(f"let through {found.allowed:,} times besides")
    if found.clients:
        more = len(found.clients) - _CLIENTS
        said.append("by " + ", ".join(found.clients[:_CLIENTS]) + (f" and {more:,} more" if more > 0 else ""))
    return f"{count:,}", place(found), _span(found.first, found.last), "; ".join(said)


def place(found: DestinationFound) -> str:
    """`8x8.vc:443`, `[2001:db8::1]:3478/udp`, or the name alone where only that was looked up."""
    host = found.host or found.address or "?"
    if found.port is None:
        return host
    return authority.place(host, found.port, found.transport)


def _span(first: str | None, last: str | None) -> str:
    if first is None or last is None:
        return "time unknown"
    return _short(first) if first[:16] == last[:16] else f"{_short(first)} to {_short(last)}"


def _short(when: str) -> str:
    return f"{when[:10]} {when[11:16]}"


def _works(findings: Findings) -> Iterator[Section]:
    rows: tuple[tuple[str, ...], ...]
    if findings.works:
        rows = tuple(
            (f"{each.allowed:,}", f"{each.vendor} / {each.service}", each.tier.value, f"{each.destinations:,}")
            for each in findings.works
        )
        table = Table(head=("times", "service", "tier", "destinations"), rows=rows, numbers=frozenset({0, 3}))
        lead = ("Let through at these destinations; what the servers then answered is theirs.",)
        yield Section(title="Works, as far as it was tried", mood=Mood.GOOD, lead=lead, table=table)
    if findings.not_seen:
        rows = tuple((f"{each.vendor} / {each.service}", each.tier.value) for each in findings.not_seen)
        lead = ("No line is about these. That says nothing: nobody may have tried.",)
        table = Table(head=("service", "tier"), rows=rows)
        yield Section(title="Not tested by this log", mood=Mood.OPEN, lead=lead, table=table)


def _to_add(findings: Findings) -> Iterator[Section]:
    if not findings.to_add:
        return
    dialect = findings.to_add[0].dialect
    rows = tuple(
        (each.entry, ", ".join(each.ports), ", ".join(each.serves), _few(each.opens_besides))
        for each in findings.to_add
    )
    table = Table(head=("entry", "ports", "for", "opens besides"), rows=rows, codes=frozenset({0}))
    lead = (f"The shortest list that opens what was denied, as `{dialect}` reads it.",)
    yield Section(title="To add", mood=Mood.OPEN, lead=lead, table=table)


def _few(texts: tuple[str, ...]) -> str:
    more = len(texts) - _BESIDES
    return "; ".join(texts[:_BESIDES]) + (f"; and {more} more" if more > 0 else "") if texts else "nothing"


def _as_site(findings: Findings) -> Iterator[Section]:
    rows: tuple[tuple[str, ...], ...]
    found = findings.as_site
    if found is not None:
        destinations = _per_cent(found.destinations.same, found.destinations.differ)
        lines = _per_cent(found.lines.same, found.lines.differ)
        lead = (f"{destinations} of distinct destinations, {lines} of lines. Causes are guesses.",)
        rows = tuple(
            (
                f"{each.lines:,}",
                each.destination,
                each.theirs,
                each.ours + (f" ({each.reason})" if each.reason else ""),
                each.likely,
            )
            for each in found.disagreements
        )
        head = ("lines", "destination", "theirs", "ours", "likely")
        table = Table(head=head, rows=rows, numbers=frozenset({0}), codes=frozenset({1})) if rows else None
        mood = Mood.BAD if rows else Mood.GOOD
        yield Section(title=f"As site {found.site}?", mood=mood, lead=lead, table=table)
    if findings.never_hit:
        rows = tuple((entry,) for entry in findings.never_hit)
        lead = ("Nothing in this log matched these entries of the site. To be reviewed, not removed.",)
        table = Table(head=("entry",), rows=rows, codes=frozenset({0}))
        yield Section(title="Never hit", mood=Mood.OPEN, lead=lead, table=table)


def _per_cent(same: int, differ: int) -> str:
    whole = same + differ
    if not whole:
        return "0 of 0"
    part = 100 * same / whole
    shown = f"{part:.1f}" if differ == 0 or part < 99.95 else "99.9"  # never 100 where one differs
    return f"{shown} % ({same:,} of {whole:,})"


# Cases


def _cases(findings: Findings) -> Iterator[Case]:
    for each in findings.broken:
        count = sum(found.denied for found in each.destinations)
        names = ", ".join(place(found) for found in each.destinations[:5])
        detail = "\n".join("  ".join(_row(found, "denied")) for found in each.destinations)
        yield Case(
            group=each.vendor,
            name=f"{each.service} ({each.tier})",
            mood=Mood.BAD,
            message=f"denied {count:,} times: {names}",
            detail=f"{each.symptom}\n{detail}",
        )
    broken = {(each.vendor, each.service) for each in findings.broken}
    for works in findings.works:
        if (works.vendor, works.service) not in broken:
            yield Case(group=works.vendor, name=f"{works.service} ({works.tier})", mood=Mood.GOOD)
    told = broken | {(each.vendor, each.service) for each in findings.works}
    for services, what in ((findings.auth, "asked to authenticate"), (findings.error, "failed, not denied")):
        for each in services:
            if (each.vendor, each.service) not in told:
                told.add((each.vendor, each.service))
                yield Case(group=each.vendor, name=f"{each.service} ({each.tier})", mood=Mood.OPEN, message=what)
    for missing in findings.not_seen:
        message = "not tested by this log"
        yield Case(group=missing.vendor, name=f"{missing.service} ({missing.tier})", mood=Mood.OPEN, message=message)
