"""OTLP/HTTP logs as JSON (opentelemetry.io/docs/specs/otlp, protobuf's JSON mapping: 64-bit numbers are strings).

Knows the request and its answer. Every engine that takes OTLP takes this encoding: a server MUST support both.
"""

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Final

import msgspec

from tierwall import __version__
from tierwall.events import parse
from tierwall.sinks.entry import TAKEN, Entry, Outcome
from tierwall.sinks.formats.sentence import Severity, sentence, severity

CONTENT_TYPE: Final = "application/json"
_SEVERITIES: Final = {Severity.ERROR: (17, "ERROR"), Severity.WARNING: (13, "WARN"), Severity.INFO: (9, "INFO")}
_PARTS: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])
_OF_ONE: Final = frozenset({"event", "source", "@timestamp"})
_ENCODER: Final = msgspec.json.Encoder()
_OWN: Final = re.compile(
    rb'\{"@timestamp":"([0-9T:.-]{19,29}Z)",("ecs":\{[^{}]*\},"event":\{[^{}]*,"id":)"([\w-]+)"(?:,"duration":(\d+))?\}'
    rb',"source":\{"ip":"([0-9a-f.:]+)"(?:,"port":(\d+))?(?:,"bytes":(\d+))?\}(,.*)',
    re.DOTALL,
)
"""What a line has of its own, as to_line writes it: time, id, duration, client, and below the octets of the server. The
rest many lines have alike, so that it is put into words once. No text inside of a line has a bare `"` in it."""
_BYTES: Final = b',"bytes":'


def request(entries: Sequence[Entry], host: str) -> bytes:
    """An ExportLogsServiceRequest of one resource: this proxy on this host."""
    resource = {"service.name": "tierwall", "service.version": __version__, "host.name": host}
    attributes = b",".join(_attribute(name, value) for name, value in resource.items())
    scope = _ENCODER.encode({"name": "tierwall.journal", "version": __version__})
    records = [_record(entry) for entry in entries]
    before = b'{"resourceLogs":[{"resource":{"attributes":[%b]},"scopeLogs":[{"scope":%b,"logRecords":[' % (
        attributes,
        scope,
    )
    records[0] = before + records[0]
    records[-1] += b"]}]}]}"
    return b",".join(records)  # once: it is most of a megabyte


def outcome(body: bytes) -> Outcome:
    """Of a 200: a partial success says how many records were rejected, not which."""
    try:
        partial = msgspec.json.decode(body).get("partialSuccess") or {}
        rejected = int(partial.get("rejectedLogRecords") or 0)
        return Outcome(refused=rejected, why=str(partial.get("errorMessage") or "")) if rejected else TAKEN
    except (msgspec.DecodeError, AttributeError, ValueError, TypeError):
        return TAKEN  # a 200 whose body says nothing, as some receivers answer


def _record(entry: Entry) -> bytes:
    """A line that is written otherwise than to_line does is read whole."""
    own = _OWN.fullmatch(entry.line)
    if own is None:
        return _times(entry.event.timestamp) + _parts(entry.line) + b"]}"
    when, head, id_, duration, ip, port, sent, rest = own.groups(b"")
    before, of_server, after = rest.partition(_BYTES)
    received = b""
    if of_server:
        received, _, after = after.partition(b"}")
        rest = b"%b}%b" % (before, after)
    return (
        b'%b%b,{"key":"event.id","value":{"stringValue":"%b"}},{"key":"source.ip","value":{"stringValue":"%b"}}%b%b%b%b]}'
        % (
            _times(when.decode()),
            _alike(head, rest),
            id_,
            ip,
            _count(b"event.duration", duration),
            _count(b"source.port", port),
            _count(b"source.bytes", sent),
            _count(b"destination.bytes", received),
        )
    )


@lru_cache(maxsize=64)
def _times(timestamp: str) -> bytes:
    """Many events are of one millisecond."""
    when = _nanoseconds(timestamp)
    return b'{"timeUnixNano":"%d","observedTimeUnixNano":"%d",' % (when, when)


def _count(name: bytes, said: bytes) -> bytes:
    return b',{"key":"%b","value":{"intValue":"%b"}}' % (name, said) if said else b""


@lru_cache(maxsize=4096)
def _alike(head: bytes, rest: bytes) -> bytes:
    """What many lines say: all but what `_OWN` takes out."""
    return _parts(b'{"@timestamp":"2026-01-01T00:00:00Z",%b""}%b' % (head, rest))


def _parts(line: bytes) -> bytes:
    """A record from its severity to its last attribute, nothing closed. What is empty is left out."""
    event = parse(line)
    number, text = _SEVERITIES[severity(event)]
    attributes = [said for name, octets in _PARTS.decode(line).items() if (said := _said(name, bytes(octets)))]
    if services := [f"{each.vendor}/{each.service}" for each in event.tierwall.breaks]:
        attributes.append(_attribute("tierwall.breaks.services", services))
    return b'"severityNumber":%d,"severityText":"%b","eventName":%b,"body":{"stringValue":%b},"attributes":[%b' % (
        number,
        text.encode(),
        _ENCODER.encode(f"tierwall.{event.action}"),
        _ENCODER.encode(sentence(event)),
        b",".join(attributes),
    )


def _said(name: str, octets: bytes) -> bytes:
    """The attributes of one part of an event. What no other event says is not remembered."""
    return _part(name, octets) if name in _OF_ONE else _remembered(name, octets)


@lru_cache(maxsize=4096)
def _remembered(name: str, octets: bytes) -> bytes:
    return _part(name, octets)


def _part(name: str, octets: bytes) -> bytes:
    return b",".join(_attribute(*each) for each in _flat({name: msgspec.json.decode(octets)}))


def _nanoseconds(timestamp: str) -> int:
    """Since 1970. Many events are of one second."""
    fraction = timestamp[20:-1]
    return _second(timestamp[:19]) * 1_000_000_000 + (int(fraction.ljust(9, "0")) if fraction else 0)


@lru_cache(maxsize=16)
def _second(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


def _flat(fields: dict[str, Any], above: str = "") -> Iterator[tuple[str, object]]:
    """`tierwall.tier` for what is nested; what is empty, and the time, which has a field of its own, is left out."""
    for name, value in fields.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{above}{name}.")
        elif value not in ([], "") and name != "@timestamp":
            yield f"{above}{name}", value


def _attribute(name: str, value: object) -> bytes:
    return _ENCODER.encode({"key": name, "value": _value(value)})


def _value(value: object) -> dict[str, object]:
    match value:
        case bool():
            return {"boolValue": value}
        case int():
            return {"intValue": str(value)}
        case list():
            return {"arrayValue": {"values": [_value(each) for each in value]}}
        case dict():
            return {"kvlistValue": {"values": [{"key": name, "value": _value(each)} for name, each in value.items()]}}
        case _:
            return {"stringValue": str(value)}
