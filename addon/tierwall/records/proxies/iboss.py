"""iboss: web and DLP logs as JSON behind a syslog header.

Source: Datadog's integration "iboss" with its public log samples (iboss publishes no description without an account).
The verdict is `sAction`, or `action`; responseCode is 302 beside a soft block.
"""

from typing import Final

from tierwall.records.clock import any_of, iso
from tierwall.records.destination import first_of
from tierwall.records.fields import json_object, text_of, words
from tierwall.records.http_log import by_host, by_url, by_words, statement
from tierwall.records.record import Decision, Record, Unread

_ACTIONS: Final = {
    "allowed": Decision.ALLOWED,
    "allow": Decision.ALLOWED,
    "blocked": Decision.DENIED,
    "block": Decision.DENIED,
    "soft-blocked": Decision.DENIED,
    "redirected": Decision.UNKNOWN,
}


def looks_like_iboss(line: str) -> bool:
    """An object with its own names."""
    found = json_object(line)
    return found is not None and "iboss" in found and ("sAction" in found or "action" in found)


def read_iboss(line: str) -> Record:
    """One object. Raises Unread."""
    found = json_object(line)
    if found is None or not looks_like_iboss(line):
        raise Unread("is no web log of iboss")
    action, method = text_of(found, "sAction", "action"), text_of(found, "requestMethod")
    attempt = first_of(
        by_url(text_of(found, "url"), text_of(found, "scheme"), method),
        by_host(text_of(found, "host"), text_of(found, "destinationPort"), text_of(found, "scheme")),
    )
    date, time = text_of(found, "logTime"), text_of(found, "time")
    when = iso(f"{date} {time}") if date and time else any_of(text_of(found, "proxyTransactionStartTime"))
    told = words(action, text_of(found, "proxyRule"), text_of(found, "description"))
    client = text_of(found, "privateIp", "sourceIpAddress", "username")
    return Record(statement(by_words(_ACTIONS, action), attempt, told, method), when, client)
