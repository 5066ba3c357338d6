"""Cisco Secure Web Appliance (WSA, IronPort): the access log.

Source: Cisco, "AsyncOS for Secure Web Appliance User Guide", Access Log Files, ACL Decision Tags, Transaction Result
Codes. The line is Squid's with more behind it; the verdict is the ACL decision tag with the result code. A connection
that is decrypted has a line for its tunnel and one for each request inside.
"""

import re
from typing import Final

from tierwall.policy.attempt import Attempt
from tierwall.records.destination import of_url
from tierwall.records.proxies.squid_verdict import decision
from tierwall.records.record import Decision, Record, Statement, Unread

_LINE: Final = re.compile(
    r"(?:^|\s)(?P<when>\d{9,10}\.\d{3})\s+-?\d+\s(?P<client>\S+)\s(?P<tag>[A-Z][A-Z_]+)/(?P<status>\d{3})\s-?\d+\s"
    r"(?P<method>\S+)\s(?P<url>\S+)\s(?P<user>\"[^\"]*\"|\S+)\s(?P<hierarchy>[A-Z_]+)/\S+\s\S+\s.*?"
    r"(?P<acl>[A-Z][A-Z_]*?)(?:_\d+)?-(?P<policy>[^\s<]+) <"
)
_DENYING: Final = ("BLOCK", "DROP", "REDIRECT_CUSTOMCAT")
_ASKING: Final = ("NO_AUTHORIZATION", "NO_PASSWORD", "UNKNOWN_PASSWORD")


def looks_like_wsa(line: str) -> bool:
    """Squid's fields, then an ACL decision tag with the policies' names, then angle brackets."""
    return _LINE.search(line) is not None


def read_wsa(line: str) -> Record:
    """One line. Raises Unread."""
    found = _LINE.search(line)
    if found is None:
        raise Unread("is no line of a Cisco Web Appliance's access log")
    tag, status, acl = found["tag"].replace("_SSL", ""), found["status"], found["acl"]
    method = "CONNECT" if found["method"] in {"CONNECT", "TCP_CONNECT"} else found["method"]
    policy = found["policy"].partition("-")[0]
    statement = Statement(
        decision=_decision(tag, status, acl, method, found["hierarchy"]),
        attempt=_attempt(found["url"], method),
        method=method,
        words=f"{found['tag']}/{status} {acl} {policy}",
    )
    return Record(statement, float(found["when"]), found["client"])


def _decision(tag: str, status: str, acl: str, method: str, hierarchy: str) -> Decision:
    if (tag.endswith("DENIED") and status in {"407", "401"}) or acl.startswith(_ASKING):
        return Decision.AUTH
    if acl.startswith(_DENYING) or tag.endswith("DENIED"):
        return Decision.DENIED
    if acl.startswith("DECRYPT") and method == "CONNECT":
        return Decision.UNKNOWN  # the requests inside have lines of their own
    return decision(tag, status, method, hierarchy) if tag.startswith(("NONE", "TCP")) else Decision.ALLOWED


def _attempt(url: str, method: str) -> Attempt | None:
    return of_url(url.removeprefix("tunnel://"), "CONNECT" if url.startswith("tunnel://") else method)
