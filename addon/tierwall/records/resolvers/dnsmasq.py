"""dnsmasq's query log, and Pi-hole's, which is the same with lines for what it blocked.

Source: dnsmasq(8), --log-queries; Pi-hole documentation, "FTL: query database, status types", and dnsmasq's
src/cache.c for the words. The line that refuses is the verdict; of questions, forwards and answers only the answer is
one. The log has no year.
"""

import re
from typing import Final

from tierwall.records.destination import of_question
from tierwall.records.record import Decision, Record, Statement, Unread

_LINE: Final = re.compile(
    r"dnsmasq(?:\[\d+\])?: (?:\d+ (?P<client>\S+?)/\d+ )?(?P<what>query\[[\w=]+\]|forwarded|reply|cached(?:-stale)?"
    r"|config|"
    r"gravity blocked|exactly blacklisted|exactly denied|regex blacklisted|regex denied|special domain|Rate-limiting|"
    r"blocked upstream|/\S+|validation|Apple iCloud Private Relay domain)"
    r" (?P<name>\S+) (?:from (?P<from>\S+)|to \S+|is (?P<answer>.*))$"
)
_REFUSING: Final = ("gravity blocked", "exactly", "regex", "special domain", "blocked upstream", "Apple")
_NO_VERDICT: Final = ("query", "forwarded", "validation")
_NOTHING: Final = frozenset({"0.0.0.0", "::", "NXDOMAIN", "<NXDOMAIN>", "NODATA"})


def looks_like_dnsmasq(line: str) -> bool:
    """The program's name and one of its words."""
    return _LINE.search(line) is not None


def read_dnsmasq(line: str) -> Record:
    """One line. Raises Unread."""
    found = _LINE.search(line)
    if found is None:
        raise Unread("is no query line of dnsmasq")
    what, answer = found["what"], found["answer"] or ""
    statement = Statement(
        decision=_decision(what, answer), attempt=of_question(found["name"]), words=_words(what, answer)
    )
    return Record(statement, None, found["client"] or found["from"])


def _decision(what: str, answer: str) -> Decision:
    if what.startswith(_REFUSING):
        return Decision.DENIED
    if what.startswith(_NO_VERDICT):
        return Decision.UNKNOWN  # its answer has a line of its own
    if (what == "config" or what.startswith("/")) and answer in _NOTHING:
        return Decision.DENIED  # dnsmasq's own `address=/x/` and hosts files that lead nowhere
    if answer in {"NXDOMAIN", "SERVFAIL", "REFUSED"}:
        return Decision.ERROR
    return Decision.ALLOWED


def _words(what: str, answer: str) -> str:
    kind = "query" if what.startswith("query") else what
    return f"{kind} {answer}" if answer in _NOTHING | {"SERVFAIL", "REFUSED"} else kind
