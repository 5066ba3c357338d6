"""A result is a file that somebody sent: whatever is in it, it is explained or not, and the site that is made loads."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tierwall.diagnosis import diagnose
from tierwall.diagnosis.site_text import site_text, users_of
from tierwall.loader import load_catalogue, load_site
from tierwall.probe.result_file import NotAResult, from_json
from tierwall.probe.values import State

CATALOGUE = load_catalogue(())
WHATS = (
    *("dns", "tcp", "connect", "proxy-asks", "open", "tls", "tls-hello-one", "tls-hello-segments", "tls-no-name"),
    *("tls-other-address", "http", "websocket", "opaque", "stun", "turn-udp", "turn-tcp", "turn-tls", "http3", "hold"),
    *("busy", "moved", "clock", "place"),
)
SAWS = (
    *("answer", "nxdomain", "sinkhole", "private", "407", "403", "501", "302", "200", "101", "reset", "eof", "silence"),
    *("untrusted", "public", "answered", "old-only", "new-only", "neither", "alive", "slept", "504"),
)
TARGETS = (
    *("vevox.app:443", "help.vevox.com:443", "8x8.vc:443", "8x8.vc:443/udp", "168.138.110.244:443/udp", "8x8.vc:80"),
    "vevox.app",
)
KEYS = (
    *("address", "addresses", "location", "realm", "scheme", "issuer", "version", "alpn", "octets", "head_ms"),
    *("first_ms", "last_ms", "bits_per_s", "silent_s", "after_s", "lived_s", "samples", "least_ms", "q1_ms", "q3_ms"),
    "deviation_ms",
)
TEXT = st.one_of(st.text(max_size=12), st.sampled_from(["http://[", "TLSv1.2", "198.51.100.9", "\n- x: [", "true"]))
VALUE = st.one_of(
    TEXT,
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.lists(TEXT, max_size=2),
    st.none(),
    st.dictionaries(TEXT, TEXT),
)
CHECK = st.fixed_dictionaries(
    {
        "what": st.sampled_from(WHATS),
        "target": st.one_of(st.sampled_from(TARGETS), TEXT),
        "state": st.sampled_from([state.value for state in State]),
        "saw": st.one_of(st.sampled_from(SAWS), TEXT),
        "vendor": st.sampled_from(["vevox", "8x8", "", "nobody"]),
        "service": st.sampled_from(["content", "meetings", "nothing"]),
        "tier": st.sampled_from(["core", "analytics", "", "x"]),
        "detail": st.dictionaries(st.sampled_from(KEYS), VALUE, max_size=6),
    }
)


@settings(max_examples=300)
@given(st.lists(CHECK, max_size=14), st.booleans())
def test_no_result_breaks_it(checks: list[dict[str, Any]], proxied: bool) -> None:
    text = json.dumps({"probe": 1, "checks": checks, "proxy": {"used": "http://p:1" if proxied else "none"}})
    try:
        result = from_json(text)
    except NotAResult:
        return  # a number that is none

    diagnosed = diagnose([result], CATALOGUE)

    assert json.loads(json.dumps(diagnosed.to_json(), allow_nan=False))["undecided"] is not None
    assert site_text(diagnosed, "customer", CATALOGUE, ["result.json"]).isascii()


@settings(max_examples=60)
@given(st.lists(CHECK, min_size=1, max_size=8))
def test_the_site_that_is_written_loads(tmp_path_factory: Any, checks: list[dict[str, Any]]) -> None:
    try:
        diagnosed = diagnose([from_json(json.dumps({"probe": 1, "checks": checks}))], CATALOGUE)
    except NotAResult:
        return
    folder: Path = tmp_path_factory.mktemp("site")
    (folder / "customer.yaml").write_text(site_text(diagnosed, "customer", CATALOGUE))
    if users := users_of(diagnosed):
        (folder / "customer.users").write_text(users)

    assert load_site(str(folder / "customer.yaml"), CATALOGUE).id == "customer"


HOSTILE: dict[str, list[dict[str, Any]]] = {
    "a name with a line feed": [
        {"what": "dns", "target": "vevox.app", "state": "works", "saw": "answer"},
        {"what": "dns", "target": "x\n - y", "state": "broken", "saw": "nxdomain"},
    ],
    "a sinkhole that is no address": [
        {"what": "dns", "target": "vevox.app", "state": "works", "saw": "answer"},
        {
            "what": "dns",
            "target": "8x8.vc",
            "state": "broken",
            "saw": "sinkhole",
            "detail": {"addresses": ["nonsense"]},
        },
    ],
    "a portal that is no host": [
        {"what": "http", "target": "8x8.vc:80", "state": "broken", "saw": "302", "detail": {"location": "http://a_!/"}},
        {"what": "tls", "target": "vevox.app:443", "state": "broken", "saw": "reset"},
    ],
    "a realm with an escape": [
        {"what": "connect", "target": "8x8.vc:443", "state": "broken", "saw": "407", "detail": {"realm": "a\x1b[2J\n"}},
    ],
    "a port that is none": [
        {"what": "connect", "target": "8x8.vc:99999", "state": "works", "saw": "200"},
        {"what": "connect", "target": "8x8.vc:443", "state": "works", "saw": "200"},
        {"what": "connect", "target": "8x8.vc:80", "state": "broken", "saw": "403"},
    ],
    "silences that nobody measured": [
        {"what": "hold", "target": "8x8.vc:443", "state": "broken", "saw": "reset", "detail": {"after_s": seconds}}
        for seconds in (0, -5, 1e14)
    ],
    "rates and delays that nobody measured": [
        {"what": "http", "target": "8x8.vc:443", "state": "works", "saw": "200", "detail": {"bits_per_s": 0.1}},
        {
            "what": "busy",
            "target": "8x8.vc:443",
            "state": "works",
            "saw": "alive",
            "detail": {"samples": 500, "least_ms": 1e8, "q1_ms": 0, "q3_ms": 1e8, "deviation_ms": 1e7},
        },
    ],
}


@pytest.mark.parametrize("sentence", HOSTILE)
def test_what_nobody_can_have_measured_makes_no_site_that_does_not_load(tmp_path: Path, sentence: str) -> None:
    of = {"vendor": "8x8", "service": "meetings", "tier": "core"}
    text = json.dumps({"probe": 1, "checks": [check | of for check in HOSTILE[sentence]]})
    site = tmp_path / "customer.yaml"

    diagnosed = diagnose([from_json(text)], CATALOGUE)
    site.write_text(site_text(diagnosed, "customer", CATALOGUE))
    (tmp_path / "customer.users").write_text(users_of(diagnosed) or "")

    assert load_site(str(site), CATALOGUE).id == "customer"
