"""Envoy's access log, the usual JSON formats of it, among them Istio's.

Source: Envoy documentation, "Access logging" (command operators, response flags); Istio, "Default access log format".
The verdict is `response_flags` with `response_code_details`: `rbac_access_denied…`, `UAEX`, `UH`; the status alone may
be the server's.
"""

from typing import Final

from tierwall.policy.attempt import Attempt
from tierwall.records.clock import any_of
from tierwall.records.destination import first_of, split
from tierwall.records.fields import json_object, text_of, words
from tierwall.records.http_log import by_flow, by_host, by_url, statement
from tierwall.records.record import Decision, Record, Unread
from tierwall.records.status import by_status

_FLAGS: Final = ("response_flags", "responseFlags", "RESPONSE_FLAGS")
_DETAILS: Final = ("response_code_details", "responseCodeDetails", "connection_termination_details")
_DENYING: Final = (
    "rbac_access_denied",
    "ext_authz_denied",
    "direct_response",
    "route_not_found",
    "filter_chain_not_found",
)
_DENYING_FLAGS: Final = frozenset({"UAEX", "NR", "RL", "NFCF"})
_FAILED: Final = frozenset({"UH", "UF", "UO", "LH", "UT", "UR", "UC", "URX", "NC", "UMSDR", "DF", "DC", "SI", "DPE"})


def looks_like_envoy(line: str) -> bool:
    """An object with response flags, and somewhere to go."""
    found = json_object(line)
    return (found is not None and text_of(found, *_FLAGS) is not None) or _bare_flags(found)


def _bare_flags(found: dict[str, object] | None) -> bool:
    """`-` counts as absent; then the names beside it tell."""
    return (
        found is not None and "upstream_cluster" in found and ("authority" in found or "requested_server_name" in found)
    )


def read_envoy(line: str) -> Record:
    """One object. Raises Unread."""
    found = json_object(line)
    if found is None:
        raise Unread("is no JSON object")
    flags, details = text_of(found, *_FLAGS) or "", text_of(found, *_DETAILS) or ""
    method, status = text_of(found, "method", ":method"), text_of(found, "response_code", "responseCode") or ""
    client = text_of(found, "downstream_remote_address", "client_address", "downstream_direct_remote_address")
    return Record(
        statement(
            _decision(flags, details, status, method), _attempt(found, method), words(status, flags, details), method
        ),
        any_of(text_of(found, "start_time", "@timestamp", "timestamp")),
        None if client is None else split(client)[0].strip("[]"),
    )


def _decision(flags: str, details: str, status: str, method: str | None) -> Decision:
    given = set(flags.split(","))
    if details.startswith(_DENYING) or given & _DENYING_FLAGS:
        return Decision.DENIED
    if given & _FAILED:
        return Decision.ERROR
    if details == "via_upstream" or not status or status == "0":
        return Decision.ALLOWED
    return by_status(status, method)


def _attempt(found: dict[str, object], method: str | None) -> Attempt | None:
    sni, authority = text_of(found, "requested_server_name"), text_of(found, "authority", ":authority")
    local = text_of(found, "downstream_local_address", "upstream_host") or ""
    host, port = split(local)
    scheme = text_of(found, "scheme", "x_forwarded_proto") or ("http" if port == 80 else "https")
    return first_of(
        by_host(authority, None, "https" if method == "CONNECT" else scheme) if authority else None,
        by_url(sni) if sni else None,
        by_flow(None, host.strip("[]"), str(port or ""), "tcp"),
    )
