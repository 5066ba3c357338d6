"""The pages under docs/ are whole and true: every key and field, examples that load, links that lead somewhere."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.docs.reading import ROOT, blocks, document, documents, everything, explained, links
from tierwall.events import Action, parse
from tierwall.loader import load_catalogue, load_site, site_names

SITES = document("docs/sites.md")
BEHAVIOURS = document("docs/behaviours.md")
VENDORS = document("docs/vendor-policies.md")
JOURNAL = document("docs/journal.md")


def _schema(name: str) -> dict[str, Any]:
    return json.loads(document(f"addon/tierwall/schemas/{name}.schema.json"))


def _forms(schema: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The schema itself and its definitions, as far as they have keys."""
    yield from (form for form in (schema, *schema.get("$defs", {}).values()) if "properties" in form)


def _keys(schema: dict[str, Any]) -> set[str]:
    return {key for form in _forms(schema) for key in form["properties"]}


def _fields(schema: dict[str, Any], form: dict[str, Any], before: str = "") -> Iterator[str]:
    """`event.action` and so on: the paths of an event's values; lists of objects count as one value."""
    for key, value in form["properties"].items():
        options = [value, *value.get("anyOf", ())]
        names = [option["$ref"].rpartition("/")[2] for option in options if "$ref" in option]
        inner = [schema["$defs"][name] for name in names if "properties" in schema["$defs"][name]]
        inner += [option for option in options if "properties" in option]
        if inner:
            yield from _fields(schema, inner[0], f"{before}{key}.")
        else:
            yield f"{before}{key}"


def _words(schema: dict[str, Any]) -> set[str]:
    """Every word of every enumeration."""
    found: set[str] = set()
    pending: list[object] = [schema]
    while pending:
        match pending.pop():
            case {"enum": [*words], **rest}:
                found |= {word for word in words if isinstance(word, str)}
                pending += rest.values()
            case dict() as inner:
                pending += inner.values()
            case list() as items:
                pending += items
    return found


@pytest.mark.parametrize(
    ("page", "schema"), [(f"{SITES}\n{BEHAVIOURS}", "site"), (VENDORS, "vendor")], ids=["sites", "vendors"]
)
def test_every_key_of_a_file_is_explained(page: str, schema: str) -> None:
    assert _keys(_schema(schema)) - explained(page) - _within_examples(page) == set()


def _within_examples(page: str) -> set[str]:
    """Small mappings that one line shows better than a row: an example has to use each of their keys."""
    example = "".join(blocks(page, "yaml"))
    return {key for key in ("behaviour", "scope", "except", "document", "section", "url") if f"{key}:" in example}


@pytest.mark.parametrize("schema", ["site", "vendor"])
def test_every_word_that_a_file_may_hold_is_in_the_documents(schema: str) -> None:
    text = everything()

    assert {word for word in _words(_schema(schema)) if f"`{word}`" not in text and word not in SITES} == set()


def test_every_field_of_an_event_is_explained() -> None:
    schema = _schema("event")

    assert set(_fields(schema, schema)) - explained(JOURNAL) == set()


def test_the_journals_page_shows_a_valid_event_of_each_action() -> None:
    shown = [parse(json.dumps(json.loads(block)).encode()).event.action for block in blocks(JOURNAL, "json")]

    assert sorted(shown) == sorted(Action)


@pytest.mark.parametrize("name", site_names())
def test_every_bundled_site_is_explained(name: str) -> None:
    assert name in explained(SITES)


def test_the_example_of_a_site_loads(tmp_path: Path) -> None:
    (example,) = blocks(SITES, "yaml")
    (tmp_path / "site.yaml").write_text(example, encoding="utf-8")
    (tmp_path / "acme-allowlist.txt").write_text("portal.acme.example\n", encoding="utf-8")

    assert load_site(str(tmp_path / "site.yaml"), load_catalogue([])).id == "acme"


def test_the_example_of_a_vendor_policy_loads(tmp_path: Path) -> None:
    example, other_ways = blocks(VENDORS, "yaml")
    assert other_ways.startswith("# Below the rules of a file of version 2")
    (tmp_path / "vendor.yaml").write_text(example, encoding="utf-8")

    assert "acme-meet" in {vendor.id for vendor in load_catalogue([tmp_path / "vendor.yaml"]).vendors}


@pytest.mark.parametrize("page", documents(), ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    text = page.read_text(encoding="utf-8")

    assert [target for target in links(text) if not (page.parent / target).exists()] == []


def test_the_picture_needs_nothing_from_elsewhere() -> None:
    picture = document("docs/console.svg")

    assert "url(http" not in picture
    assert "@import" not in picture
