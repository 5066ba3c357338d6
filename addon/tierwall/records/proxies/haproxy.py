"""HAProxy's HTTP log (`option httplog`) where it is a forward proxy, and its TCP log where it routes by server name.

Source: HAProxy Configuration Manual, section 8 "Logging", 8.5 "Session state at disconnection". The verdict is the
termination state: `PR` is the proxy's own denial, `SC` a server that refused. The destination must be in the line: a
whole URL or a CONNECT, or a captured host.
"""

import re
from typing import Final

from tierwall.policy.attempt import Attempt
from tierwall.records.clock import clf
from tierwall.records.destination import of_host, split
from tierwall.records.proxies.squid import destination
from tierwall.records.record import Decision, Record, Statement, Unread
from tierwall.records.status import by_status

_CLIENT: Final = r"(?<![\w.:])(?P<client>[\d.a-fA-F:]{2,45}):\d{1,5} \[(?P<when>[^\]]{1,40})\]"
_HTTP: Final = re.compile(
    rf"{_CLIENT} \S+ (?P<backend>\S+)/(?P<server>\S+) [-\d/+]+"
    r" (?P<status>-?\d{1,3})"
    r" \+?\d+ \S+ \S+ (?P<state>\S\S)\S{0,2} [\d/+]+ [\d/]+(?P<captured>(?: \{[^}]*\}){0,2}) \"(?P<method>\S+)"
    r" (?P<url>\S+)[^\"]*\"?"
)
_TCP: Final = re.compile(
    rf"{_CLIENT} \S+ (?P<backend>\S+)/(?P<server>\S+) [-\d/+]+ \+?\d+"
    r" (?P<state>[A-Z-]{2})"
    r" [\d/+]+ [\d/]+(?P<captured>(?: \{[^}]*\}){0,2})(?: (?P<sni>[\w.-]+\.[\w-]+))?\s*$"
)
_HOST: Final = re.compile(r"[\w-]+(?:\.[\w-]+)+(?::\d+)?")


def looks_like_haproxy(line: str) -> bool:
    """A client with its port, an accept date, timers with slashes, a termination state."""
    return _HTTP.search(line) is not None or _TCP.search(line) is not None


def read_haproxy(line: str) -> Record:
    """One line. Raises Unread."""
    http = _HTTP.search(line)
    if http is not None:
        statement = Statement(
            decision=_decision(http["state"], http["status"], http["method"], http["server"]),
            attempt=_place(http["method"], http["url"], http["captured"]),
            method=http["method"] if http["method"].isalpha() else None,
            words=f"{http['status']} {http['state']} {http['backend']}/{http['server']}",
        )
        return Record(statement, clf(http["when"]), http["client"])
    tcp = _TCP.search(line)
    if tcp is None:
        raise Unread("is no HTTP or TCP line of HAProxy")
    statement = Statement(
        decision=_decision(tcp["state"], "200", "CONNECT", tcp["server"]),
        attempt=_named(tcp["sni"] or tcp["captured"]),
        words=f"{tcp['state']} {tcp['backend']}/{tcp['server']}",
    )
    return Record(statement, clf(tcp["when"]), tcp["client"])


def _decision(state: str, status: str, method: str, server: str) -> Decision:
    if state == "PR":
        return Decision.AUTH if status in {"407", "401"} else Decision.DENIED
    if state[0] in "SRIDLKUP" and state != "--":
        return Decision.ERROR
    if server == "<NOSRV>":
        return by_status(status, method)
    return Decision.ALLOWED


def _place(method: str, url: str, captured: str) -> Attempt | None:
    if method == "CONNECT" or "://" in url:
        return destination(method, url)
    return _named(captured, 80)


def _named(captured: str | None, port: int = 443) -> Attempt | None:
    found = _HOST.search(captured or "")
    if found is None:
        return None
    host, own = split(found[0])
    return of_host(host, own or port, scheme="http" if (own or port) == 80 else "tunnel")
