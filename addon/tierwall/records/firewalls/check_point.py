"""Check Point logs by Log Exporter: `key:"value";` in syslog, and CEF.

Source: Check Point, sk122323 "Log Exporter", and the field names of "Check Point Logs and Monitoring Administration
Guide". The verdict is `action` (`act` in CEF); a rule that only redirects to the gateway's own proxy decides nothing
yet.
"""

import re
from typing import Final

from tierwall.policy.attempt import Attempt
from tierwall.records.clock import any_of
from tierwall.records.fields import Fields, cef, words
from tierwall.records.http_log import by_flow, by_url, by_words, statement
from tierwall.records.record import Decision, Record, Unread

_ACTION: Final = re.compile(r'\baction:"')
_ORIGIN: Final = re.compile(r'\borigin:"|\bCheckPoint\b')
_FIELD: Final = re.compile(r'\b(\w{1,64}):"((?:[^"\\]|\\.)*)"')
_ACTIONS: Final = {
    "accept": Decision.ALLOWED,
    "allow": Decision.ALLOWED,
    "bypass": Decision.ALLOWED,
    "detect": Decision.ALLOWED,
    "inspect": Decision.ALLOWED,
    "https inspect": Decision.ALLOWED,
    "https bypass": Decision.ALLOWED,
    "monitor": Decision.ALLOWED,
    "drop": Decision.DENIED,
    "reject": Decision.DENIED,
    "block": Decision.DENIED,
    "prevent": Decision.DENIED,
    "deny": Decision.DENIED,
    "ask user": Decision.AUTH,
}


def looks_like_check_point(line: str) -> bool:
    """Its syslog form, or an event of this vendor."""
    if "[" in line and _ACTION.search(line) is not None and _ORIGIN.search(line) is not None:
        return True
    found = cef(line) if "Check Point" in line else None
    return found is not None and "Check Point" in (found.vendor, found.product)


def read_check_point(line: str) -> Record:
    """One line. Raises Unread."""
    event = cef(line) if "Check Point" in line and "|" in line else None
    found: Fields = event.fields if event is not None else dict(_FIELD.findall(line))
    action = found.get("act") or found.get("action") or found.get("rule_action")
    if action is None:
        raise Unread("has no action: it is about no connection")
    reason = found.get("appi_name") or found.get("matched_category") or found.get("reason") or found.get("message_info")
    return Record(
        statement(
            by_words(_ACTIONS, action),
            _attempt(found),
            words(action, found.get("Rule Name") or found.get("rule_name"), reason),
            found.get("requestMethod") or found.get("method"),
        ),
        any_of(found.get("rt") or found.get("time") or found.get("start")),
        found.get("src"),
    )


def _attempt(found: Fields) -> Attempt | None:
    url = found.get("request") or found.get("resource") or ""
    name = found.get("tls_server_host_name") or found.get("sni") or found.get("dst_domain_name")
    if "://" in url:
        return by_url(url)
    flow = found.get("dpt") or found.get("service")
    return by_flow(name, found.get("dst"), flow, found.get("proto"))
