"""The queries that group a log where it lies: what they say, and that what they answer is read.

`make stores` puts them to DuckDB and ClickHouse themselves (stores.py).
"""

import json

import pytest

from tests.audit.logs import CATALOGUE, tallied
from tierwall.audit.grouping import Store, query
from tierwall.audit.interest import Interest


@pytest.mark.parametrize("store", Store)
def test_every_query_says_what_to_do_with_it(store: Store) -> None:
    assert "tierwall audit distinct.jsonl" in query(store)


def test_what_elasticsearch_answers_is_read() -> None:
    line = {
        "lines": 3,
        "first": "2026-11-27T08:00:00.000Z",
        "last": "2026-11-27T09:00:00.000Z",
        "host": "8x8.vc",
        "address": None,
        "port": 443,
        "transport": "tcp",
        "decision": "allowed",
    }

    (found,) = tallied([json.dumps(line)], Interest(CATALOGUE, keep_all=True)).statements.items()

    assert (found[0].decision, found[1].lines) == ("allowed", 3)
