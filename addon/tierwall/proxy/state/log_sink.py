"""A sink that says events through logging, so that the terminal of stock mitmproxy shows one line for each denial.

Knows levels. What a line says is report's; when it happened is put before it by mitmproxy itself.
"""

import logging

from tierwall.events import ALWAYS, Action, Event
from tierwall.policy.attempt import Reason
from tierwall.report.run.console import happened, why

logger = logging.getLogger("tierwall")


class LogSink:
    """Warnings for what is denied, broken or not reachable, errors for what is our own failure."""

    def write(self, event: Event) -> None:
        """Log the event's line."""
        if event.action not in ALWAYS:
            return
        ours = event.event.action is Action.FAULT or event.event.reason is Reason.ERROR
        what = happened(event).plain.partition(" ")[2]  # without its time
        because = why(event)
        logger.log(logging.ERROR if ours else logging.WARNING, f"{what} – {because}" if because else what)
