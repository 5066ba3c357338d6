"""How long a client waits, and when it is asked again.

Knows checks, outcomes and what the journal says. On a machine that does more than it can, a client gives up before its
turn has come: who failed and was struck by nothing, or only made late, is asked once more, a few at a time and with
more patience, and only that counts. A network that breaks it breaks it again.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from tierwall.events import Event
from tierwall.policy.behaviour import Bandwidth, Jitter, Latency, Slicer
from tierwall.reproduce.check import Check
from tierwall.reproduce.striking import causes
from tierwall.standins.clients import Cause, Outcome
from tierwall.standins.clients.outcome import LIMIT_S

PATIENT_S: Final = 20.0
"""Seconds of a step, of who is asked again, and of who holds for long, as it cannot be asked again later."""
LONG_S: Final = 10.0
"""What is held for longer."""

_EARLY: Final = 0.25
"""Of the time that it holds: who fails before that has met no silence that was too long."""
_AT_ONCE: Final = 4

_SLOW: Final = {Latency.NAME, Jitter.NAME, Bandwidth.NAME, Slicer.NAME}
"""What makes a client late, which is no break before it has waited for long."""

type Ask = Callable[[Check, float], Awaitable[Outcome]]
"""A check, and how many seconds a step of it may take."""


async def asked(check: Check, ask: Ask, clock: Callable[[], float] = time.monotonic) -> Outcome:
    """As it is asked first; at once again where it should be held for long, and failed before that began."""
    if check.hold_s <= LONG_S:
        return await ask(check, LIMIT_S)
    began = clock()
    outcome = await ask(check, PATIENT_S)
    if outcome.ok or clock() - began > _EARLY * check.hold_s:
        return outcome
    return await ask(check, PATIENT_S)


async def asked_again(
    outcomes: dict[Check, Outcome], journal: Callable[[], Sequence[Event]], ask: Ask
) -> dict[Check, Outcome]:
    """What becomes of all, those that nothing struck asked again; once a few of them all fail again, so do the rest."""
    found = dict(outcomes)
    failed = [check for check, outcome in outcomes.items() if not outcome.ok and check.hold_s <= LONG_S]
    events = journal() if failed else ()
    left = [check for check in failed if not _is_broken(check, outcomes[check], events)]
    while left:
        some, left = left[:_AT_ONCE], left[_AT_ONCE:]
        again = await asyncio.gather(*(ask(check, PATIENT_S) for check in some))
        found.update(zip(some, again, strict=True))
        if not any(outcome.ok for outcome in again):
            break
    return found


def _is_broken(check: Check, outcome: Outcome, events: Sequence[Event]) -> bool:
    what = {event.tierwall.behaviour for event in causes(check, events)}
    return bool(what - _SLOW if outcome.cause is Cause.TIMEOUT else what)
