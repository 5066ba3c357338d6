"""A report -> a document, in the order in which people read: verdict, scope, services, what to change, what shows it.

Knows words and order. Nothing is found out here.
"""

from collections.abc import Iterator
from typing import Final

from tierwall import __version__
from tierwall.policy.model import Tier
from tierwall.report.document import Block, Case, Document, Mood, Section, Table
from tierwall.report.findings.model import Health, Open, Report, ServiceHealth
from tierwall.report.wording import octets, plural

_MOODS: Final = {
    Health.BROKEN: Mood.BAD,
    Health.DEGRADED: Mood.BAD,
    Health.WORKS: Mood.GOOD,
    Health.NOT_TESTED: Mood.OPEN,
}
_NAMED: Final = 6
_SYMPTOM_OF_WORKING: Final = ""


def as_document(report: Report, command: str) -> Document:
    """All of it; `command` makes this report again."""
    return Document(
        title=f"What the network does to {_vendors(report)}",
        lead=(verdict(report),),
        warnings=tuple(_warnings(report)),
        sections=tuple(_sections(report, command)),
        cases=tuple(_cases(report)),
    )


def verdict(report: Report) -> str:
    """One sentence."""
    by = {health: [each for each in report.services if each.health is health] for health in Health}
    tried = len(report.services) - len(by[Health.NOT_TESTED])
    untested = len(by[Health.NOT_TESTED]) + _services_in(report.not_tested, report)
    rest = f"; {plural(untested, 'service')} not tested" if untested else ""
    if not tried:
        return f"Nothing can be said: no service was tested{rest}."
    if not by[Health.BROKEN] and not by[Health.DEGRADED]:
        return f"Nothing that was tested is broken ({plural(tried, 'service')}){rest}."
    parts = [
        f"{len(found)} {'is' if len(found) == 1 else 'are'} {health} ({_named(found)})"
        for health in (Health.BROKEN, Health.DEGRADED)
        if (found := by[health])
    ]
    return f"Of {plural(tried, 'tested service')}, {' and '.join(parts)}{rest}."


def _named(services: list[ServiceHealth]) -> str:
    """`core: 8x8 meetings, 8x8 turn-relay; analytics: 8x8 analytics`."""
    names = list(dict.fromkeys((each.tier or Tier.NONE, f"{each.vendor} {each.service}") for each in services))
    names.sort(key=lambda name: name[0].severity)
    tiers: dict[Tier, list[str]] = {}
    for tier, name in names[:_NAMED]:
        tiers.setdefault(tier, []).append(name)
    said = [
        f"{tier if tier is not Tier.NONE else 'no tier known'}: {', '.join(those)}" for tier, those in tiers.items()
    ]
    more = len(names) - _NAMED
    return "; ".join(said) + (f"; and {more} more" if more > 0 else "")


def _services_in(opens: tuple[Open, ...], report: Report) -> int:
    """Services that are named among what was not tested, and have no row."""
    known = {f"{each.vendor}/{each.service}" for each in report.services}
    vendors = {each.vendor for each in report.services}
    named = {
        word for each in opens if "/" in (word := each.what.partition(",")[0].partition(":")[0]) and " " not in word
    }
    return len({each for each in named - known if each.partition("/")[0] in vendors})


def _vendors(report: Report) -> str:
    names = list(dict.fromkeys(each.vendor for each in report.services))
    if not names or len(names) > _NAMED:
        return "the vendors' products"
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _warnings(report: Report) -> Iterator[str]:
    for source in report.sources:
        yield from (f"{source.name} {notice}" for notice in source.notices)


