"""FortiGate logs: traffic and webfilter (and the other UTM types with a host), key=value and CEF.

Source: Fortinet, "FortiOS Log Message Reference". The verdict is `action`; of UTM the eventtype says the same. `url`
is a path or a whole URL; `eventtime` is in seconds before FortiOS 6.2, in nanoseconds since; `date` and `time` are
local.
"""

import re
from typing import Final

from tierwall.policy.attempt import Attempt
from tierwall.records.clock import epoch, iso
from tierwall.records.destination import first_of
from tierwall.records.fields import Fields, cef, pairs, words
from tierwall.records.http_log import by_flow, by_url, by_words, statement
from tierwall.records.record import Decision, Record, Unread

_TYPE: Final = re.compile(r"\btype=\"?(?:utm|traffic|event|dns|app-ctrl|webfilter)\b")
_DEVICE: Final = re.compile(r"\b(?:devid|logid|subtype)=")
_ACTIONS: Final = {
    # traffic
    "accept": Decision.ALLOWED,
    "start": Decision.ALLOWED,
    "close": Decision.ALLOWED,
    "timeout": Decision.ALLOWED,
    "client-rst": Decision.ALLOWED,
    "server-rst": Decision.ALLOWED,
    "deny": Decision.DENIED,
    "ip-conn": Decision.ERROR,
    "dns": Decision.ERROR,
    # utm
    "passthrough": Decision.ALLOWED,
    "pass": Decision.ALLOWED,
    "allowed": Decision.ALLOWED,
    "permit": Decision.ALLOWED,
    "monitored": Decision.ALLOWED,
    "detected": Decision.ALLOWED,
    "exempt": Decision.ALLOWED,
    "blocked": Decision.DENIED,
    "block": Decision.DENIED,
    "dropped": Decision.DENIED,
    "redirected": Decision.DENIED,
    "redirect": Decision.DENIED,
    "reset": Decision.DENIED,
}
_PREFIX: Final = "FTNTFGT"


def looks_like_fortinet(line: str) -> bool:
    """FortiOS's names, or an event of this vendor."""
    if _TYPE.search(line) is not None and _DEVICE.search(line) is not None:
        return True
    found = cef(line) if "Fortinet" in line else None
    return found is not None and found.vendor == "Fortinet"


def read_fortinet(line: str) -> Record:
    """One line. Raises Unread."""
    if "Fortinet" in line and (event := cef(line)) is not None:
        return _record(_as_pairs(event.fields))
    if not looks_like_fortinet(line):
        raise Unread("is no traffic or UTM line of FortiOS")
    return _record(pairs(line))


def _record(found: Fields) -> Record:
    action = found.get("action")
    if action is None or found.get("type") == "event":
        raise Unread("is about no connection: an event of the firewall itself")
    reason = found.get("catdesc") or found.get("msg")
    said = words(found.get("subtype"), found.get("eventtype"), action, _policy(found), reason)
    return Record(
        statement(by_words(_ACTIONS, action), _attempt(found), said, found.get("httpmethod")),
        _when(found),
        found.get("srcip"),
    )


def _policy(found: Fields) -> str | None:
    policy = found.get("policyname") or found.get("policyid")
    return None if policy is None else f"policy {policy}"


def _attempt(found: Fields) -> Attempt | None:
    port, protocol = found.get("dstport"), found.get("proto")
    url = found.get("url", "")
    whole = by_url(url) if "://" in url else None
    host = found.get("hostname") or found.get("qname")
    flow = by_flow(host, found.get("dstip"), port, protocol)
    if host and port == "80":
        return by_url(host, "http")
    return first_of(whole if not host else None, flow, whole)


def _when(found: Fields) -> float | None:
    if (exact := epoch(found.get("eventtime"))) is not None:
        return exact
    if (date := found.get("date")) and (time := found.get("time")):
        return iso(f"{date} {time}", found.get("tz"))
    return epoch(found.get("rt"))


def _as_pairs(found: Fields) -> dict[str, str]:
    """CEF's names as FortiOS's own."""
    names = {
        "act": "action",
        "src": "srcip",
        "dst": "dstip",
        "dpt": "dstport",
        "dhost": "hostname",
        "request": "url",
        "requestContext": "catdesc",
    }
    kept = {key.removeprefix("FortinetFortiGate").removeprefix(_PREFIX): value for key, value in found.items()}
    return kept | {names[key]: value for key, value in found.items() if key in names}
