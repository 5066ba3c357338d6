"""Two rounds side by side -> a row for each client pattern of each service: worked before, works now, what broke it.

Knows outcomes and events; pure. What broke a check is what the journal says, never a guess.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from tierwall.events import Action, Event
from tierwall.policy.model import Tier
from tierwall.reproduce.checks import Check, Pattern
from tierwall.reproduce.trial import Round
from tierwall.standins.clients import Outcome


class Works(StrEnum):
    """What became of the checks of a row in one round."""

    WORKS = "works"
    HIT = "hit"
    """The clients got what they wanted, and a behaviour was at work on them (slower, say)."""
    PARTLY = "partly"
    BROKEN = "broken"
    NOT_RUN = "not run"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One client pattern of one service."""

    service: str
    title: str
    tier: Tier
    pattern: Pattern
    before: Works
    now: Works
    broke: tuple[str, ...]
    """Reasons and behaviours, as the journal says them."""
    symptom: str
    """What its users see without it."""
    saw: tuple[str, ...]
    """What the clients saw that failed."""
    places: tuple[str, ...]
    """Where it is broken or hit."""
    tried: int
    why_not: str | None = None
    """Why it was not run."""


_STRUCK: Final = {Action.DENIED, Action.BROKEN, Action.FAILED}


def rows(checks: Sequence[Check], before: Round, now: Round) -> tuple[Row, ...]:
    """In the order of the checks. What was not run says so, and is never shown as working."""
    groups: dict[tuple[str, Pattern, str | None], list[Check]] = {}
    for check in checks:
        groups.setdefault((check.of.service.id, check.pattern, check.not_run), []).append(check)
    return tuple(_row(group, before, now) for group in groups.values())


def broke_something(found: Sequence[Row]) -> bool:
    """Whether anything that was run does not work any more, or never did."""
    return any(row.now in {Works.BROKEN, Works.PARTLY} for row in found)


def _row(group: list[Check], before: Round, now: Round) -> Row:
    service, first = group[0].of.service, group[0]
    hit = [(check, _struck(check, now.events)) for check in group if check in now.outcomes]
    failed = [check for check, _ in hit if not now.outcomes[check].ok]
    broken_by = [(check, events) for check, events in hit if events or not now.outcomes[check].ok]
    return Row(
        service=service.id,
        title=service.title,
        tier=service.tier,
        pattern=first.pattern,
        before=_state(group, before),
        now=_state(group, now),
        broke=tuple(dict.fromkeys(_what(event) for _, events in broken_by for event in events)),
        symptom=service.symptom,
        saw=tuple(dict.fromkeys(_saw(now.outcomes[check]) for check in failed)),
        places=tuple(dict.fromkeys(check.of.place for check, _ in broken_by)),
        tried=len(group),
        why_not=first.not_run,
    )


def _state(group: list[Check], of: Round) -> Works:
    outcomes = [of.outcomes[check] for check in group if check in of.outcomes]
    if not outcomes:
        return Works.NOT_RUN
    if all(outcome.ok for outcome in outcomes):
        return Works.HIT if any(_struck(check, of.events) for check in group) else Works.WORKS
    return Works.PARTLY if any(outcome.ok for outcome in outcomes) else Works.BROKEN


def _struck(check: Check, events: Sequence[Event]) -> list[Event]:
    """Of the same destination; a behaviour's only where it says that it breaks this service."""
    return [
        event
        for event in events
        if event.action in _STRUCK and _is_there(check, event) and (_names(check, event) or not event.tierwall.breaks)
    ]


def _is_there(check: Check, event: Event) -> bool:
    there = event.destination
    return there is not None and there.port == check.of.port and str(check.of.host) in (there.domain, there.ip)


def _names(check: Check, event: Event) -> bool:
    return any((each.vendor, each.service) == (check.of.vendor, check.of.service.id) for each in event.tierwall.breaks)


def _what(event: Event) -> str:
    return event.tierwall.behaviour or str(event.event.reason)


def _saw(outcome: Outcome) -> str:
    cause = str(outcome.cause)
    if outcome.alert is not None:
        return f"alert {outcome.alert}"
    status = f" {outcome.reply.status}" if outcome.reply is not None else ""
    return f"{cause}{status}"
