"""ProxySG (Blue Coat, Symantec, Broadcom): what its fields mean, and its formats that have no header.

Source: Broadcom, "ProxySG Log Fields and Substitutions" and the built-in format bcreportermain_v1. The verdict is
`sc-filter-result` with `x-exception-id` and `s-action`; the status is the server's as often as not.
"""

import re
from collections.abc import Mapping
from typing import Final

from tierwall.records.clock import epoch, iso
from tierwall.records.fields import in_turn, pairs, words
from tierwall.records.http_log import by_host, by_url, statement
from tierwall.records.record import Decision, Record, Unread

_RESULTS: Final = frozenset({"DENIED", "OBSERVED", "PROXIED"})
_ACTION: Final = re.compile(r"(?:TCP|UDP|SOCKS|TUNNELED|NONE|DENIED|FAILED|ALLOWED)(?:_\w+)?")
_KV_LOOKS: Final = (re.compile(r"\bc-ip=\S"), re.compile(r"\bs-action=\S"))
_KV_TIME: Final = re.compile(r"^(?:<\d+>)?(\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d)")
_MAIN_LOOKS: Final = re.compile(
    r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d \d+ \S+ .* (?:DENIED|OBSERVED|PROXIED) .* [A-Z]+_?\w* "
)
_TOKEN: Final = re.compile(r'"((?:[^"\\]|\\.|"")*)"|(\S+)')
_ERRORS: Final = re.compile(r"^(?:dns_|tcp_|gateway_|server_|icap_|invalid_|connect_|internal_|bad_gateway|ssl_failed)")


def read_fields(found: Mapping[str, str]) -> Record:
    """A row by the names of its fields. Raises Unread."""
    scheme, method = found.get("cs-uri-scheme"), found.get("cs-method")
    host = found.get("cs-host")
    attempt = by_host(host, found.get("cs-uri-port"), scheme) or by_url(found.get("cs-uri") or found.get("c-url"))
    action, result = found.get("s-action") or found.get("sc-action"), found.get("sc-filter-result")
    exception = found.get("x-exception-id")
    if action is None and result is None and exception is None:
        raise Unread("has none of the fields that say what was decided: sc-filter-result, s-action, x-exception-id")
    said = _decision(action or "", result or "", exception or "")
    when = _when(found)
    client = found.get("c-ip") or found.get("x-client-ip")
    return Record(statement(said, attempt, words(action, result, exception), method), when, client)


def _when(found: Mapping[str, str]) -> float | None:
    if (date := found.get("date")) and (time := found.get("time")):
        return iso(f"{date} {time}")  # WD-logfile-960323: always GMT
    return epoch(found.get("x-timestamp-unix-utc") or found.get("x-timestamp-unix") or found.get("timestamp"))


def _decision(action: str, result: str, exception: str) -> Decision:
    if exception.startswith("authentication_") or "AUTH_REDIRECT" in action:
        return Decision.AUTH
    if exception and _ERRORS.match(exception):
        return Decision.ERROR
    if result == "DENIED" or action.startswith(("TCP_DENIED", "DENIED")) or "policy_denied" in exception:
        return Decision.DENIED
    if "ERR" in action or action.startswith("FAILED"):
        return Decision.ERROR
    return Decision.ALLOWED


# Formats without a header


def looks_like_pairs(line: str) -> bool:
    """`c-ip=… s-action=…`, as a Splunk or syslog format has it."""
    return in_turn(line, *_KV_LOOKS)


def read_pairs(line: str) -> Record:
    """A line of ELFF's names with their values. Raises Unread."""
    if not looks_like_pairs(line):
        raise Unread("is no line of ProxySG's key=value format")
    record = read_fields(pairs(line))
    time = _KV_TIME.match(line)
    return record if time is None else record._replace(when=iso(time[1].replace("T", " ")))


def looks_like_main(line: str) -> bool:
    """bcreportermain_v1: date, time, time taken, client, and further on a filter result and an action."""
    return _MAIN_LOOKS.match(line) is not None and _anchors(_tokens(line)) is not None


def read_main(line: str) -> Record:
    """A line of bcreportermain_v1, by its own landmarks: which fields come before them differs. Raises Unread."""
    tokens = _tokens(line)
    found = _anchors(tokens)
    if found is None:
        raise Unread("is no line of bcreportermain_v1")
    result, action = found
    names = {
        "date": tokens[0],
        "time": tokens[1],
        "c-ip": tokens[3],
        "x-exception-id": tokens[result - 1],
        "sc-filter-result": tokens[result],
        "s-action": tokens[action],
        "cs-method": tokens[action + 1],
        "cs-uri-scheme": tokens[action + 3],
        "cs-host": tokens[action + 4],
        "cs-uri-port": tokens[action + 5],
    }
    return read_fields({name: value for name, value in names.items() if value not in {"-", ""}})


def _tokens(line: str) -> list[str]:
    return [quoted or plain for quoted, plain in _TOKEN.findall(line)]


def _anchors(tokens: list[str]) -> tuple[int, int] | None:
    """Where the filter result is, and the action behind the status."""
    result = next((at for at, token in enumerate(tokens) if at > 3 and token in _RESULTS), None)
    if result is None:
        return None
    for at in range(result + 1, len(tokens) - 5):
        if _ACTION.fullmatch(tokens[at]) and tokens[at - 1].isdecimal() and len(tokens[at - 1]) <= 3:
            return result, at
    return None
