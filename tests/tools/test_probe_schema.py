"""The schema of a probe's result is that of the code, and what is written keeps to it."""

import json

import pytest
from jsonschema import Draft202012Validator

from tests.diagnosis.measured import result
from tests.diagnosis.test_table import CASES
from tierwall.probe.result_file import to_json
from tools.probe_schema import FILE, schema_text
from tools.schemas import FOLDER

SCHEMA = Draft202012Validator(json.loads(schema_text()))


def test_the_checked_in_file_is_fresh() -> None:
    stale = f"{FILE} is stale: run `make schemas`, or python -m tools.probe_schema"

    assert (FOLDER / FILE).read_text(encoding="utf-8") == schema_text(), stale


@pytest.mark.parametrize("sentence", CASES)
def test_what_is_written_keeps_to_it(sentence: str) -> None:
    checks, proxy, _ = CASES[sentence]

    assert list(SCHEMA.iter_errors(json.loads(to_json(result(*checks, proxy=proxy))))) == []
