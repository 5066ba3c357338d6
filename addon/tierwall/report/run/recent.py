"""A sink that remembers the last few events that something went wrong in, and counts them all, for the status page.

Knows events. How they are shown is status.py's.
"""

from collections import Counter, deque
from typing import Final

from tierwall.events import ALWAYS, Action, Event
from tierwall.policy.attempt import Reason

KEPT: Final = 20


class Recent:
    """What happened since the proxy, or this worker of it, started."""

    def __init__(self) -> None:
        self.counts: Counter[Action] = Counter()
        self.last: deque[Event] = deque(maxlen=KEPT)
        """The newest last."""

    def write(self, event: Event) -> None:
        """Take one. Mere successes (`--events all`) are left out, and what our own failures were is not for clients."""
        if event.event.action not in ALWAYS:
            return
        self.counts[event.action] += 1
        if event.destination is not None and event.event.reason is not Reason.ERROR:
            self.last.append(event)
