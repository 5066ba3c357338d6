"""An event in one line for people who look at a log viewer, and how bad it is.

Knows events. How an engine spells severity is its format's.
"""

from enum import Enum
from typing import Final

from tierwall.events import Action, Event
from tierwall.policy.attempt import Reason
from tierwall.policy.model import Tier


class Severity(Enum):
    """How bad it is for who uses a vendor's product."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


_BY_TIER: Final = {
    Tier.CORE: Severity.ERROR,
    Tier.AUXILIARY: Severity.WARNING,
    Tier.ANALYTICS: Severity.INFO,
    Tier.NONE: Severity.INFO,
}
_HARMLESS: Final = frozenset({Action.ALLOWED, Action.CLOSED})


def severity(event: Event) -> Severity:
    """By what it breaks; a failure of our own is an error."""
    if event.action is Action.FAULT or event.event.reason is Reason.ERROR:
        return Severity.ERROR
    return Severity.INFO if event.action in _HARMLESS else _BY_TIER[event.tierwall.tier]


def sentence(event: Event) -> str:
    """What happened, to which destination, why, and what it breaks."""
    words = [str(event.action)]
    if (to := event.destination) is not None:
        words.append(f"{to.domain or to.ip or '-'}:{to.port}")
    if event.event.reason is not None:
        words.append(str(event.event.reason))
    if event.tierwall.breaks:
        first = event.tierwall.breaks[0]
        words.append(f"breaks {first.vendor}/{first.service} ({first.tier})")
    if event.message is not None:
        words.append(event.message)
    if event.error is not None:
        words.append(event.error.message)
    return " ".join(words)
