"""Zeek's conn, ssl, http and dns logs, as tab-separated values and as JSON.

Source: The Zeek Documentation, "Log Files" and "Zeek Log Formats". Zeek refuses nothing: the verdict is read from what
was seen on the wire. A connection that was reset or never answered is an error, and it may be a firewall's doing.
"""

from collections.abc import Mapping
from typing import Final

from tierwall.policy.attempt import Attempt
from tierwall.policy.model import Transport
from tierwall.records.clock import any_of
from tierwall.records.destination import first_of, of_address, of_host, of_name, of_question, port_of, transport_of
from tierwall.records.fields import json_object, text_of, words
from tierwall.records.http_log import statement
from tierwall.records.record import Decision, Record, Unread
from tierwall.records.status import by_status

_HEADERS: Final = (
    "#separator",
    "#set_separator",
    "#empty_field",
    "#unset_field",
    "#path",
    "#open",
    "#close",
    "#fields",
    "#types",
)
_STATES: Final = {
    "S0": Decision.ERROR,  # no answer to the first packet
    "REJ": Decision.ERROR,  # refused
    "RSTOS0": Decision.ERROR,
    "RSTRH": Decision.ERROR,
    "SH": Decision.ERROR,
    "SHR": Decision.ERROR,
    "RSTR": Decision.ALLOWED,
    "RSTO": Decision.ALLOWED,
    "SF": Decision.ALLOWED,
    "S1": Decision.ALLOWED,
    "S2": Decision.ALLOWED,
    "S3": Decision.ALLOWED,
    "OTH": Decision.UNKNOWN,
}
"""conn_state."""


def looks_like_zeek(line: str) -> bool:
    """A header of its TSV, or an object with its names of the two ends."""
    if line.startswith(_HEADERS):
        return True
    found = json_object(line)
    return found is not None and "id.resp_h" in found and ("ts" in found or "_write_ts" in found)


class ZeekReader:
    """Reads rows by the last header; objects need none."""

    def __init__(self) -> None:
        self._fields: list[str] = []

    def __call__(self, line: str) -> Record | None:
        """One line. Raises Unread."""
        if line.startswith(_HEADERS):
            if line.startswith("#fields"):
                self._fields = line.split("\t")[1:]
            return None
        found: Mapping[str, object] | None = json_object(line)
        if found is None:
            found = self._row(line)
        return _record(found)

    def _row(self, line: str) -> Mapping[str, object]:
        values = line.split("\t")
        if not self._fields or len(values) != len(self._fields):
            raise Unread("is no row under Zeek's #fields header")
        return {name: value for name, value in zip(self._fields, values, strict=True) if value not in {"-", "(empty)"}}


def _record(found: Mapping[str, object]) -> Record:
    if "id.resp_h" not in found:
        raise Unread("is no row of conn, ssl, http or dns")
    attempt, said, told = _what(found)
    return Record(
        statement(said, attempt, told, text_of(found, "method")),
        any_of(text_of(found, "ts", "_write_ts")),
        text_of(found, "id.orig_h"),
    )


def _what(found: Mapping[str, object]) -> tuple[Attempt | None, Decision, str]:
    port = port_of(text_of(found, "id.resp_p"))
    address = text_of(found, "id.resp_h") or ""
    if (query := text_of(found, "query")) is not None or "qtype_name" in found:
        code = text_of(found, "rcode_name")
        said = Decision.ALLOWED if code == "NOERROR" else Decision.ERROR
        return of_question(query or ""), said, words(code or "no answer")
    if (state := text_of(found, "conn_state")) is not None:
        transport = transport_of(text_of(found, "proto"))
        attempt = None if transport is None else of_address(address, port, transport)
        return attempt, _STATES.get(state, Decision.UNKNOWN), words(state, text_of(found, "service"))
    if "server_name" in found or "cipher" in found or "established" in found:
        established = str(found.get("established", "")).lower() in {"t", "true"}
        said = Decision.ALLOWED if established else Decision.ERROR
        name = text_of(found, "server_name")
        told = words("established" if established else "not established", text_of(found, "last_alert"))
        return first_of(of_name(name, port) if name else None, of_address(address, port, Transport.TCP)), said, told
    if (host := text_of(found, "host", "uri")) is not None:
        status = text_of(found, "status_code") or ""
        proxied = text_of(found, "method") == "CONNECT"
        said = by_status(status, "CONNECT") if proxied else Decision.ALLOWED if status else Decision.ERROR
        return of_host(host.partition(":")[0], port or 80, scheme="http"), said, words(status)
    raise Unread("is no row of conn, ssl, http or dns")
