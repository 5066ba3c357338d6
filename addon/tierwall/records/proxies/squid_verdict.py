"""What Squid's own words mean: its result code, the status beside it, and whom it asked.

Source: Squid wiki, Features/LogFormat and SquidFaq/SquidLogs ("Squid result codes"); what bumped connections write was
seen with Squid 5.7. The result code is the verdict. A status is looked at only where the answer can be Squid's alone.
"""

import re
from typing import Final

from tierwall.records.record import Decision

_NOT_ASKED: Final = frozenset({"HIER_NONE", "NONE", "-"})
_BROKEN_OFF: Final = re.compile(r"_(?:TIMEDOUT|FAIL_ERR)$")
_UNREACHED: Final = frozenset({"502", "503", "504"})
"""Squid's own words for a server that did not answer; the server's own look the same, and did not work either."""
_AUTH: Final = frozenset({"407", "401"})


def decision(tag: str, status: str, method: str, hierarchy: str) -> Decision:
    """The decision behind `TCP_DENIED/403`, with the method and the hierarchy code of the same line."""
    asked = hierarchy not in _NOT_ASKED
    if tag.startswith("TCP_DENIED"):
        return Decision.AUTH if status in _AUTH else Decision.DENIED
    if tag.startswith(("UDP_", "ICP")):
        return Decision.UNKNOWN  # another cache's question, no client's
    if tag == "TCP_REDIRECT" or (tag.startswith("TCP_DENIED") and status == "302"):
        return Decision.UNKNOWN  # by a redirector, to a block page or elsewhere: the line does not say
    if _BROKEN_OFF.search(tag):
        return Decision.ERROR
    if tag.startswith(("NONE", "TAG_NONE")):
        return _unclassified(status, method)
    if method == "CONNECT":
        return _tunnel(status, asked=asked)
    if status == "000":
        return Decision.ERROR
    if not asked and "HIT" not in tag:
        return _own_answer(status)
    return Decision.ERROR if status in _UNREACHED else Decision.ALLOWED


def _unclassified(status: str, method: str) -> Decision:
    """No result code: the first half of a connection that is looked into, or an error page that was kept for it."""
    if method == "CONNECT" and status == "200":
        return Decision.UNKNOWN  # what became of it is on the lines behind it
    return _own_answer(status)


def _tunnel(status: str, *, asked: bool) -> Decision:
    """Only a proxy answers a CONNECT, this one or its parent. Squid 5.7 writes 500 for a tunnel that it spliced."""
    match status:
        case "200":
            return Decision.ALLOWED
        case "500" if asked:
            return Decision.ALLOWED
        case "407":
            return Decision.AUTH
        case "403":
            return Decision.DENIED
        case _:
            return Decision.ERROR


def _own_answer(status: str) -> Decision:
    """No server was asked, so that the status is Squid's: a denial inside TLS, a parent that may not be used."""
    match status:
        case "403" | "409":  # 409: the Host header does not lead where the client went (host_verify_strict)
            return Decision.DENIED
        case "407" | "401":
            return Decision.AUTH
        case "200" | "204" | "304":
            return Decision.ALLOWED
        case _ if status.startswith("3"):
            return Decision.UNKNOWN
        case _:
            return Decision.ERROR
