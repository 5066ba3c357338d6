"""Suricata's EVE JSON, and AWS Network Firewall's alert, flow and TLS logs, which wrap it.

Source: Suricata User Guide, "Eve JSON Format"; AWS, "Contents of an AWS Network Firewall log". The verdict is
`verdict.action` where it is there, else `alert.action`: `blocked`. `flow` and `tls` events without a verdict say that
packets were seen: allowed, unless the flow was refused (`flow.action: drop`) or never answered.
"""

from typing import Final

from tierwall.policy.attempt import Attempt
from tierwall.policy.model import Transport
from tierwall.records.clock import any_of
from tierwall.records.destination import of_address, of_host, of_name, of_question, port_of, transport_of
from tierwall.records.fields import json_object, text_of, words
from tierwall.records.http_log import statement
from tierwall.records.record import Decision, Record, Unread

_TYPES: Final = frozenset({"alert", "drop", "flow", "netflow", "tls", "http", "dns", "quic"})
_NO_DESTINATION: Final = "is an event about no destination"


def looks_like_eve(line: str) -> bool:
    """An object with an event type and EVE's names of the two ends."""
    found = json_object(line)
    return found is not None and "event_type" in found and "dest_ip" in found and "src_ip" in found


def read_eve(line: str) -> Record:
    """One event. Raises Unread."""
    found = json_object(line)
    kind = None if found is None else text_of(found, "event_type")
    if found is None or kind is None:
        raise Unread("is no EVE event")
    if kind not in _TYPES:
        raise Unread(_NO_DESTINATION)
    told = words(kind, text_of(found, "verdict.action", "alert.action", "flow.action"), _why(found))
    when = any_of(text_of(found, "timestamp", "event_timestamp"))
    return Record(
        statement(_decision(found, kind), _attempt(found, kind), told, _method(found)), when, text_of(found, "src_ip")
    )


def _decision(found: dict[str, object], kind: str) -> Decision:
    said = text_of(found, "verdict.action", "alert.action", "flow.action") or ""
    if said in {"blocked", "drop", "dropped", "reject", "rejected"} or kind == "drop":
        return Decision.DENIED
    if kind == "alert":
        return Decision.ALLOWED if said in {"allowed", "pass", "alert", "accept"} else Decision.UNKNOWN
    if kind == "dns" and text_of(found, "dns.rcode") not in {None, "NOERROR"}:
        return Decision.ERROR
    answered = text_of(found, "flow.pkts_toclient")
    if kind == "flow" and answered == "0":
        return Decision.ERROR
    return Decision.ALLOWED


def _why(found: dict[str, object]) -> str | None:
    return text_of(found, "alert.signature", "drop.reason")


def _attempt(found: dict[str, object], kind: str) -> Attempt | None:
    port, transport = port_of(text_of(found, "dest_port")), transport_of(text_of(found, "proto"))
    if kind == "dns":
        return of_question(text_of(found, "dns.rrname", "dns.query.rrname", "query.rrname") or "")
    if transport is None:
        return None
    name = text_of(found, "tls.sni", "quic.sni")
    if name is not None:
        return of_name(name, port, transport)
    if (host := text_of(found, "http.hostname")) is not None:
        return of_host(host, port, transport=Transport.TCP, scheme="http" if port == 80 else "tunnel")
    return of_address(text_of(found, "dest_ip") or "", port, transport)


def _method(found: dict[str, object]) -> str | None:
    return text_of(found, "http.http_method")
