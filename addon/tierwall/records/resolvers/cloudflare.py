"""Cloudflare Gateway: Logpush data sets gateway_http, gateway_network and gateway_dns, as JSON lines.

Source: Cloudflare, "Logpush log fields" (Gateway HTTP, Gateway Network, Gateway DNS). The verdict is `Action`; of DNS
the `ResolverDecision`. HTTPStatusCode is the server's.
"""

from typing import Final

from tierwall.policy.attempt import Attempt
from tierwall.records.clock import any_of
from tierwall.records.destination import first_of, of_question
from tierwall.records.fields import json_object, text_of, words
from tierwall.records.http_log import by_flow, by_host, by_url, by_words, statement
from tierwall.records.record import Decision, Record, Unread

_ACTIONS: Final = {
    "allow": Decision.ALLOWED,
    "allowed": Decision.ALLOWED,
    "bypass": Decision.ALLOWED,
    "do_not_inspect": Decision.ALLOWED,
    "donotinspect": Decision.ALLOWED,
    "do_not_scan": Decision.ALLOWED,
    "isolate": Decision.ALLOWED,
    "scan": Decision.ALLOWED,
    "audit_ssh": Decision.ALLOWED,
    "l4_override": Decision.ALLOWED,
    "block": Decision.DENIED,
    "blocked": Decision.DENIED,
    "redirect": Decision.DENIED,
    "quarantine": Decision.DENIED,
}
_RESOLVER: Final = "ResolverDecision"
_DNS_BLOCKED: Final = ("blocked", "block")
_POLICY: Final = ("PolicyName", "BlockedFileReason")


def looks_like_cloudflare(line: str) -> bool:
    """An object with the names of one of the three data sets."""
    found = json_object(line)
    if found is None:
        return False
    if _RESOLVER in found and "QueryName" in found:
        return True
    place = any(key in found for key in ("URL", "HTTPHost", "SNI", "DestinationIP"))
    return place and "Action" in found and "SourceIP" in found and "Datetime" in found


def read_cloudflare(line: str) -> Record:
    """One object. Raises Unread."""
    found = json_object(line)
    if found is None or not looks_like_cloudflare(line):
        raise Unread("is no object of Cloudflare Gateway's data sets")
    client = text_of(found, "SourceIP", "SrcIP", "Email", "DeviceName")
    when = any_of(found.get("Datetime"))
    if _RESOLVER in found:
        said = text_of(found, _RESOLVER) or ""
        decision = Decision.DENIED if said.lower().startswith(_DNS_BLOCKED) else Decision.ALLOWED
        told = words(said, text_of(found, *_POLICY))
        return Record(statement(decision, of_question(text_of(found, "QueryName") or ""), told), when, client)
    action = text_of(found, "Action")
    told = words(action, text_of(found, *_POLICY))
    method = text_of(found, "HTTPMethod")
    return Record(statement(by_words(_ACTIONS, action), _attempt(found), told, method), when, client)


def _attempt(found: dict[str, object]) -> Attempt | None:
    port = text_of(found, "DestinationPort", "DstPort")
    return first_of(
        by_url(text_of(found, "URL")),
        by_host(text_of(found, "HTTPHost"), port),
        by_flow(
            text_of(found, "SNI"),
            text_of(found, "DestinationIP", "DstIP"),
            port,
            text_of(found, "Transport", "Protocol"),
        ),
    )
