"""The JSON Schema of what `tierwall audit --json` prints: `python -m tools.audit_schema` writes it.

Knows the findings; nothing at run time reads the schema, and a test says when the file is stale.
"""

import json
from typing import Any

from pydantic import TypeAdapter

from tierwall.audit import findings
from tierwall.audit.findings import Findings
from tierwall.loader.forms.descriptions import below_attributes
from tools.schemas import FOLDER

FILE = "audit.schema.json"


def schema_text() -> str:
    """The text of the file. What is optional is left out where it is absent: there is no null."""
    schema = TypeAdapter(Findings).json_schema(mode="serialization")
    for definition in (schema, *schema["$defs"].values()):
        if "properties" in definition:
            _finish(definition)
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "What tierwall audit --json prints"}
    return json.dumps(head | {key: value for key, value in schema.items() if key != "title"}, indent=2) + "\n"


def _finish(definition: dict[str, Any]) -> None:
    form = getattr(findings, definition["title"])
    explained = dict(below_attributes(form))
    properties = definition["properties"]
    definition["required"] = [key for key, value in properties.items() if "default" not in value]
    definition["additionalProperties"] = False
    for key, value in properties.items():
        kept = {name: inside for name, inside in value.items() if name not in {"default", "title"}}
        choices = [each for each in kept.pop("anyOf", []) if each != {"type": "null"}]
        if choices:
            kept |= choices[0]
        if key in explained:
            kept["description"] = explained[key]
        properties[key] = kept


if __name__ == "__main__":
    (FOLDER / FILE).write_text(schema_text(), encoding="utf-8")
