"""Netskope: transaction, page, application and alert events of its REST API, as JSON lines.

Source: Netskope, "REST API v2: events" (page, application, network, alert). The verdict is `action` where a policy
acted; an event without one was let through. `NETWORK` events count connections of steered traffic.
"""

from typing import Final

from tierwall.records.clock import any_of
from tierwall.records.destination import first_of
from tierwall.records.fields import json_object, text_of, words
from tierwall.records.http_log import by_flow, by_host, by_url, by_words, statement
from tierwall.records.record import Decision, Record, Unread

_ACTIONS: Final = {
    "allow": Decision.ALLOWED,
    "alert": Decision.ALLOWED,
    "bypass": Decision.ALLOWED,
    "useralert": Decision.ALLOWED,
    "proceed": Decision.ALLOWED,
    "block": Decision.DENIED,
    "blocked": Decision.DENIED,
    "drop": Decision.DENIED,
    "user alert": Decision.ALLOWED,
}
_MARKS: Final = (
    "access_method",
    "traffic_type",
    "organization_unit",
    "ccl",
    "netskope_pop",
    "_insertion_epoch_timestamp",
)


def looks_like_netskope(line: str) -> bool:
    """An object with several of the names that only Netskope has, and a destination."""
    found = json_object(line)
    return found is not None and sum(mark in found for mark in _MARKS) >= 2 and _places(found) is not None


def read_netskope(line: str) -> Record:
    """One object. Raises Unread."""
    found = json_object(line)
    if found is None or sum(mark in found for mark in _MARKS) < 2:
        raise Unread("is no event of Netskope's")
    action = text_of(found, "action")
    said = Decision.ALLOWED if action is None else by_words(_ACTIONS, action)
    attempt = first_of(
        by_url(text_of(found, "url")),
        by_host(text_of(found, "domain", "hostname", "site"), text_of(found, "dstport")),
        by_flow(None, text_of(found, "dstip"), text_of(found, "dstport"), text_of(found, "protocol", "ip_protocol")),
    )
    return Record(
        statement(said, attempt, words(action, text_of(found, "policy"), text_of(found, "category"))),
        any_of(found.get("timestamp")),
        text_of(found, "srcip", "userip", "user"),
    )


def _places(found: dict[str, object]) -> str | None:
    return text_of(found, "url", "domain", "hostname", "dstip")
