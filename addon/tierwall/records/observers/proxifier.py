"""Proxifier's log of a Windows client: what each program opened, and through which proxy.

Source: Proxifier documentation, "Traffic and log files"; loghub's public sample. A line is about one connection's
opening, its end, or its error; the opening is the verdict. The clock has neither year nor zone, so that there is no
time.
"""

import re
from typing import Final

from tierwall.records.destination import of_host, split
from tierwall.records.record import Decision, Record, Statement, Unread

_LINE: Final = re.compile(
    r"^\[\d\d\.\d\d \d\d:\d\d:\d\d\] (?P<program>.+?)(?: \*64)? - (?P<place>\S+) (?P<what>open|close"
    r"|error)(?P<rest>.*)$"
)
_CODE: Final = re.compile(r"\b(?:status code|code|error) ?:? ?(\d{3})\b", re.IGNORECASE)


def looks_like_proxifier(line: str) -> bool:
    """Month and day in brackets, a program, a destination, and one of three words."""
    return _LINE.match(line) is not None


def read_proxifier(line: str) -> Record:
    """One line. Raises Unread."""
    found = _LINE.match(line)
    if found is None:
        raise Unread("is no line about a connection in Proxifier's log")
    host, port = split(found["place"])
    what, rest = found["what"], found["rest"].strip(" ,:")
    words = what if what == "close" else f"{what} {_route(rest)}".strip()
    statement = Statement(decision=_decision(what, rest), attempt=of_host(host, port or 443), words=words)
    return Record(statement, None, None)


def _decision(what: str, rest: str) -> Decision:
    match what:
        case "open":
            return Decision.ALLOWED
        case "close":
            return Decision.UNKNOWN  # how it went was said when it opened
        case _:
            code = found[1] if (found := _CODE.search(rest)) else ""
            return {"403": Decision.DENIED, "407": Decision.AUTH}.get(code, Decision.ERROR)


def _route(rest: str) -> str:
    if rest.startswith("through proxy"):
        return f"through proxy {rest.rpartition(' ')[2]}"
    return rest[:120]
