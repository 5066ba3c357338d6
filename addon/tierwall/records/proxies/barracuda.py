"""Barracuda Web Security Gateway (Web Filter): the web traffic syslog.

Source: Barracuda Campus, "Syslog and the Barracuda Web Security Gateway". Values without names: time, client,
destination, content type, client, URL, size, `BYF`, action of the proxy, reason, and then what the policy engine did.
Where the proxy says ALLOWED and the policy engine did something, the line alone does not say what the client got.
"""

import re
from typing import Final

from tierwall.records.fields import words
from tierwall.records.http_log import by_url, statement
from tierwall.records.record import Decision, Record, Unread

_LINE: Final = re.compile(
    r"(?:http_?scan|barracuda_pqman)\[\d+\]: (?P<when>\d{9,10}) (?:\d+ )?(?P<client>\S+) \S+ \S+ \S+ (?P<url>\S+)"
    r" \S+ BYF"
    r" (?P<action>ALLOWED|BLOCKED|DETECTED) (?P<reason>\S+)(?: .{0,200}?)?? (?P<version>\d+)"
    r" (?P<match>[01]) (?P<timed>[01])"
    r" (?P<type>\d+)(?:\s|$)"
)


def looks_like_barracuda(line: str) -> bool:
    """Its programs' names, and the static BYF before the action."""
    return _LINE.search(line) is not None


def read_barracuda(line: str) -> Record:
    """One line. Raises Unread."""
    found = _LINE.search(line)
    if found is None:
        raise Unread("is no web traffic line of a Barracuda gateway")
    if found["action"] == "BLOCKED":
        said = Decision.DENIED
    elif found["match"] == "0" or found["type"] == "0":
        said = Decision.ALLOWED
    else:
        said = Decision.UNKNOWN
    told = words(found["action"], found["reason"], f"policy action {found['type']}" if found["match"] == "1" else None)
    return Record(statement(said, by_url(found["url"], "https"), told), float(found["when"]), found["client"])
