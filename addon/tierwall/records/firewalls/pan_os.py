"""PAN-OS logs: TRAFFIC, and THREAT of subtype url, in CSV by syslog, in CEF and in LEEF.

Source: Palo Alto Networks, "Traffic Log Fields" and "URL Filtering Log Fields" (PAN-OS Administrator's Guide). Fields
are added at the end by each version, so that a row is read by its first ones. The verdict of TRAFFIC is the subtype
with the action: a `drop` or `deny` counts although the action may say `allow`, which is the rule's. Of url it is the
action.
"""

import re
from typing import Final

from tierwall.policy.attempt import Attempt
from tierwall.records.clock import any_of, iso
from tierwall.records.fields import Event, Fields, cef, leef, row_of, words
from tierwall.records.http_log import by_flow, by_url, by_words, statement
from tierwall.records.record import Decision, Record, Unread

_ROW: Final = re.compile(
    r"(?:^|[\s>])(?P<row>(?:\d*|0x[0-9a-fA-F]+|[A-Z]+),\d{4}/\d\d/\d\d \d\d:\d\d:\d\d,[^,]*,(?P<type>TRAFFIC|THREAT"
    r"|URL),.*)$"
)
_RECEIVED, _SUBTYPE, _GENERATED, _SOURCE, _DESTINATION, _RULE, _APP = 1, 4, 6, 7, 8, 11, 14
_DESTINATION_PORT, _PROTOCOL, _ACTION, _URL, _CATEGORY = 25, 29, 30, 31, 33
_REASON: Final = 46
"""session_end_reason of TRAFFIC, since PAN-OS 6.1."""

_TRAFFIC: Final = {
    "allow": Decision.ALLOWED,
    "alert": Decision.ALLOWED,
    "deny": Decision.DENIED,
    "drop": Decision.DENIED,
    "drop-icmp": Decision.DENIED,
    "drop icmp": Decision.DENIED,
    "reset client": Decision.DENIED,
    "reset server": Decision.DENIED,
    "reset both": Decision.DENIED,
    "reset-client": Decision.DENIED,
    "reset-server": Decision.DENIED,
    "reset-both": Decision.DENIED,
}
_URL_ACTIONS: Final = {
    "alert": Decision.ALLOWED,
    "allow": Decision.ALLOWED,
    "continue": Decision.ALLOWED,
    "override": Decision.ALLOWED,
    "block-url": Decision.DENIED,
    "block": Decision.DENIED,
    "block-continue": Decision.DENIED,
    "block-override": Decision.DENIED,
    "override-lockout": Decision.DENIED,
    **{word: decision for word, decision in _TRAFFIC.items() if decision is Decision.DENIED},
}


def looks_like_pan_os(line: str) -> bool:
    """A row of these types, or an event of this vendor."""
    return _ROW.search(line) is not None or (
        (found := _event(line)) is not None and found.vendor.startswith("Palo Alto")
    )


def read_pan_os(line: str) -> Record | None:
    """One line; of THREAT only subtype url is about destinations that policy decided on. Raises Unread."""
    found = _ROW.search(line)
    if found is None:
        event = _event(line)
        if event is None or not event.vendor.startswith("Palo Alto"):
            raise Unread("is no TRAFFIC or THREAT line of PAN-OS")
        return _of_event(event)
    row = row_of(found["row"])
    if len(row) <= _ACTION:
        raise Unread("is cut short: a PAN-OS line has at least 31 fields")
    if found["type"] == "TRAFFIC":
        return _traffic(row)
    if row[_SUBTYPE] not in {"url", "0", ""} and found["type"] == "THREAT":
        raise Unread("is a THREAT of another subtype than url: no verdict on a destination")
    return _url(row)


def _traffic(row: list[str]) -> Record:
    subtype, action = row[_SUBTYPE].lower(), row[_ACTION].lower()
    reason = row[_REASON] if len(row) > _REASON and not row[_REASON].isdecimal() else ""
    said = Decision.DENIED if subtype in {"drop", "deny"} else by_words(_TRAFFIC, action)
    attempt = by_flow(None, row[_DESTINATION], row[_DESTINATION_PORT], row[_PROTOCOL])
    return Record(
        statement(said, attempt, words(subtype, action, row[_RULE], reason)),
        iso(row[_GENERATED]) or iso(row[_RECEIVED]),
        row[_SOURCE] or None,
    )


def _url(row: list[str]) -> Record:
    action = row[_ACTION].lower()
    url = row[_URL] if len(row) > _URL else ""
    category = row[_CATEGORY] if len(row) > _CATEGORY else ""
    return Record(
        statement(by_words(_URL_ACTIONS, action), _of_url(url, row), words(action, row[_RULE], category)),
        iso(row[_GENERATED]) or iso(row[_RECEIVED]),
        row[_SOURCE] or None,
    )


def _of_url(url: str, row: list[str]) -> Attempt | None:
    """The URL has no scheme, and its port only where that is unusual; `-/` where the firewall knew no name."""
    port, protocol = row[_DESTINATION_PORT], row[_PROTOCOL]
    host = url.partition("/")[0].strip()
    if host in {"", "-"}:
        return by_flow(None, row[_DESTINATION], port, protocol)
    if ":" in host:
        return by_url(url, "https")
    return by_flow(host, None, port, protocol) if port != "80" else by_url(url, "http")


# CEF and LEEF


def _event(line: str) -> Event | None:
    return cef(line) or leef(line)


def _of_event(event: Event) -> Record:
    found = event.fields
    kind = (found.get("cat") or found.get("Type") or event.event).upper()
    if "TRAFFIC" in kind or "TRAFFIC" in event.event.upper():
        said = by_words(_TRAFFIC, found.get("act") or found.get("action"))
        subtype = (found.get("Subtype") or event.event).lower()
        if "drop" in subtype or "deny" in subtype:
            said = Decision.DENIED
        attempt = by_flow(
            found.get("dhost"), found.get("dst"), found.get("dpt") or found.get("dstPort"), found.get("proto")
        )
    else:
        said = by_words(_URL_ACTIONS, found.get("act") or found.get("action"))
        url = (found.get("request") or found.get("Miscellaneous") or found.get("URL") or "").strip('"')
        port = found.get("dpt") or found.get("dstPort")
        host = url.partition("/")[0]
        flow = by_flow(None if host in {"", "-"} else host, found.get("dst"), port, found.get("proto"))
        attempt = by_url(url) if "://" in url else flow
    when = any_of(found.get("rt") or found.get("devTime") or found.get("ReceiveTime") or found.get("start"))
    action = found.get("act") or found.get("action")
    return Record(statement(said, attempt, words(action, _rule(found))), when, found.get("src"))


def _rule(found: Fields) -> str | None:
    return found.get("Rule") or found.get("RuleName") or found.get("cs1")
