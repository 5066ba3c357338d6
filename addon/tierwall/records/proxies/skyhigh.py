"""Skyhigh Security (McAfee) Web Gateway and cloud Secure Web Gateway: key=value.

Source: Skyhigh Security, "Reporting Fields" of Secure Web Gateway, and McAfee Web Gateway's access log samples. The
verdict of the cloud is `result`; the appliance says it by `block_id` or `block_reason`.
"""

import re
from typing import Final

from tierwall.records.clock import any_of
from tierwall.records.destination import first_of
from tierwall.records.fields import Fields, in_turn, spaced_pairs, unquoted, words
from tierwall.records.http_log import by_host, by_url, statement
from tierwall.records.record import Decision, Record, Unread

_LOOKS: Final = (
    re.compile(r"\b(?:requested_host|destination_host)="),
    re.compile(r"\b(?:block_reason|http_status_code)="),
)
_FIRST_LINE: Final = re.compile(r"([A-Z]+) (\S+)")


def looks_like_skyhigh(line: str) -> bool:
    """A host as either product calls it, and a status or a reason behind it."""
    return in_turn(line, *_LOOKS)


def read_skyhigh(line: str) -> Record:
    """One line. Raises Unread."""
    if not looks_like_skyhigh(line):
        raise Unread("is no line of Skyhigh's web gateway")
    quoted = {key: unquoted(value) for key, value in spaced_pairs(line).items()}
    found = {key: value for key, value in quoted.items() if value}
    request = _FIRST_LINE.match(found.get("http_request_first_line", ""))
    host = found.get("requested_host") or found.get("destination_host")
    port = found.get("destination_port") if found.get("requested_host") else None
    method = found.get("http_action") or (request[1] if request else None)
    attempt = first_of(
        by_url(request[2], "https", method) if request else None,
        by_host(host, port, found.get("uri_scheme")),
    )
    when = any_of(found.get("request_timestamp_epoch") or found.get("date") or found.get("request_timestamp"))
    said = words(found.get("result"), found.get("rule_name") or found.get("last_rule"), found.get("block_reason"))
    client = found.get("client_ip") or found.get("source_ip")
    return Record(statement(_decision(found), attempt, said, method), when, client)


def _decision(found: Fields) -> Decision:
    reason = found.get("block_reason", "").lower()
    if "authentication" in reason or found.get("http_status_code") == "407":
        return Decision.AUTH
    match found.get("result", "").upper():
        case "DENIED" | "BLOCKED":
            return Decision.DENIED
        case "OBSERVED" | "ALLOWED":
            return Decision.ALLOWED
        case _:
            return Decision.DENIED if reason or found.get("block_id", "0") not in {"0", ""} else Decision.ALLOWED
