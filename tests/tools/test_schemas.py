"""The JSON Schemas that editors use are those of the code, explain every key, and take what the loader takes."""

import json
from pathlib import Path

import pytest
import yaml
from jsonschema import Draft202012Validator

from tests.loader.files import VENDOR
from tierwall.loader import bundled
from tools.schemas import FOLDER, schema_texts

SCHEMAS = {name: json.loads(text) for name, text in schema_texts().items()}


@pytest.mark.parametrize("name", SCHEMAS)
def test_the_checked_in_file_is_fresh(name: str) -> None:
    stale = f"{name} is stale: run `make schemas`, or python -m tools.schemas"

    assert (FOLDER / name).read_text(encoding="utf-8") == schema_texts()[name], stale


@pytest.mark.parametrize("name", SCHEMAS)
def test_the_schema_is_one_and_every_key_is_explained(name: str) -> None:
    Draft202012Validator.check_schema(SCHEMAS[name])

    for definition in (SCHEMAS[name], *SCHEMAS[name]["$defs"].values()):
        assert all(schema.get("description") for schema in definition["properties"].values())


@pytest.mark.parametrize("path", sorted(bundled().glob("*/*.yaml")), ids=lambda path: path.stem)
def test_bundled_files_are_valid(path: Path) -> None:
    schema = SCHEMAS["vendor.schema.json" if path.parent.name == "vendors" else "site.schema.json"]

    assert not list(Draft202012Validator(schema).iter_errors(yaml.safe_load(path.read_text(encoding="utf-8"))))


@pytest.mark.parametrize(
    ("right", "wrong"),
    [("tier: core", "tier: none"), ("tcp/443", "443"), ("title: Acme", "titel: Acme"), ("*.acme", "https://acme")],
)
def test_an_editor_sees_the_common_faults(right: str, wrong: str) -> None:
    spoiled = yaml.safe_load(VENDOR.replace(right, wrong))

    assert not Draft202012Validator(SCHEMAS["vendor.schema.json"]).is_valid(spoiled)


@pytest.mark.parametrize(
    ("entry", "valid"),
    [
        ({"tiers": ["core"]}, True),
        ({"hosts": ["a.example"]}, True),
        ({"hosts": ["a.example"], "networks": ["10.0.0.0/8"], "ports": ["tcp/1"]}, True),
        ({"networks": ["10.0.0.0/8"], "ports": ["tcp/1"]}, True),
        ({"file": "x.txt"}, True),
        ({"file": "x.csv", "format": "csv", "column": "Host"}, True),
        ({"hosts": [".a.example"], "dialect": "squid"}, True),
        ({"hosts": ["a.example"], "format": "csv"}, False),
        ({}, False),
        ({"networks": ["10.0.0.0/8"]}, False),
        ({"hosts": ["a.example"], "networks": ["10.0.0.0/8"]}, False),
        ({"vendor": "8x8", "hosts": ["a.example"]}, False),
        ({"file": "x.txt", "hosts": ["a.example"]}, False),
    ],
)
def test_an_entry_of_admit_is_of_one_kind(entry: dict[str, object], valid: bool) -> None:
    site = {"version": 1, "site": "x", "admit": [entry]}

    assert Draft202012Validator(SCHEMAS["site.schema.json"]).is_valid(site) is valid
