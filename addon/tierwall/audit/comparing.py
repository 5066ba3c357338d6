"""The network that a log shows, beside the site that is to stand for it.

Knows judge and what was counted. A disagreement has a likely cause, which is a guess and says so.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from tierwall.audit.findings import Agreement, AsSite, Disagreement
from tierwall.audit.interest import verdicts
from tierwall.audit.tally import Count
from tierwall.policy import authority
from tierwall.policy.attempt import Attempt, Reason, Seen, Verdict
from tierwall.policy.dialect import Dialect, Reading, Rejected, Shape, read
from tierwall.policy.match.compiled import CompiledPolicy, compiled_of
from tierwall.policy.match.coverage import serve
from tierwall.policy.match.listed import title
from tierwall.policy.match.vendor_rules import admitted_rules
from tierwall.policy.model import Catalogue
from tierwall.policy.site import ListEntry, Site
from tierwall.records.record import Decision, Statement


@dataclass(slots=True)
class _Theirs:
    """What the network did with one destination."""

    allowed: Count = field(default_factory=Count)
    denied: Count = field(default_factory=Count)

    @property
    def said(self) -> str:
        if self.allowed.lines and self.denied.lines:
            return "both"
        return "allowed" if self.allowed.lines else "denied"


def compared(site: Site, catalogue: Catalogue, statements: Mapping[Statement, Count]) -> AsSite:
    """How far the site agrees with what the log says of each distinct destination, and of each line."""
    theirs: dict[Attempt, _Theirs] = {}
    for statement, count in statements.items():
        if statement.attempt is not None and statement.decision in {Decision.ALLOWED, Decision.DENIED}:
            found = theirs.setdefault(statement.attempt, _Theirs())
            into = found.allowed if statement.decision is Decision.ALLOWED else found.denied
            into.add(count.lines, count.first, count.last, ())
    same_lines = differ_lines = same = 0
    disagreements: list[Disagreement] = []
    for attempt, found in theirs.items():
        ours = list(verdicts(site, catalogue, attempt))
        decided = next((verdict for verdict in ours if verdict.passes), ours[0])
        agreeing, other = (found.allowed, found.denied) if decided.passes else (found.denied, found.allowed)
        same_lines += agreeing.lines
        differ_lines += other.lines
        if not other.lines:
            same += 1
        else:
            disagreements.append(_disagreement(attempt, found, decided, other.lines, site))
    disagreements.sort(key=lambda each: (-each.lines, each.destination))
    return AsSite(
        site=site.id,
        destinations=Agreement(same=same, differ=len(disagreements)),
        lines=Agreement(same=same_lines, differ=differ_lines),
        disagreements=tuple(disagreements),
    )


def _disagreement(attempt: Attempt, theirs: _Theirs, ours: Verdict, lines: int, site: Site) -> Disagreement:
    return Disagreement(
        destination=place(attempt),
        theirs=theirs.said,
        ours="allowed" if ours.passes else "denied",
        reason=None if ours.passes else ours.reason,
        lines=lines,
        likely=_likely(theirs, ours, site),
    )


def _likely(theirs: _Theirs, ours: Verdict, site: Site) -> str:
    if theirs.said == "both":
        return _changed(theirs)
    if ours.passes:
        by = f" ({ours.admitted_by} admits it here)" if ours.admitted_by else ""
        if not site.enforce:
            return "this site only observes"
        return f"their list lacks it{by}, or a category or another rule of theirs refused it"
    detail = f": {ours.detail}" if ours.detail else ""
    match ours.reason:
        case Reason.WILDCARD_GAP:
            how = "as this site reads it" if site.dialect is Dialect.LITERAL else f"in {site.dialect}"
            return f"dialect: their product reads an entry wider than it reads {how}{detail}"
        case Reason.PORT_CLOSED:
            return f"their list has more ports{detail}"
        case Reason.PRIVATE_ADDRESS:
            return f"their network leads to a private address, which is not admitted here{detail}"
        case Reason.NAME_MISMATCH:
            return f"their product looks at one of the names alone{detail}"
        case Reason.SITE_DENIED:
            return f"their list does not deny it{detail}"
        case _:
            return f"their list has more{detail}"


def _changed(theirs: _Theirs) -> str:
    """Of a destination that they let through and denied: in one order, or in turn."""
    allowed, denied = theirs.allowed, theirs.denied
    if allowed.last is not None and denied.first is not None and allowed.last <= denied.first:
        return "their list changed: it was let through first, and denied later"
    if denied.last is not None and allowed.first is not None and denied.last <= allowed.first:
        return "their list changed: it was denied first, and let through later"
    return "they let it through and denied it in turn: by client, user, path or file, which this site does not look at"


def place(attempt: Attempt) -> str:
    """The destination as people write it."""
    value = attempt.names[0].value if attempt.names else attempt.address
    if attempt.seen is Seen.DNS:
        return str(value)
    return authority.place(str(value), attempt.port, attempt.transport)


# Entries that nothing matched


def never_hit(site: Site, catalogue: Catalogue, statements: Mapping[Statement, Count]) -> tuple[str, ...]:
    """The site's entries that no destination in the log matched, in the site's order."""
    compiled = compiled_of(site, catalogue)
    hit: set[str] = set()
    for attempt in {statement.attempt for statement in statements if statement.attempt is not None}:
        hit.update(_hits(compiled, attempt))
    return tuple(entry for entry in _entries(site, catalogue) if entry not in hit)


def _hits(compiled: CompiledPolicy, attempt: Attempt) -> set[str]:
    values = [name.value for name in attempt.names]
    if attempt.address is not None and attempt.address not in values:
        values.append(attempt.address)
    looked_up = attempt.seen is Seen.DNS
    return {
        title(hit)
        for value in values
        for hit in compiled.admitted.find(value)
        if hit.covers and (looked_up or serve(hit.payload.ports, attempt))
    }


def _entries(site: Site, catalogue: Catalogue) -> dict[str, None]:
    found: dict[str, None] = {}
    for entry in site.admit:
        if isinstance(entry, ListEntry):
            found |= dict.fromkeys(f"{entry.label} {_as_hit(entry, host)}" for host in entry.hosts)
            found |= dict.fromkeys(f"{entry.label} {network}" for network in entry.networks)
    return found | dict.fromkeys(str(rule) for rule in admitted_rules(site, catalogue))


def _as_hit(entry: ListEntry, host: str) -> str:
    """How a hit of that spelling is called; an address among hosts is called as the network that it is."""
    found = read(entry.dialect, host)
    return str(found[0]) if not isinstance(found, Rejected) and not isinstance(found[0], Reading | Shape) else host
