"""What was learned -> a site file, with what each entry was made from.

Knows how a site file is spelled. Times are written as days: what happened between them is in the log.
"""

import json
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

from tierwall.export.learning import Beside, Learned, RuleUsed, Seen
from tierwall.export.product import ascii_line
from tierwall.policy.lint.covering import some


def site_text(learned: Learned, name: str, sources: Iterable[str]) -> str:
    """The file; it loads, and admits everything that was used."""
    lines = [
        f"# Learned by `tierwall learn` from {ascii_line(some(sources))}: {when(learned.seen)}.",
        *(
            f"# Never seen, and closed by this list: {each.vendor}/{each.service} ({each.tier})"
            for each in learned.never
        ),
        "version: 1",
        f"site: {name}",
        "title: Learned from what was used",
        "dialect: literal",
        "admit:" if learned.rules or learned.beside else "admit: []",
        *(line for rule in learned.rules for line in _rule(rule)),
        *(line for beside in learned.beside for line in _entry(beside)),
    ]
    return "\n".join(lines) + "\n"


def when(seen: Seen) -> str:
    """`12 times, 2026-11-20 to 2026-11-27 (8 days)`."""
    times = f"{seen.lines} time{'' if seen.lines == 1 else 's'}"
    if seen.first is None or seen.last is None:
        return f"{times}, no time in the log"
    first, last = (datetime.fromtimestamp(at, UTC).date() for at in (seen.first, seen.last))
    days = (last - first).days + 1
    return f"{times}, {first}" + (f" to {last}" if last != first else "") + f" ({days} day{'' if days == 1 else 's'})"


def _rule(rule: RuleUsed) -> Iterator[str]:
    said = f"serves {some(rule.serves)}; {some(rule.destinations, most=3)}"
    yield f"  # {when(rule.seen)}; {ascii_line(said)}"
    yield f"  - {{vendor: {json.dumps(rule.vendor)}, rules: [{json.dumps(rule.rule)}]}}"


def _entry(beside: Beside) -> Iterator[str]:
    folded = f"; {len(beside.folded)} names: {ascii_line(some(beside.folded, most=3))}" if beside.folded else ""
    yield f"  # {when(beside.seen)}; no vendor asks for it{folded}"
    yield f"  - ports: [{', '.join(map(str, beside.ports))}]"
    yield f"    {'networks' if beside.networks else 'hosts'}: [{', '.join(map(json.dumps, beside.entries))}]"
