"""The JSON Schema of a probe's result: `python -m tools.probe_schema` writes it.

Knows the values; the probe itself reads no schema, and a test says when the file is stale.
"""

import json
from typing import Any

from tierwall.loader.forms.descriptions import below_attributes
from tierwall.probe.result_file import VERSION
from tierwall.probe.values import Check, Result, State
from tools.schemas import FOLDER

FILE = "probe.schema.json"

_TEXT: dict[str, Any] = {"type": "string"}
_TEXTS: dict[str, Any] = {"type": "object", "additionalProperties": _TEXT}
_SHAPES: dict[str, dict[str, Any]] = {
    "when": {"type": "string", "format": "date-time"},
    "system": _TEXTS,
    "proxy": _TEXTS,
    "checks": {"type": "array", "items": {"$ref": "#/$defs/Check"}},
    "vendors": {"type": "array", "items": _TEXT},
    "hold_s": {"type": "number", "minimum": 0},
    "whole": {"type": "boolean"},
    "state": {"enum": [state.value for state in State]},
    "ms": {"type": "number", "minimum": 0},
    "detail": {
        "type": "object",
        "additionalProperties": {"type": ["string", "number", "boolean", "array"], "items": _TEXT},
    },
}


def schema_text() -> str:
    """The text of the file."""
    result = {"probe": {"const": VERSION, "description": "The version of this form."}}
    result |= _properties(Result, ("when", "system", "proxy", "vendors", "hold_s", "whole", "checks"))
    result["sha256"] = {
        "type": "string",
        "pattern": "^[0-9a-f]{64}$",
        "description": "Of all the rest as compact JSON with sorted keys: says when the file was cut or edited.",
    }
    check = _properties(Check, tuple(Check.__dataclass_fields__))
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "What tierwall probe writes",
        "type": "object",
        "properties": result,
        "required": list(result),
        "additionalProperties": False,
        "$defs": {
            "Check": {
                "type": "object",
                "properties": check,
                "required": ["what", "target", "state", "saw"],
                "additionalProperties": False,
            }
        },
    }
    return json.dumps(schema, indent=2) + "\n"


def _properties(form: type, names: tuple[str, ...]) -> dict[str, dict[str, Any]]:
    explained = dict(below_attributes(form))
    return {
        name: _SHAPES.get(name, _TEXT) | ({"description": explained[name]} if name in explained else {})
        for name in names
    }


if __name__ == "__main__":
    (FOLDER / FILE).write_text(schema_text(), encoding="utf-8")
