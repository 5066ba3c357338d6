"""The queries that group a log come to the same as reading it, in the stores themselves.

Not among the tests of `make test`: the stores are a gigabyte, in the dependency group `stores`. `make stores` runs it.
"""

from pathlib import Path

import chdb
import duckdb
import pytest

from tests.audit.logs import CATALOGUE, squid, tallied
from tierwall.audit.files import Lines
from tierwall.audit.grouping import Store, query
from tierwall.audit.interest import Interest
from tierwall.audit.tally import Adding, Tally, Window
from tierwall.records.record import Statement

LINES = [
    squid("8x8.vc:443", "TCP_TUNNEL/200", at=1764230400),
    squid("8x8.vc:443", "TCP_TUNNEL/200", at=1764230500),
    squid("api.amplitude.com:443", at=1764230401),
    squid("8x8.vc:443", "TCP_DENIED/407", at=1764230402),
    "1764230404.758    299 10.20.0.8 TCP_MISS/403 1448 GET http://vevox.app/a?b=c user HIER_DIRECT/192.0.2.4 text/html",
    "1764230405.685     46 10.20.0.9 NONE_NONE/200 0 CONNECT lab.vevox.com:443 - HIER_DIRECT/203.0.113.12 -",
    "rubbish",
]


def counted(tally: Tally) -> dict[Statement, tuple[int, float | None, float | None]]:
    return {statement: (count.lines, count.first, count.last) for statement, count in tally.statements.items()}


def grouped(folder: Path) -> dict[Statement, tuple[int, float | None, float | None]]:
    adding = Adding(Tally(), Interest(CATALOGUE, keep_all=True), Window())
    reading = Lines("distinct.jsonl", adding)
    reading.block((folder / "distinct.jsonl").read_bytes())
    reading.end()
    adding.settle()
    return counted(adding.tally)


EXPECTED = counted(tallied(LINES[:-1], Interest(CATALOGUE, keep_all=True)))


def test_duckdb_groups_to_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "access.log").write_text("\n".join(LINES) + "\n")
    monkeypatch.chdir(tmp_path)

    duckdb.sql(query(Store.DUCKDB))

    assert grouped(tmp_path) == EXPECTED


def test_clickhouse_groups_to_the_same(tmp_path: Path) -> None:
    log = tmp_path / "access.log"
    log.write_text("\n".join(LINES) + "\n")
    table = f"(SELECT line FROM file('{log}', LineAsString, 'line String'))"  # noqa: S608 - our own file

    result = chdb.query(query(Store.CLICKHOUSE).replace("FROM squid", f"FROM {table}"))

    (tmp_path / "distinct.jsonl").write_bytes(result.bytes())
    assert grouped(tmp_path) == EXPECTED
