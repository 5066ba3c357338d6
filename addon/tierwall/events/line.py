"""Event -> one line of JSON, and back; and the JSON Schema of what is written.

Written strictly, read leniently: keys that a later version adds are ignored.
"""

import json
from dataclasses import replace
from functools import cache
from typing import Any

from pydantic import TypeAdapter, ValidationError

from tierwall.events.hostile_text import json_escaped
from tierwall.events.model import Break, Event
from tierwall.policy.limits import EVENT_OCTETS

SCHEMA_ID = "urn:tierwall:event"


def to_line(event: Event) -> bytes:
    """One line, LF at its end, of at most EVENT_OCTETS: `near`, then `breaks` are dropped from the tail to fit."""
    if event.line is not None:
        return event.line
    line = whole_line(event)
    return line if len(line) <= EVENT_OCTETS else whole_line(_shortened(event, len(line) - EVENT_OCTETS))


def parse(line: bytes | str) -> Event:
    """The event of a line. Raises ValueError, saying in one sentence what is wrong with it."""
    try:
        event: Event = _events().validator.validate_json(line)
        return event
    except ValidationError as wrong:
        first = wrong.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(step) for step in first["loc"])
        raise ValueError(f"{place}: {first['msg']}" if place else first["msg"]) from None


@cache
def schema_text() -> str:
    """The JSON Schema (draft 2020-12) of a line, as it ships in schemas/event.schema.json."""
    schema = _strict(_events().json_schema(mode="validation", by_alias=True))
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": SCHEMA_ID}
    return json.dumps(head | schema, indent=2, ensure_ascii=False) + "\n"


def whole_line(event: Event) -> bytes:
    """Its line, however long."""
    line = _events().serializer.to_json(event, by_alias=True, exclude_none=True)
    if not line.isascii() or b"\x7f" in line:
        line = json_escaped(line.decode()).encode()
    return line + b"\n"


def _shortened(event: Event, excess: int) -> Event:
    """Without as many of the last entries of `near`, then of `breaks`, as the excess takes; the first break stays."""
    ours = event.tierwall
    keep = [*ours.breaks, *ours.near]
    excess += len(b'"breaks_cut":9999,')
    while excess > 0 and len(keep) > 1:
        excess -= _octets(keep.pop())
    return replace(
        event,
        tierwall=replace(
            ours,
            breaks=tuple(keep[: len(ours.breaks)]),
            near=tuple(keep[len(ours.breaks) :]),
            breaks_cut=(ours.breaks_cut or 0) + len(ours.breaks) + len(ours.near) - len(keep),
        ),
    )


def _octets(entry: Break) -> int:
    return len(json_escaped(_breaks().serializer.to_json(entry).decode()).encode())


# Made when they are first needed: to start need not wait for them.


@cache
def _events() -> TypeAdapter[Event]:
    return TypeAdapter(Event)


@cache
def _breaks() -> TypeAdapter[Break]:
    return TypeAdapter(Break)


def _strict(schema: Any) -> Any:
    """The schema of what is written: no other keys, and nothing is null, since absent values are left out."""
    if isinstance(schema, list):
        return [_strict(entry) for entry in schema]
    if not isinstance(schema, dict):
        return schema
    if schema.get("type") == "object":
        always = [name for name, field in schema["properties"].items() if field.get("default", ...) is not None]
        schema = schema | {"required": always, "additionalProperties": False}
    schema = {key: _strict(value) for key, value in schema.items() if not (key == "default" and value is None)}
    options = [option for option in schema.pop("anyOf", ()) if option != {"type": "null"}]
    match options:
        case []:
            return schema
        case [only]:
            return only | schema
        case _:
            return schema | {"anyOf": options}
