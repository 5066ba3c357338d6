"""Event -> one line of JSON, and back; and the JSON Schema of what is written.

Written strictly, read leniently: keys that a later version adds are ignored.
"""

import json
from functools import cache
from inspect import cleandoc
from typing import Any, Final

from msgspec import DecodeError, structs
from msgspec.json import Decoder, Encoder, schema_components

from tierwall.events.hostile_text import json_escaped
from tierwall.events.model import Break, Event
from tierwall.policy.limits import EVENT_OCTETS

SCHEMA_ID: Final = "urn:tierwall:event"

_ENCODER: Final = Encoder()
_DECODER: Final = Decoder(Event)


def to_line(event: Event) -> bytes:
    """One line, LF at its end, of at most EVENT_OCTETS: `near`, then `breaks` are dropped from the tail to fit."""
    line = whole_line(event)
    return line if len(line) <= EVENT_OCTETS else whole_line(_shortened(event, len(line) - EVENT_OCTETS))


def parse(line: bytes | str) -> Event:
    """The event of a line. Raises ValueError, saying in one sentence what is wrong with it."""
    try:
        return _DECODER.decode(line)
    except (DecodeError, UnicodeError) as wrong:
        raise ValueError(str(wrong)) from None


@cache
def schema_text() -> str:
    """The JSON Schema (draft 2020-12) of a line, as it ships in schemas/event.schema.json."""
    (reference,), definitions = schema_components([Event], ref_template="#/$defs/{name}")
    whole = definitions.pop(reference["$ref"].rpartition("/")[2])
    schema = _strict(whole | {"$defs": definitions})
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": SCHEMA_ID}
    return json.dumps(head | schema, indent=2, ensure_ascii=False) + "\n"


def whole_line(event: Event) -> bytes:
    """Its line, however long."""
    line = _ENCODER.encode(event)
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
    return structs.replace(
        event,
        tierwall=structs.replace(
            ours,
            breaks=tuple(keep[: len(ours.breaks)]),
            near=tuple(keep[len(ours.breaks) :]),
            breaks_cut=(ours.breaks_cut or 0) + len(ours.breaks) + len(ours.near) - len(keep),
        ),
    )


def _octets(entry: Break) -> int:
    return len(json_escaped(_ENCODER.encode(entry).decode()).encode())


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
    if isinstance(text := schema.get("description"), str):
        schema["description"] = cleandoc(text)  # which Python 3.13 does by itself
    options = [option for option in schema.pop("anyOf", ()) if option != {"type": "null"}]
    match options:
        case []:
            return schema
        case [only]:
            return only | schema
        case _:
            return schema | {"anyOf": options}
