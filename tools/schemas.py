"""The JSON Schemas of vendor and site files, for editors: `python -m tools.schemas` writes them.

Knows the forms; nothing at run time reads the schemas, and a test says when the files are stale.
"""

import json
from pathlib import Path
from typing import Union

from pydantic import BaseModel, Field, create_model

from tierwall.loader.forms import behaviours, files
from tierwall.loader.forms.descriptions import descriptions
from tierwall.policy.behaviour import BY_NAME

type Json = dict[str, Json] | list[Json] | str | int | float | bool | None

FOLDER = Path(__file__).parents[1] / "addon" / "tierwall" / "schemas"

_BEHAVIOURS = {form.__name__: form for form in map(behaviours.form_of, BY_NAME)}

_WHOLE_SITE = create_model(
    "SiteFile",
    __base__=files.SiteFile,
    behaviours=(list[Union[tuple(_BEHAVIOURS.values())]], Field(default=[])),  # type: ignore[misc]  # noqa: UP007
)
"""The site file with its behaviours, which are read one by one when it is loaded."""

_SELECTING = ("vendor", "tiers", "services", "rules")
_OF_FILES = ("file", "format", "column")
_ONE_KIND: list[Json] = [
    {
        "anyOf": [{"required": [key]} for key in _SELECTING],
        "properties": dict.fromkeys(("hosts", "networks", *_OF_FILES, "ports", "dialect"), False),
    },
    {"required": ["hosts"], "properties": dict.fromkeys((*_SELECTING, *_OF_FILES), False)},
    {
        "required": ["networks", "ports"],
        "properties": dict.fromkeys((*_SELECTING, *_OF_FILES, "hosts"), False),
    },
    {
        "required": ["file"],
        "properties": dict.fromkeys((*_SELECTING, "hosts", "networks"), False),
    },
]
"""What pydantic's models do not say: an entry of `admit` is of one kind."""


_VENDOR_RULE: dict[str, Json] = {
    "anyOf": [{"required": [key]} for key in ("hosts", "networks", "asns", "anywhere")],
    "if": {"properties": {"evidence": {"const": "inferred"}}, "required": ["evidence"]},
    "then": {"required": ["why"]},
}
"""The same for a vendor's rule."""


def schema_texts() -> dict[str, str]:
    """The text of each schema file, by its name."""
    return {
        "vendor.schema.json": _text(files.VendorFile, "A vendor policy of tierwall"),
        "site.schema.json": _text(_WHOLE_SITE, "A site of tierwall"),
    }


def _text(form: type[BaseModel], title: str) -> str:
    schema = form.model_json_schema(by_alias=True, mode="validation")
    definitions: dict[str, dict[str, Json]] = schema.get("$defs", {})
    for definition in (schema, *definitions.values()):
        _finish(definition)
    if "AdmitForm" in definitions:
        definitions["AdmitForm"] |= {"oneOf": _ONE_KIND, "dependentRequired": {"networks": ["ports"]}}
    if "RuleForm" in definitions:
        definitions["RuleForm"] |= _VENDOR_RULE
    whole = {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "title": title}
    return json.dumps(whole, indent=2, ensure_ascii=False) + "\n"


def _finish(definition: dict[str, Json]) -> None:
    """Add the descriptions, and leave out what a file cannot hold: null, and the models' own names."""
    name = str(definition.pop("title"))
    form = _BEHAVIOURS.get(name) or getattr(files, name, None) or getattr(behaviours, name)
    properties = definition["properties"]
    if not isinstance(properties, dict):
        raise TypeError(f"{form.__name__} has no keys")
    for key, described in descriptions(form).items():
        schema = properties[key]
        if isinstance(schema, dict):
            properties[key] = {"description": described, **_without_null(schema)}


def _without_null(schema: dict[str, Json]) -> dict[str, Json]:
    kept = {key: value for key, value in schema.items() if key != "title" and (key, value) != ("default", None)}
    choices = kept.pop("anyOf", None)
    if isinstance(choices, list):
        others = [choice for choice in choices if choice != {"type": "null"}]
        kept |= others[0] if len(others) == 1 and isinstance(others[0], dict) else {"anyOf": others}
    return kept


if __name__ == "__main__":
    for name, text in schema_texts().items():
        (FOLDER / name).write_text(text, encoding="utf-8")
