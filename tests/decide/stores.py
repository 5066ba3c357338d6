"""Stores that ask judge: DuckDB through a pipe, ClickHouse by its table function `executable` and a function of SQL.

Not among the tests of `make test`: the stores are a gigabyte, in the dependency group `stores`. `make stores` runs it.
"""

import json
import subprocess
import sys
from pathlib import Path

import chdb
import chdb.session
import duckdb

TIERWALL = Path(sys.executable).with_name("tierwall")
HOSTS = ["8x8.vc", "api.amplitude.com", "evil.example"]
EXPECTED = [["allow", None, "core"], ["deny", "tier-closed", "analytics"], ["deny", "unlisted", "none"]]
FUNCTION = """\
<functions>
  <function>
    <type>executable</type>
    <name>tierwall_verdict</name>
    <return_type>String</return_type>
    <return_name>verdict</return_name>
    <argument><type>String</type><name>host</name></argument>
    <argument><type>UInt16</type><name>port</name></argument>
    <format>JSONEachRow</format>
    <command>tierwall-8x8-core-only</command>
  </function>
</functions>
"""


def script(folder: Path) -> Path:
    """What a ClickHouse finds in its user_scripts."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "tierwall-8x8-core-only"
    path.write_text(f"#!/bin/sh\nexec {TIERWALL} decide --speak jsonl --site 8x8-core-only\n")
    path.chmod(0o755)
    return path


def test_duckdb_joins_verdicts_to_its_destinations(tmp_path: Path) -> None:
    database = duckdb.connect()
    database.sql(f"CREATE TABLE seen AS SELECT unnest({HOSTS}) AS host, 443 AS port")
    database.table("seen").distinct().project("host, port").create("asked")
    database.sql(f"COPY asked TO '{tmp_path}/asked.jsonl' (FORMAT json)")

    with (tmp_path / "asked.jsonl").open() as asked, (tmp_path / "verdicts.jsonl").open("w") as verdicts:
        command = [TIERWALL, "decide", "--speak", "jsonl", "--site", "8x8-core-only"]
        subprocess.run(command, stdin=asked, stdout=verdicts, check=True)

    found = database.sql(
        f"SELECT verdict, reason, tier FROM seen JOIN read_json_auto('{tmp_path}/verdicts.jsonl') AS said "  # noqa: S608
        "ON said.target = seen.host || ':' || seen.port ORDER BY seen.host"
    ).fetchall()
    assert [list(row) for row in found] == EXPECTED


def test_clickhouse_asks_by_its_table_function(tmp_path: Path) -> None:
    script(tmp_path / "store" / "user_scripts")
    store = chdb.session.Session(str(tmp_path / "store"))

    found = store.query(
        "SELECT verdict, reason, tier FROM executable('tierwall-8x8-core-only', JSONEachRow, "  # noqa: S608
        "'verdict String, reason Nullable(String), tier String', "
        f"(SELECT arrayJoin({HOSTS}) AS host, 443 AS port))",
        "JSONCompactEachRow",
    )

    assert [json.loads(line) for line in found.bytes().splitlines()] == EXPECTED


def test_clickhouse_asks_by_a_function_of_sql(tmp_path: Path) -> None:
    script(tmp_path)
    (tmp_path / "udf_config.xml").write_text(FUNCTION)

    found = chdb.query(
        f"SELECT tierwall_verdict(host, 443) FROM (SELECT arrayJoin({HOSTS}) AS host)",  # noqa: S608
        "TSV",
        udf_path=str(tmp_path),
    )

    assert found.bytes().split() == [b"allow", b"deny", b"deny"]
