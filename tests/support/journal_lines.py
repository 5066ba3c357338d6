"""Lines of a journal, for tests: whether they are fit to be seen, what they are about, and a denial as it has to be.

Knows the schema. Whose journal it is, and when a line comes, is running.py's.
"""

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

import jsonschema

from tierwall.events import Event, schema_text

_RAW_CONTROLS = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029]")
_VALIDATOR = jsonschema.Draft202012Validator(
    json.loads(schema_text()), format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER
)


def valid(line: str) -> dict[str, Any]:
    """The object on a journal line, which is fit to be seen by a terminal and is as the schema says."""
    assert _RAW_CONTROLS.search(line) is None, f"raw control characters: {line!r}"
    assert len(line.encode()) < 8 * 1024, "longer than a line may be"
    said: dict[str, Any] = json.loads(line)
    _VALIDATOR.validate(said)
    return said


def about(domain: str, action: str = "denied") -> Callable[[Event], bool]:
    """Holds for events of this action whose destination is this host, or this address."""

    def holds(event: Event) -> bool:
        there = event.destination
        return event.event.action == action and there is not None and domain in (there.domain, there.ip)

    return holds


def denial(domain: str, port: int, reason: str, *, stage: str, refusal: str | None, **more: Any) -> dict[str, Any]:
    """The whole event of a denial that breaks nothing documented; `more` are top-level fields, or `name_source`."""
    source = {"name_source": more.pop("name_source", "connect")}
    how = {} if refusal is None else {"refusal": refusal}
    return {
        "ecs": {"version": "8.17.0"},
        "event": {
            "kind": "event",
            "category": ["network"],
            "type": ["denied"],
            "action": "denied",
            "reason": reason,
        },
        "source": {"ip": "127.0.0.1"},
        "destination": {"domain": domain, "port": port},
        "network": {"transport": "tcp"},
        "observer": {"product": "tierwall"},
        "tierwall": {"tier": "none", "site": "lab", "stage": stage, **source, **how, "breaks": [], "near": []},
        **more,
    }


def whole(said: Mapping[str, Any]) -> dict[str, Any]:
    """An event without what differs from run to run (time, id, the client's port, our version), and without wording."""
    plain: dict[str, Any] = json.loads(json.dumps(said))
    del plain["@timestamp"], plain["event"]["id"], plain["observer"]["version"]
    plain.get("source", {}).pop("port", None)
    plain["event"].pop("duration", None)
    plain["tierwall"].pop("detail", None)
    return plain
