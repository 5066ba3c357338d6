"""Lines of an exported Envoy's access log, as Envoy 1.40 wrote them in `make fleet`."""

import json

TIME = "2026-11-27T19:23:36.053Z"


def line(seam: str, **fields: object) -> bytes:
    """One of them; what is not given is what a connection without faults has."""
    said = {"tierwall": seam, "site": "8x8-core-only", "time": TIME, "client": "10.99.0.2:55872", "flags": "-", "ms": 4}
    return json.dumps(said | {"sent": 0, "received": 0} | fields).encode()


def rule(title: str) -> str:
    """How Envoy says that a rule closed it."""
    return f"rbac_access_denied_matched_policy[{title}]"