def _sections(report: Report, command: str) -> Iterator[Section]:
    yield _scope(report)
    yield _services(report)
    yield from _change(report)
    yield _evidence(report)
    untested = _by_vendor(report)
    yield _open("Not tested", untested, "Everything was tested.", "This report says nothing about these.")
    yield _open(
        "Not attributable",
        report.not_attributable,
        "Everything that was seen has its cause and its service above.",
        "Seen, and no service of a vendor or no single cause can be named for it.",
    )
    yield _near(report)
    yield Section(title="What was redacted", mood=Mood.OPEN, lead=report.redacted or ("Nothing.",))
    blocks = (Block(text="\n".join((*report.again, command))),)
    yield Section(title="To run it again", mood=Mood.OPEN, blocks=blocks)
    yield _data(report)


def _scope(report: Report) -> Section:
    rows = tuple(
        (
            each.name,
            each.kind.value,
            each.version or "not said",
            _span(each.first, each.last),
            octets(each.octets),
            each.sha256,
        )
        for each in report.sources
    )
    stamps = sorted(stamp for each in report.sources for stamp in (each.first, each.last) if stamp)
    lead = [f"Site: {', '.join(report.sites)}." if report.sites else "Site: the network itself, no site of the lab."]
    when = _span(stamps[0], stamps[-1]) if stamps else "the sources do not say"
    lead.append(f"Time: {when}. All times are UTC.")
    lead.append(f"Report by tierwall {__version__}.")
    head = ("source", "kind", "tierwall", "about", "size", "SHA-256 of the file")
    table = Table(head=head, rows=rows, numbers=frozenset({4}), codes=frozenset({0, 5}))
    return Section(title="Scope", mood=Mood.OPEN, lead=tuple(lead), table=table)


def _span(first: str | None, last: str | None) -> str:
    if first is None:
        return "time not said"
    return _short(first) if last is None or _short(first) == _short(last) else f"{_short(first)} to {_short(last)}"


def _short(when: str) -> str:
    return f"{when[:10]} {when[11:19]}"


def _services(report: Report) -> Section:
    several = len(report.sites) > 1
    rows = tuple(
        (
            (each.site or "") if several else "",
            each.tier or "",
            f"{each.vendor} / {each.service}",
            each.health.value,
            ", ".join(each.causes),
            each.symptom if each.health in {Health.BROKEN, Health.DEGRADED} else _SYMPTOM_OF_WORKING,
        )
        for each in report.services
    )
    bad = any(_MOODS[each.health] is Mood.BAD for each in report.services)
    good = any(each.health is Health.WORKS for each in report.services)
    mood = Mood.BAD if bad else Mood.GOOD if good else Mood.OPEN
    head = ("site", "tier", "service", "is", "because of", "what users see")
    table = Table(head=head, rows=rows, codes=frozenset({4}), words=frozenset({1, 3}))
    lead = () if rows else ("No source is about a service.",)
    return Section(title="Services", mood=mood, lead=lead, table=table.filled() if rows else None)


def _change(report: Report) -> Iterator[Section]:
    if not report.entries and not report.asks:
        lead = ("Nothing that was seen broken can be mended by the network's people, or nothing was.",)
        if not any(_MOODS[each.health] is Mood.BAD for each in report.services):
            lead = ("None: nothing that was tested is broken.",)
        yield Section(title="Change request", mood=Mood.OPEN, lead=lead)
        return
    if report.entries:
        rows = tuple(
            (each.entry, ", ".join(each.ports), ", ".join(each.serves), "; ".join(each.opens_besides) or "nothing")
            for each in report.entries
        )
        table = Table(head=("entry", "ports", "for", "opens besides"), rows=rows, codes=frozenset({0}))
        lead = (f"Please add to the allow list, spelled as `{report.dialect}` reads it:",)
        blocks = (Block(text="\n".join(each.entry for each in report.entries)),)
        yield Section(title="Change request", mood=Mood.BAD, lead=lead, table=table, blocks=blocks)
    if report.asks:
        rows = tuple(
            (each.ask, ", ".join(each.destinations), ", ".join(each.services), each.behaviour) for each in report.asks
        )
        table = Table(head=("please", "destinations", "for", "behaviour"), rows=rows, codes=frozenset({1, 3}))
        title = "Change request, beyond the list" if report.entries else "Change request"
        yield Section(title=title, mood=Mood.BAD, lead=("No entry of a list mends these:",), table=table.filled())


