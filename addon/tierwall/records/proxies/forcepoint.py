"""Forcepoint Web Security (Websense): CEF.

Source: Forcepoint, "SIEM integration: CEF format" and its disposition codes. The verdict is `act`.
"""

from typing import Final

from tierwall.records.clock import any_of
from tierwall.records.destination import first_of
from tierwall.records.fields import cef, words
from tierwall.records.http_log import by_host, by_url, by_words, statement
from tierwall.records.record import Decision, Record, Unread

_ACTIONS: Final = {
    "permitted": Decision.ALLOWED,
    "allowed": Decision.ALLOWED,
    "blocked": Decision.DENIED,
    "block": Decision.DENIED,
    "confirm": Decision.DENIED,
    "quota": Decision.DENIED,
}


def looks_like_forcepoint(line: str) -> bool:
    """An event of this vendor, also where a relay cut `CEF:` off."""
    found = cef(line) if "Forcepoint" in line or "Websense" in line else None
    return found is not None and found.vendor in {"Forcepoint", "Websense"}


def read_forcepoint(line: str) -> Record:
    """One line. Raises Unread."""
    event = cef(line)
    if event is None or event.vendor not in {"Forcepoint", "Websense"}:
        raise Unread("is no event of Forcepoint's")
    found = event.fields
    method = found.get("requestMethod")
    url = found.get("request", "")
    attempt = first_of(
        by_url(url, found.get("app"), method) if "://" in url else None,
        by_host(found.get("dhost"), found.get("dpt"), found.get("app")),
    )
    said = words(found.get("act"), found.get("Policy"), found.get("reason"))
    return Record(
        statement(by_words(_ACTIONS, found.get("act")), attempt, said, method),
        any_of(found.get("rt")),
        found.get("src"),
    )
