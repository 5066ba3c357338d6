"""The schema of `audit --json` is that of the code, and what is printed keeps to it."""

import json

import pytest
from jsonschema import Draft202012Validator

from tests.audit.logs import CATALOGUE, audited, squid
from tierwall.audit.judging import Question
from tierwall.loader import load_site
from tierwall.report.audit import as_json
from tools.audit_schema import FILE, schema_text
from tools.schemas import FOLDER

SCHEMA = Draft202012Validator(json.loads(schema_text()))
LINES = [
    squid("api.amplitude.com:443"),
    squid("8x8.vc:443", "TCP_TUNNEL/200"),
    squid("lab.vevox.com:443", "TCP_DENIED/407"),
    squid("vevox.app:443", "TCP_TUNNEL/503"),
    squid("168.138.110.244:443"),
    squid("other.example:443", "NONE_NONE/200"),
    "rubbish",
]


def test_the_checked_in_file_is_fresh() -> None:
    stale = f"{FILE} is stale: run `make schemas`, or python -m tools.audit_schema"

    assert (FOLDER / FILE).read_text(encoding="utf-8") == schema_text(), stale


@pytest.mark.parametrize("site", [None, "8x8-core-only"])
def test_what_is_printed_keeps_to_it(site: str | None) -> None:
    question = Question(
        pseudonym=str, site=None if site is None else load_site(site, CATALOGUE), partial=site is not None
    )

    printed = json.loads(as_json(audited(LINES, question)))

    assert list(SCHEMA.iter_errors(printed)) == []
    assert {"broken", "auth", "error", "works", "not_seen", "to_add", "unexplained"} <= printed.keys()
    assert ("as_site" in printed) is (site is not None)
