"""Syslog messages (RFC 5424) in frames with their length before them (RFC 5425 section 4.3, RFC 6587 section 3.4.1).

Knows octets. The structured data's id stands under the enterprise number that RFC 5612 reserves for examples: it is no
registered one.
"""

import re
from typing import Final

from tierwall.sinks.entry import Entry
from tierwall.sinks.formats.sentence import Severity, severity

_LOCAL0: Final = 16
_SEVERITIES: Final = {Severity.ERROR: 3, Severity.WARNING: 4, Severity.INFO: 6}
_TO_ESCAPE: Final = re.compile(r'(["\\\]])')
_NOT_PRINTED: Final = re.compile(r"[^\x21-\x7e]")


def frame(entry: Entry, host: str, process: int) -> bytes:
    """One message, its length in octets and a space before it."""
    message = _message(entry, host, process)
    return b"%d %b" % (len(message), message)


def _message(entry: Entry, host: str, process: int) -> bytes:
    event = entry.event
    priority = _LOCAL0 * 8 + _SEVERITIES[severity(event)]
    to = event.destination
    said = {
        "id": event.event.id,
        "site": event.tierwall.site,
        "tier": event.tierwall.tier,
        "reason": event.event.reason,
        "vendor": None if event.rule is None else event.rule.ruleset,
        "dst": None if to is None else to.domain or to.ip,
        "dpt": None if to is None else str(to.port),
    }
    # Section 6.3.3: `"`, `\` and `]` are escaped in values, and no other.
    data = " ".join(f'{name}="{_TO_ESCAPE.sub(r"\\\1", str(value))}"' for name, value in said.items() if value)
    name = _NOT_PRINTED.sub("-", host)[:255] or "-"
    head = f"<{priority}>1 {event.timestamp} {name} tierwall {process} {event.action} [tierwall@32473 {data}] "
    return head.encode() + entry.line
