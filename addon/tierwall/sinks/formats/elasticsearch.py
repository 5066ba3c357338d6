"""The `_bulk` API of Elasticsearch and OpenSearch, and the index templates of both.

`_id` is the event's id, and every line is a `create`: what was taken before answers 409, so that sending it again makes
no second document (elastic.co/guide, "Bulk API"; the same in docs.opensearch.org).
"""

from collections.abc import Sequence
from typing import Any, Final

import msgspec

from tierwall.sinks.entry import TAKEN, Entry, NotNow, Outcome

CONTENT_TYPE: Final = "application/x-ndjson"
_THERE_ALREADY: Final = 409
_BUSY: Final = frozenset({429, 500, 502, 503, 504})
_KEYWORD: Final = {"type": "keyword", "ignore_above": 1024}
_BREAK: Final = dict.fromkeys(("vendor", "service", "tier", "rule"), _KEYWORD) | {
    "symptom": {"type": "keyword", "index": False, "doc_values": False}
}


def request(entries: Sequence[Entry]) -> bytes:
    """The lines of one bulk request."""
    return b"".join(b'{"create":{"_id":%b}}\n%b\n' % (msgspec.json.encode(entry.id), entry.line) for entry in entries)


def outcome(body: bytes, entries: Sequence[Entry]) -> Outcome:
    """Of a 200, item by item. Raises NotNow where the answer is none of a bulk request."""
    try:
        said = msgspec.json.decode(body)
        if not said["errors"]:
            return TAKEN
        items = [next(iter(item.values())) for item in said["items"]]
        statuses = [(int(item["status"]), item.get("error")) for item in items]
    except (msgspec.DecodeError, LookupError, TypeError, AttributeError, ValueError, StopIteration):
        raise NotNow(f"its answer is none to a bulk request: {body[:200]!r}") from None
    if len(statuses) != len(entries):
        raise NotNow(f"it answers {len(statuses)} items to {len(entries)}")
    refused = [error for status, error in statuses if status >= 400 and status not in _BUSY | {_THERE_ALREADY}]
    again = tuple(entry for entry, (status, _) in zip(entries, statuses, strict=True) if status in _BUSY)
    return Outcome(refused=len(refused), why=_said(refused[-1]) if refused else "", again=again)


def template(*, opensearch: bool) -> dict[str, object]:
    """The index template of the data streams `logs-tierwall.events-*`: explicit types, nothing dynamic."""
    settings = {"index.mapping.total_fields.limit": 500}
    properties = _properties("flat_object" if opensearch else "flattened")
    whole: dict[str, object] = {
        "index_patterns": ["logs-tierwall.events-*"],
        "data_stream": {},
        "priority": 200,  # before Elasticsearch's own logs-*-*, which has 100
        "template": {"settings": settings, "mappings": {"dynamic": False, "properties": properties}},
    }
    return whole


def _said(error: object) -> str:
    if isinstance(error, dict):
        return f"{error.get('type', '')}: {error.get('reason', '')}"
    return str(error)


def _properties(flat: str) -> dict[str, Any]:
    keyword, count, ip = _KEYWORD, {"type": "long"}, {"type": "ip"}

    def under(**fields: object) -> dict[str, object]:
        return {"properties": fields}

    return {
        "@timestamp": {"type": "date"},
        "message": {"type": "text"},
        "ecs": under(version=keyword),
        "event": under(
            kind=keyword,
            category=keyword,
            type=keyword,
            action=keyword,
            reason=keyword,
            id=keyword,
            duration=count,
        ),
        "source": under(ip=ip, port=count, bytes=count),
        "destination": under(domain=keyword, ip=ip, nat=under(ip=ip), port=count, bytes=count),
        "network": under(transport=keyword, protocol=keyword),
        "tls": under(client=under(server_name=keyword)),
        "url": under(full={"type": "wildcard"} if flat == "flattened" else keyword),
        "http": under(request=under(method=keyword)),
        "user_agent": under(original=keyword),
        "rule": under(name=keyword, ruleset=keyword, category=keyword),
        "error": under(message={"type": "text"}),
        "observer": under(product=keyword, version=keyword),
        "tierwall": under(
            tier=keyword,
            site=keyword,
            revision=keyword,
            stage=keyword,
            name_source=keyword,
            refusal=keyword,
            detail=keyword,
            admitted_by=keyword,
            behaviour=keyword,
            closed_by=keyword,
            breaks={"type": "nested", "properties": _BREAK},
            near={"type": flat},
            breaks_cut=count,
        ),
    }
