"""Distinct destinations with their counts, as a query in a log store groups them (`audit --print-sql`).

Source: docs/logs.md, "Past one machine". One object a line: host or address, port, transport and decision; or Squid's
own words: result, method, url, hierarchy. With both: lines, first, last.
"""

from typing import Final

from tierwall.policy.attempt import Attempt
from tierwall.policy.model import Transport
from tierwall.records.clock import any_of
from tierwall.records.destination import first_of, of_address, of_host, port_of, transport_of
from tierwall.records.fields import json_object, text_of
from tierwall.records.proxies.squid import SquidRows
from tierwall.records.record import Decision, Record, Statement, Unread

_DECIDED: Final = frozenset({"decision", "lines"})
_OF_SQUID: Final = frozenset({"result", "method", "url", "hierarchy", "lines"})


def looks_like_distinct(line: str) -> bool:
    """An object with a decision and a number of lines."""
    found = json_object(line)
    if found is None:
        return False
    decided = found.keys() >= _DECIDED and ("host" in found or "address" in found)
    return decided or found.keys() >= _OF_SQUID


def read_distinct(line: str) -> Record:
    """One group. Raises Unread."""
    found = json_object(line)
    if found is not None and found.keys() >= _OF_SQUID:
        return _of_squid(found)
    said = None if found is None else text_of(found, "decision")
    if found is None or said is None or said not in Decision:
        raise Unread("is no group of distinct destinations: it has no decision of ours")
    lines = _count(text_of(found, "lines"))
    statement = Statement(decision=Decision(said), attempt=_attempt(found), words=text_of(found, "words") or "")
    return Record(statement, any_of(found.get("first")), None, lines, any_of(found.get("last")))


def _of_squid(found: dict[str, object]) -> Record:
    essence = tuple((text_of(found, key) or "-").encode() for key in ("result", "method", "url", "hierarchy"))
    lines = _count(text_of(found, "lines"))
    return Record(SquidRows().statement(essence), any_of(found.get("first")), None, lines, any_of(found.get("last")))


def _attempt(found: dict[str, object]) -> Attempt | None:
    transport = transport_of(text_of(found, "transport")) or Transport.TCP
    port = port_of(text_of(found, "port"), 443)
    host, address = text_of(found, "host"), text_of(found, "address")
    return first_of(
        of_host(host, port, transport=transport) if host else None,
        of_address(address, port, transport) if address else None,
    )


def _count(text: str | None) -> int:
    """How many lines the group stands for. Raises Unread."""
    if text is None or not text.isdecimal() or int(text) < 1:
        raise Unread("is no group of distinct destinations: it has no number of lines")
    return int(text)
