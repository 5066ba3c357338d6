"""Queries that group a log where it lies -> distinct destinations with counts, for `tierwall audit distinct.jsonl`.

Knows the query languages of three stores. What Squid's words mean is not written twice: the query hands the words over,
and records/distinct.py asks records/proxies/squid_verdict.py.
"""

from enum import StrEnum
from typing import Final


class Store(StrEnum):
    """Where the log lies."""

    CLICKHOUSE = "clickhouse"
    DUCKDB = "duckdb"
    ELASTICSEARCH = "elasticsearch"


_LINE: Final = (
    r"^(\d{9,10}\.\d{3}) +-?\d+ \S+ ([A-Z_]+/\d{3}) -?\d+ ([A-Z-]+) "
    r"((?:[a-z][a-z0-9+.-]*://)?[^/?#\s]*)\S* \S+ ([A-Z_]+)/"
)
"""Time, result code and status, method, scheme and authority, hierarchy code: as records/proxies/squid.py has them."""

_CLICKHOUSE: Final = """\
-- tierwall audit: Squid's native log -> distinct destinations with counts.
-- Put your table in place of `squid` and its column in place of `line`, and add `WHERE` as you like, then:
--   clickhouse-client --query "$(tierwall audit --print-sql clickhouse)" > distinct.jsonl
--   tierwall audit distinct.jsonl
WITH extractGroups(line, '{line}') AS part
SELECT
    part[2] AS result, part[3] AS method, part[4] AS url, part[5] AS hierarchy, count() AS lines,
    min(toFloat64(part[1])) AS first, max(toFloat64(part[1])) AS last
FROM squid
WHERE length(part) = 5
GROUP BY result, method, url, hierarchy
FORMAT JSONEachRow
SETTINGS output_format_json_quote_64bit_integers = 0
"""

_DUCKDB: Final = """\
-- tierwall audit: Squid's native log -> distinct destinations with counts.
-- Put your files in place of `access.log*`, then:
--   duckdb -c "$(tierwall audit --print-sql duckdb)"
--   tierwall audit distinct.jsonl
COPY (
    WITH parts AS (
        SELECT regexp_extract(line, '{line}', ['time', 'result', 'method', 'url', 'hierarchy']) AS part
        FROM read_csv(
            'access.log*', columns = {{'line': 'VARCHAR'}}, delim = '\\x01', quote = '', escape = '', header = false
        )
    )
    SELECT
        part.result AS result, part.method AS method, part.url AS url, part.hierarchy AS hierarchy, count(*) AS lines,
        min(CAST(part.time AS DOUBLE)) AS first, max(CAST(part.time AS DOUBLE)) AS last
    FROM parts
    WHERE part.result <> ''
    GROUP BY ALL
) TO 'distinct.jsonl' (FORMAT json)
"""

_ELASTICSEARCH: Final = """\
// tierwall audit: events with the Elastic Common Schema's fields -> distinct destinations with counts (ES|QL).
// Put your index in place of `logs-*`. The answer is columns and rows; this makes lines of it:
//   curl -s "$ELASTIC/_query?format=json" -H 'Content-Type: application/json' \\
//     -d "$(jq -n --arg query "$(tierwall audit --print-sql elasticsearch)" '{query: $query}')" |
//   jq -c '[.columns[].name] as $names | .values[] | [$names, .] | transpose | map({(.[0]): .[1]}) | add' \\
//     > distinct.jsonl
//   tierwall audit distinct.jsonl
FROM logs-*
| WHERE event.type IN ("allowed", "denied")
| EVAL host = COALESCE(destination.domain, url.domain), address = destination.ip::keyword
| STATS lines = COUNT(*), first = MIN(@timestamp), last = MAX(@timestamp)
    BY host, address, port = destination.port, transport = network.transport, decision = event.type
| LIMIT 10000
"""


def query(store: Store) -> str:
    """The query, with what to do with it as comments at its top."""
    match store:
        case Store.CLICKHOUSE:
            return _CLICKHOUSE.format(line=_LINE.replace("\\", "\\\\"))
        case Store.DUCKDB:
            return _DUCKDB.format(line=_LINE)
        case Store.ELASTICSEARCH:
            return _ELASTICSEARCH
