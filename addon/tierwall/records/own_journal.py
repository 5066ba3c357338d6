"""tierwall's own journal: what a lab's proxy or gateway denied.

Source: docs/journal.md. The verdict is `event.action`. What a behaviour of the site broke was let through by the list:
its destination is an error here, and the journal itself says more.
"""

from typing import Final

from tierwall.events import Action, Event, parse
from tierwall.policy.attempt import Attempt
from tierwall.policy.model import Transport
from tierwall.records.destination import first_of, of_address, of_host, of_question
from tierwall.records.record import Decision, Record, Statement, Unread

_DECISIONS: Final = {
    Action.DENIED: Decision.DENIED,
    Action.WOULD_DENY: Decision.ALLOWED,
    Action.BROKEN: Decision.ERROR,
    Action.FAILED: Decision.ERROR,
    Action.FAULT: Decision.UNKNOWN,
    Action.ALLOWED: Decision.ALLOWED,
    Action.CLOSED: Decision.UNKNOWN,
    Action.MARKED: Decision.UNKNOWN,
    Action.APPLIED: Decision.UNKNOWN,
    Action.DRIFT: Decision.UNKNOWN,
}
"""`closed` ends what `allowed` began: one verdict, two lines. `marked` is nobody's connection, `drift` stands
beside an event of the same one."""


def looks_like_journal(line: str) -> bool:
    """An object of ours: the product's name and the schema's part that is our own."""
    return '"tierwall"' in line and '"ecs"' in line and '"observer"' in line


def read_journal_line(line: str) -> Record:
    """One event. Raises Unread."""
    try:
        event = parse(line)
    except (ValueError, RecursionError):
        raise Unread("is no event of a journal") from None
    statement = Statement(
        decision=_DECISIONS[event.event.action],
        attempt=_attempt(event),
        method=event.http.request.method if event.http else None,
        words=" ".join(part for part in (event.event.action, event.event.reason, event.tierwall.behaviour) if part),
    )
    return Record(statement, event.when.timestamp(), event.source.ip if event.source else None)


def _attempt(event: Event) -> Attempt | None:
    there = event.destination
    if there is None:
        return None
    if there.port == 53 and event.tierwall.stage == "dns":
        return of_question(there.domain or "")
    transport = event.network.transport if event.network else Transport.TCP
    named = of_host(there.domain, there.port, transport=transport) if there.domain else None
    return first_of(named, of_address(there.ip, there.port, transport) if there.ip else None)
