"""OTLP/HTTP logs as JSON (opentelemetry.io/docs/specs/otlp, protobuf's JSON mapping: 64-bit numbers are strings).

Knows the request and its answer. Every engine that takes OTLP takes this encoding: a server MUST support both.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import msgspec

from tierwall import __version__
from tierwall.sinks.entry import TAKEN, Entry, Outcome
from tierwall.sinks.formats.sentence import Severity, sentence, severity

CONTENT_TYPE: Final = "application/json"
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_SEVERITIES: Final = {Severity.ERROR: (17, "ERROR"), Severity.WARNING: (13, "WARN"), Severity.INFO: (9, "INFO")}
_ENCODER: Final = msgspec.json.Encoder()


def request(entries: Sequence[Entry], host: str) -> bytes:
    """An ExportLogsServiceRequest of one resource: this proxy on this host."""
    resource = {"service.name": "tierwall", "service.version": __version__, "host.name": host}
    logs = {
        "scope": {"name": "tierwall.journal", "version": __version__},
        "logRecords": [_record(entry) for entry in entries],
    }
    whole = {"resource": {"attributes": [_attribute(*each) for each in resource.items()]}, "scopeLogs": [logs]}
    return _ENCODER.encode({"resourceLogs": [whole]})


def outcome(body: bytes) -> Outcome:
    """Of a 200: a partial success says how many records were rejected, not which."""
    try:
        partial = msgspec.json.decode(body).get("partialSuccess") or {}
        rejected = int(partial.get("rejectedLogRecords") or 0)
        return Outcome(refused=rejected, why=str(partial.get("errorMessage") or "")) if rejected else TAKEN
    except (msgspec.DecodeError, AttributeError, ValueError, TypeError):
        return TAKEN  # a 200 whose body says nothing, as some receivers answer


def _record(entry: Entry) -> dict[str, object]:
    event = entry.event
    number, text = _SEVERITIES[severity(event)]
    fields = msgspec.json.decode(entry.line)
    services = [f"{each.vendor}/{each.service}" for each in event.tierwall.breaks]
    attributes = [_attribute(name, value) for name, value in _flat(fields)]
    if services:
        attributes.append(_attribute("tierwall.breaks.services", services))
    when = str((event.when - _EPOCH) // timedelta(microseconds=1) * 1000)
    return {
        "timeUnixNano": when,
        "observedTimeUnixNano": when,
        "severityNumber": number,
        "severityText": text,
        "eventName": f"tierwall.{event.action}",
        "body": {"stringValue": sentence(event)},
        "attributes": attributes,
    }


def _flat(fields: dict[str, Any], above: str = "") -> Iterator[tuple[str, object]]:
    """`tierwall.tier` for what is nested; empty lists, and the time, which has a field of its own, are left out."""
    for name, value in fields.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{above}{name}.")
        elif value != [] and name != "@timestamp":
            yield f"{above}{name}", value


def _attribute(name: str, value: object) -> dict[str, object]:
    return {"key": name, "value": _value(value)}


def _value(value: object) -> dict[str, object]:
    match value:
        case bool():
            return {"boolValue": value}
        case int():
            return {"intValue": str(value)}
        case list():
            return {"arrayValue": {"values": [_value(each) for each in value]}}
        case dict():
            return {"kvlistValue": {"values": [_attribute(*each) for each in value.items()]}}
        case _:
            return {"stringValue": str(value)}
