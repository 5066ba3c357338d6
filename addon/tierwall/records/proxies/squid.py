"""Squid's access.log in its native format, also behind a syslog header, with fields before or after.

Source: Squid configuration directive logformat, where `squid` is
`%ts.%03tu %6tr %>a %Ss/%03>Hs %<st %rm %ru %[un %Sh/%<a %mt`.
squid_verdict.py knows what the words mean; squid_logformat.py reads what a `logformat` line declares.
"""

import re
from typing import Final

from tierwall.policy.attempt import Attempt
from tierwall.records.destination import of_host, of_url, split
from tierwall.records.proxies.cisco_wsa import looks_like_wsa
from tierwall.records.proxies.squid_verdict import decision
from tierwall.records.record import Record, Statement, Unread

_LINE: Final = re.compile(
    r"(?:^|\s)(?P<when>\d{9,10}(?:\.\d{1,6})?)\s+-?\d+\s(?P<client>\S+)\s(?:\d{1,5}\s)?(?P<tag>[A-Z][A-Z_]+)/(?P<status>\d{3})"
    r"\s(?P<rest>.+)$"
)
_METHOD: Final = re.compile(r"(?:(?:-?\d+|-)\s)+(?P<method>[A-Z][A-Z_-]*|-)\s(?P<url>\S+)(?P<behind>\s.*|$)")
_HIERARCHY: Final = re.compile(r"\s([A-Z][A-Z_]+)/\S+")
_SNI: Final = re.compile(r'\s"([^"\s:]+\.[^"\s:]+)" \d+ -\s*$')
"""The last but two of the fields in Elastic's log format for Squid, where a bumped connection's server name stands."""

_ROWS: Final = re.compile(
    rb"^(\d{10}\.\d{3}) +-?\d+ (\S+) ([A-Z_]+/\d{3}) -?\d+ ([A-Z-]+) ((?:[a-z][a-z0-9+.-]*://)?[^/?#\s]*)\S* \S+"
    rb" ([A-Z_]+)/\S+[^\n]*$",
    re.MULTILINE,
)


def looks_like_squid(line: str) -> bool:
    """Time, milliseconds, client, result code and status; without the decision tag that Cisco puts behind them."""
    return _LINE.search(line) is not None and not looks_like_wsa(line)


def read_squid(line: str) -> Record:
    """One line. Raises Unread."""
    found = _LINE.search(line)
    rest = _METHOD.match(found["rest"]) if found else None
    if found is None or rest is None:
        raise Unread("is no line of Squid's native format")
    hierarchy = _HIERARCHY.search(rest["behind"])
    sni = _SNI.search(rest["behind"])
    result = f"{found['tag']}/{found['status']}"
    attempt = destination(rest["method"], rest["url"], sni and sni[1])
    statement = _statement(result, rest["method"], hierarchy[1] if hierarchy else "-", attempt)
    return Record(statement, float(found["when"]), found["client"])


class SquidRows:
    """The same of many plain lines at once."""

    def rows(self, octets: bytes) -> list[tuple[bytes, ...]]:
        """When, client, result code and status, method, scheme and authority, hierarchy code."""
        return _ROWS.findall(octets)

    def statement(self, essence: tuple[bytes, ...]) -> Statement:
        """What read_squid says of such a line."""
        result, method, authority, hierarchy = (each.decode(errors="replace") for each in essence)
        return _statement(result, method, hierarchy, destination(method, authority))


def _statement(result: str, method: str, hierarchy: str, attempt: Attempt | None) -> Statement:
    tag, _, status = result.partition("/")
    said = decision(tag, status, method, hierarchy)
    return Statement(decision=said, attempt=attempt, method=None if method == "-" else method, words=result)


def destination(method: str, url: str, sni: str | None = None) -> Attempt | None:
    """Where Squid's URL leads: host and port of a CONNECT, else a URL; `error:…` leads nowhere."""
    if url.startswith("error:"):
        return None
    if method == "CONNECT" and "://" not in url:
        host, port = split(url)
        return of_host(host, port or 443, sni=sni)
    return of_url(url, method)
