"""Results of each kind, small: what `audit`, `probe`, `diagnose` and `reproduce` print, and a journal."""

import json
from typing import Final

from tests.report.scene import scene
from tierwall.events import to_line
from tierwall.report.seal import sealed

JOURNAL: Final = b"".join(map(to_line, scene()))
PROBE: Final = {
    "probe": 1,
    "when": "2026-11-27T18:00:00Z",
    "system": {"os": "Linux", "hostname": "acme-lt-17"},
    "proxy": "http://jane:secret@10.1.2.3:8080",
    "checks": [
        {
            "vendor": "8x8",
            "service": "turn-relay",
            "tier": "core",
            "what": "stun",
            "target": "168.138.110.244:443/udp",
            "state": "broken",
            "saw": "silent",
            "ms": 3000,
            "detail": "acme-lt-17 sent three datagrams",
        },
        {
            "vendor": "8x8",
            "service": "meetings",
            "tier": "core",
            "what": "tls",
            "target": "8x8.vc:443",
            "state": "works",
        },
        {"vendor": "8x8", "service": "jaas", "tier": "core", "what": "tls", "target": "8x8.vc:443", "state": "not-run"},
    ],
}
DIAGNOSIS: Final = {
    "diagnoses": [
        {"behaviour": "no-udp", "services": ["8x8/turn-relay"], "for": ["UDP is silent"], "against": [], "rank": 1}
    ],
    "undecided": [{"between": ["no-udp", "stall"], "next": "tierwall probe --hold 60s"}],
}
AUDIT: Final = {
    "sources": [{"file": "/home/jane/access.log", "format": "squid", "lines": 3, "read": 3, "unread": 0}],
    "totals": {"records": 3, "allowed": 1, "denied": 2, "auth": 0, "error": 0, "unknown": 0},
    "broken": [
        {
            "vendor": "8x8",
            "tier": "core",
            "service": "meetings",
            "symptom": "No meetings.",
            "destinations": [
                {
                    "host": "8x8.vc",
                    "port": 443,
                    "transport": "tcp",
                    "denied": 2,
                    "allowed": 0,
                    "auth": 0,
                    "error": 0,
                    "first": "2026-11-26T08:00:00Z",
                    "last": "2026-11-26T09:00:00Z",
                    "words": ["TCP_DENIED/403"],
                    "clients": ["client-00000001"],
                }
            ],
        }
    ],
    "works": [{"vendor": "vevox", "tier": "core", "service": "content", "allowed": 1, "destinations": 1}],
    "not_seen": [{"vendor": "zoom", "tier": "core", "service": "meetings"}],
    "to_add": [{"entry": "8x8.vc", "ports": ["tcp/443"], "dialect": "squid", "serves": ["8x8/meetings"]}],
}
ROW: Final = {
    "service": "native-attendee",
    "tier": "core",
    "pattern": "tls session, held",
    "before": "works",
    "now": "broken",
    "broke": ["dpi-https-only"],
    "symptom": "No native apps.",
    "saw": ["reset"],
    "places": ["apps.vevox.app:443"],
    "tried": 1,
}
REPRODUCTION: Final = sealed(
    {
        "reproduce": 1,
        "version": "0.1.0",
        "when": "2026-11-27T18:00:00Z",
        "vendor": "vevox",
        "site": "dpi-https-only",
        "dialect": "literal",
        "rows": [ROW],
        "not_shown": [{"behaviour": "no-udp", "why": "no root"}],
        "events": [json.loads(line) for line in JOURNAL.splitlines()[3:4]],
        "again": "tierwall reproduce --site dpi-https-only --vendor vevox",
    }
)


def octets(value: object) -> bytes:
    """As a command prints it."""
    return json.dumps(value, indent=2).encode()
