"""Two rounds side by side -> a row for each client pattern of each service: worked before, works now, what broke it.

Knows outcomes and events; pure. What broke a check is what the journal says, never a guess.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from tierwall.events import Event
from tierwall.policy.behaviour import Behaviour, TlsInspection
from tierwall.policy.model import Tier
from tierwall.reproduce.check import Check
from tierwall.reproduce.striking import by_host, causes, concerning, struck
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
    pattern: str
    way: str
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
    events: tuple[str, ...] = ()
    """Ids, in the journal of the round with the site."""
    why_not: str | None = None
    """Why it was not run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NotShown:
    """A behaviour of the site that no check has shown."""

    behaviour: str
    why: str
    concerns: bool
    """Whether it is there for this vendor at all: what meets none of its services is no gap."""


_KEPT: Final = 20
"""Ids of events, of each row."""

type _ByHost = Mapping[str, Sequence[Event]]


def rows(checks: Sequence[Check], before: Round, now: Round) -> tuple[Row, ...]:
    """In the order of the checks. What was not run says so, and is never shown as working."""
    groups: dict[tuple[str, str, str | None], list[Check]] = {}
    for check in checks:
        groups.setdefault((check.of.service.id, check.label, check.not_run), []).append(check)
    hosts = by_host(before.events), by_host(now.events)
    return tuple(_row(group, (before, now), hosts) for group in groups.values())


def broke_something(found: Sequence[Row]) -> bool:
    """Whether anything that was run does not work any more, or never did."""
    return any(row.now in {Works.BROKEN, Works.PARTLY} for row in found)


def not_shown(
    behaviours: Sequence[Behaviour], checks: Sequence[Check], before: Round, now: Round
) -> Iterator[NotShown]:
    """A value for each behaviour that is in no event about these checks; of TLS inspection, that is on no certificate
    either."""
    named = {event.tierwall.behaviour for event in concerning(checks, now.events)}
    for name in dict.fromkeys(behaviour.NAME for behaviour in behaviours):
        meet = [check for check in checks if name in check.meets]
        opened = name == TlsInspection.NAME and any(_other_issuer(check, before, now) for check in meet)
        if name in named or opened:
            continue
        if not meet:
            yield NotShown(behaviour=name, why="it breaks nothing that this vendor asks for", concerns=False)
        elif all(check.not_run is not None for check in meet):
            why = "; ".join(dict.fromkeys(check.not_run or "" for check in meet))
            yield NotShown(behaviour=name, why=why, concerns=True)
        else:
            why = "clients met it, and no event names it: what acts before it hides it, or they do too little"
            yield NotShown(behaviour=name, why=why, concerns=True)


def _other_issuer(check: Check, before: Round, now: Round) -> bool:
    """Whether somebody else signed the certificate than without the site: it was opened."""
    one, other = before.outcomes.get(check), now.outcomes.get(check)
    if one is None or other is None or other.issuer is None:
        return False
    return one.issuer != other.issuer


def _row(group: list[Check], rounds: tuple[Round, Round], hosts: tuple[_ByHost, _ByHost]) -> Row:
    service, first = group[0].of.service, group[0]
    before, now = rounds
    failed = [check for check in group if check in now.outcomes and not now.outcomes[check].ok]
    hit = [
        (check, causes(check, _at(check, hosts[1])) if check in failed else struck(check, _at(check, hosts[1])))
        for check in group
        if check in now.outcomes
    ]
    broken_by = [(check, events) for check, events in hit if events or not now.outcomes[check].ok]
    return Row(
        service=service.id,
        title=service.title,
        tier=service.tier,
        pattern=first.label,
        way=first.way.value,
        before=_state(group, before, hosts[0]),
        now=_state(group, now, hosts[1]),
        broke=tuple(dict.fromkeys(_what(event) for _, events in broken_by for event in events)),
        symptom=service.symptom,
        saw=tuple(dict.fromkeys(_saw(now.outcomes[check]) for check in failed)),
        places=tuple(dict.fromkeys(check.of.place for check, _ in broken_by)),
        tried=len(group),
        events=tuple(dict.fromkeys(event.event.id for _, events in broken_by for event in events))[:_KEPT],
        why_not=first.not_run,
    )


def _at(check: Check, hosts: _ByHost) -> Sequence[Event]:
    return hosts.get(str(check.of.host), ())


def _state(group: list[Check], of: Round, hosts: _ByHost) -> Works:
    outcomes = [of.outcomes[check] for check in group if check in of.outcomes]
    if not outcomes:
        return Works.NOT_RUN
    if all(outcome.ok for outcome in outcomes):
        return Works.HIT if any(struck(check, _at(check, hosts)) for check in group) else Works.WORKS
    return Works.PARTLY if any(outcome.ok for outcome in outcomes) else Works.BROKEN


def _what(event: Event) -> str:
    return event.tierwall.behaviour or str(event.event.reason)


def _saw(outcome: Outcome) -> str:
    cause = str(outcome.cause)
    if outcome.alert is not None:
        return f"alert {outcome.alert}"
    status = f" {outcome.reply.status}" if outcome.reply is not None else ""
    return f"{cause}{status}"