def _evidence(report: Report) -> Section:
    if not report.evidence:
        return Section(title="Evidence", mood=Mood.OPEN, lead=("Nothing was seen broken.",))
    several = len(report.sources) > 1
    rows = tuple(
        (
            each.id,
            _short(each.when) if each.when else "",
            each.what,
            each.decided,
            each.saw,
            each.client or "",
            each.source if several else "",
        )
        for each in report.evidence
    )
    head = ("event", "when", "destination", "what was done", "the client saw", "client", "source")
    cut = report.evidence_cut
    lead = (f"{cut:,} more of the same are left out here.",) if cut else ()
    table = Table(head=head, rows=rows, codes=frozenset({0, 2, 5}))
    return Section(title="Evidence", mood=Mood.BAD, lead=lead, table=table.filled())


def _open(title: str, found: tuple[Open, ...], none: str, some: str) -> Section:
    if not found:
        return Section(title=title, mood=Mood.GOOD, lead=(none,))
    rows = tuple((each.what, each.why) for each in found)
    table = Table(head=("what", "why"), rows=rows, codes=frozenset({0}))
    return Section(title=title, mood=Mood.OPEN, lead=(some,), table=table)


def _by_vendor(report: Report) -> tuple[Open, ...]:
    """One line for all services of a vendor that nothing at all is known of."""
    known = {each.vendor for each in report.services}
    lines: dict[Open, int] = {}
    for each in report.not_tested:
        vendor, _, service = each.what.partition("/")
        alone = bool(service) and vendor not in known and not {" ", ",", ":"} & set(each.what)
        line = Open(what=f"{vendor}, all of it", why=each.why) if alone else each
        lines[line] = lines.get(line, 0) + 1
    return tuple(lines)


def _near(report: Report) -> Section:
    if not report.near:
        return Section(
            title="Near misses", mood=Mood.OPEN, lead=("None: no vendor's rule nearly covers what was refused.",)
        )
    rows = tuple((each.destination, each.rule, each.serves, each.why) for each in report.near)
    table = Table(head=("destination", "rule nearby", "for", "what differs"), rows=rows, codes=frozenset({0, 1}))
    lead = ("Refused, and a vendor's rule comes close: another port, one label more or less. No service breaks by it.",)
    return Section(title="Near misses", mood=Mood.OPEN, lead=lead, table=table)


def _data(report: Report) -> Section:
    blocks = tuple(
        Block(title=each.source, text=each.text, sha256=each.sha256, folded=True) for each in report.raw if each.text
    )
    left = tuple(f"{each.source}: {each.left_out}." for each in report.raw if each.left_out)
    lead = (
        "What this report stands on, as JSON. `tierwall report FILE.html` reads it back and says if it was changed.",
    )
    return Section(title="Data", mood=Mood.OPEN, lead=(*lead, *left), blocks=blocks)


# Cases


def _cases(report: Report) -> Iterator[Case]:
    for each in report.services:
        group = f"{each.site}.{each.vendor}" if len(report.sites) > 1 and each.site else each.vendor
        tier = f" ({each.tier})" if each.tier and each.tier is not Tier.NONE else ""
        causes = ", ".join(each.causes)
        yield Case(
            group=group,
            name=f"{each.service}{tier}",
            mood=_MOODS[each.health],
            message=f"{each.health.value}: {causes}" if causes else each.health.value,
            detail=each.symptom,
        )
    known = {(each.vendor, each.service) for each in report.services}
    for left in report.not_tested:
        vendor, _, service = left.what.partition(",")[0].partition("/")
        if service and " " not in vendor and (vendor, service) not in known:
            known.add((vendor, service))
            yield Case(group=vendor, name=service, mood=Mood.OPEN, message=left.why)
