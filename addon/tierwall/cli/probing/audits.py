"""What `tierwall audit --json` printed -> checks: who was refused and who was asked for a password, by service.

Knows that form leniently: what of it makes no sense is left out, and counted.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from tierwall.policy.authority import place
from tierwall.policy.model import Transport
from tierwall.probe.result_file import NotAResult
from tierwall.probe.values import Check, Result, State

HTTPS_PORT = 443


def result_of_audit(text: str) -> Result:
    """As a result, whose checks are the audit's destinations. Raises NotAResult."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        raise NotAResult("begins as an audit and is no JSON: it was cut, or the transfer was") from None
    checks: list[Check] = []
    left_out = 0
    for key in ("broken", "auth", "works"):
        for each in found.get(key) or ():
            try:
                checks += _checks(each, key)
            except (TypeError, ValueError, KeyError, AttributeError):
                left_out += 1
    notes = (f"{left_out} of its services make no sense, and are left out",) if left_out else ()
    return Result(when="", system={}, proxy={"used": "log"}, checks=tuple(checks), notes=notes)


def _checks(found: Mapping[str, Any], key: str) -> Iterator[Check]:
    vendor, service, tier = (str(found[name]) for name in ("vendor", "service", "tier"))

    def check(what: str, target: str, state: State, saw: str) -> Check:
        return Check(what, target, state, saw, vendor, service, tier)

    if key == "works":
        yield check("http", f"{vendor}/{service}:{HTTPS_PORT}", State.WORKS, "allowed")  # an audit does not say where
        return
    for each in found["destinations"]:
        host, port = str(each.get("host") or each["address"]), each.get("port")
        if port is None:
            if each["denied"]:
                yield check("dns", host, State.BROKEN, "nxdomain")
        elif each.get("transport") != "udp":  # of a datagram a log does not say how it was refused
            target = place(host, int(port), Transport.TCP)
            if each["allowed"]:
                yield check("http", target, State.WORKS, "allowed")
            if each["denied"] or each["auth"]:
                yield check("connect", target, State.BROKEN, "403" if each["denied"] else "407")
