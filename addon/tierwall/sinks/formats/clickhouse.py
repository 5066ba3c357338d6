"""Rows for ClickHouse (`FORMAT JSONEachRow`), and the table that takes them.

Knows columns. The whole event stands in `raw`, so that what has no column is not lost.
"""

from collections.abc import Sequence
from typing import Final

import msgspec

from tierwall.events import Event
from tierwall.sinks.entry import Entry

CONTENT_TYPE: Final = "application/x-ndjson"
TABLE: Final = "tierwall_events"
_ENCODER: Final = msgspec.json.Encoder()
_NO_ADDRESS: Final = "::"

DDL: Final = f"""\
CREATE TABLE IF NOT EXISTS {TABLE}
(
    ts DateTime64(3, 'UTC'),
    id String,
    action LowCardinality(String),
    reason LowCardinality(String),
    site LowCardinality(String),
    revision LowCardinality(String),
    stage LowCardinality(String),
    tier Enum8('none' = 0, 'analytics' = 1, 'auxiliary' = 2, 'core' = 3),
    vendor LowCardinality(String),
    domain String,
    ip IPv6,
    port UInt16,
    client IPv6,
    behaviour LowCardinality(String),
    sent UInt64,
    received UInt64,
    duration_ns UInt64,
    breaks Nested(vendor LowCardinality(String), service String, tier LowCardinality(String), rule String),
    raw String CODEC(ZSTD(3))
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(ts)
ORDER BY (site, tier, ts)
TTL toDateTime(ts) + INTERVAL 90 DAY
SETTINGS non_replicated_deduplication_window = 1000;
"""
"""The window makes a batch that is sent again no second batch (clickhouse.com/docs, insert_deduplication_token)."""


def request(entries: Sequence[Entry]) -> bytes:
    """A row a line."""
    return b"".join(_ENCODER.encode(_row(entry)) + b"\n" for entry in entries)


def query(table: str) -> str:
    """What the rows are the body of."""
    return f"INSERT INTO {table} FORMAT JSONEachRow"


def token(entries: Sequence[Entry]) -> str:
    """The same for the same batch."""
    return f"{entries[0].id}.{len(entries)}.{entries[-1].id}"


def _row(entry: Entry) -> dict[str, object]:
    event = entry.event
    ours, to, client = event.tierwall, event.destination, event.source
    return {
        "ts": event.timestamp[:23].replace("T", " ").rstrip("Z"),
        "id": event.event.id,
        "action": event.action,
        "reason": event.event.reason or "",
        "site": ours.site or "",
        "revision": _revision(event),
        "stage": ours.stage,
        "tier": ours.tier,
        "vendor": "" if event.rule is None else event.rule.ruleset,
        "domain": "" if to is None else to.domain or "",
        "ip": _six(None if to is None else to.ip),
        "port": 0 if to is None else to.port,
        "client": _six(None if client is None else client.ip),
        "behaviour": ours.behaviour or "",
        "sent": (client and client.bytes) or 0,
        "received": (to and to.bytes) or 0,
        "duration_ns": event.event.duration or 0,
        "breaks.vendor": [each.vendor for each in ours.breaks],
        "breaks.service": [each.service for each in ours.breaks],
        "breaks.tier": [each.tier for each in ours.breaks],
        "breaks.rule": [each.rule for each in ours.breaks],
        "raw": entry.line.decode(),
    }


def _revision(event: Event) -> str:
    return event.tierwall.revision or ""


def _six(address: str | None) -> str:
    """As an IPv6 column takes it: IPv4 mapped (RFC 4291 section 2.5.5.2), and no zone."""
    if address is None:
        return _NO_ADDRESS
    return f"::ffff:{address}" if ":" not in address else address.partition("%")[0]
