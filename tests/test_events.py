"""An event is one safe line of at most 8 KiB that validates against the schema and reads back as it was."""

import json
import re
from datetime import UTC, datetime, timedelta, timezone
from importlib.resources import files
from ipaddress import IPv4Address
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from tierwall import __version__, events
from tierwall.events import ALL, ALWAYS, ClosedBy, Context, Event, Queries, Stage, parse, redact_url, to_line, visible
from tierwall.policy.attempt import Action, Attempt, GivenName, Impact, NameSource, Reason, Seen, Verdict
from tierwall.policy.limits import EVENT_OCTETS
from tierwall.policy.model import Evidence, Tier, Transport

NOW = datetime(2026, 11, 21, 2, 3, 4, 567890, tzinfo=UTC)
VALIDATOR = Draft202012Validator(json.loads(events.schema_text()))
UNSAFE = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")

AMPLITUDE = Impact(
    vendor="8x8",
    service="analytics",
    tier=Tier.ANALYTICS,
    rule="api.amplitude.com",
    evidence=Evidence.STATED,
    source="8x8, Analytics",
    symptom="Users notice nothing.",
)
ATTEMPT = Attempt(
    transport=Transport.TCP,
    port=443,
    names=(GivenName(NameSource.CONNECT, "api.amplitude.com"), GivenName(NameSource.SNI, "api.amplitude.com")),
    seen=Seen.TLS,
)
DENIED = Verdict(
    action=Action.DENY,
    reason=Reason.TIER_CLOSED,
    tier=Tier.ANALYTICS,
    breaks=(AMPLITUDE,),
    name="api.amplitude.com",
    name_source=NameSource.CONNECT,
)
ALLOWED = Verdict(
    action=Action.ALLOW,
    tier=Tier.ANALYTICS,
    admitted_by="8x8/api.amplitude.com",
    breaks=(AMPLITUDE,),
    name="api.amplitude.com",
    name_source=NameSource.CONNECT,
)


def context(**more: Any) -> Context:
    return Context(when=NOW, id="7", stage=Stage.CONNECT, site="lab", client_ip="10.77.1.2", client_port=55312, **more)


def as_json(event: Event) -> Any:
    line = to_line(event)
    document = json.loads(line)
    VALIDATOR.validate(document)
    assert parse(line) == event
    return document


def test_a_denial_says_where_why_and_what_it_breaks() -> None:
    asked = context(refusal="403", url="http://x/?jwt=1", method="GET", user_agent="curl/8")

    assert as_json(events.from_verdict(DENIED, ATTEMPT, asked)) == {
        "@timestamp": "2026-11-21T02:03:04.567Z",
        "ecs": {"version": "8.17.0"},
        "event": {
            "kind": "event",
            "category": ["network"],
            "type": ["denied"],
            "action": "denied",
            "reason": "tier-closed",
            "id": "7",
        },
        "source": {"ip": "10.77.1.2", "port": 55312},
        "destination": {"domain": "api.amplitude.com", "port": 443},
        "network": {"transport": "tcp", "protocol": "tls"},
        "tls": {"client": {"server_name": "api.amplitude.com"}},
        "url": {"full": "http://x/?[redacted]"},
        "http": {"request": {"method": "GET"}},
        "user_agent": {"original": "curl/8"},
        "rule": {"name": "api.amplitude.com", "ruleset": "8x8", "category": "analytics"},
        "observer": {"product": "tierwall", "version": __version__},
        "tierwall": {
            "tier": "analytics",
            "site": "lab",
            "stage": "connect",
            "name_source": "connect",
            "refusal": "403",
            "breaks": [
                {
                    "vendor": "8x8",
                    "service": "analytics",
                    "tier": "analytics",
                    "rule": "api.amplitude.com",
                    "symptom": "Users notice nothing.",
                }
            ],
            "near": [],
        },
    }


def test_an_observing_site_writes_what_it_would_have_denied() -> None:
    verdict = Verdict(action=Action.ALLOW, reason=Reason.UNLISTED, name="evil.example", name_source=NameSource.CONNECT)

    document = as_json(events.from_verdict(verdict, ATTEMPT, context()))

    assert document["event"]["action"] == "would-deny"
    assert document["event"]["type"] == ["connection", "allowed"]
    assert "rule" not in document


def test_a_failed_dial_says_its_cause_and_what_breaks() -> None:
    document = as_json(events.failed(ALLOWED, ATTEMPT, context(), "connection refused"))

    assert (document["event"]["action"], document["event"]["reason"]) == ("failed", "unreachable")
    assert document["error"] == {"message": "connection refused"}
    assert [broken["service"] for broken in document["tierwall"]["breaks"]] == ["analytics"]


def test_what_a_behaviour_broke_names_the_behaviour() -> None:
    event = events.broken(
        ALLOWED, ATTEMPT, context(), reason=Reason.INSPECTION_REJECTED, behaviour="inspect-tls", detail="unknown_ca"
    )

    document = as_json(event)

    assert (document["event"]["action"], document["event"]["reason"]) == ("broken", "inspection-rejected")
    assert (document["tierwall"]["behaviour"], document["tierwall"]["detail"]) == ("inspect-tls", "unknown_ca")


def test_the_end_of_a_tunnel_says_how_much_how_long_and_who() -> None:
    event = events.closed(
        ALLOWED, ATTEMPT, context(), by=ClosedBy.SERVER, sent=10, received=20, duration=timedelta(seconds=1.5)
    )

    document = as_json(event)

    assert document["event"]["duration"] == 1_500_000_000
    assert (document["source"]["bytes"], document["destination"]["bytes"]) == (10, 20)
    assert document["tierwall"]["closed_by"] == "server"
    assert document["tierwall"]["breaks"] == []
    assert document["rule"]["ruleset"] == "8x8"


def test_an_address_is_no_domain_and_what_was_dialled_is_the_destination() -> None:
    literal = Attempt(
        transport=Transport.UDP, port=3478, names=(GivenName(NameSource.SOCKS, IPv4Address("192.0.2.1")),)
    )
    resolved = Attempt(
        transport=Transport.TCP,
        port=443,
        names=(GivenName(NameSource.CONNECT, "8x8.vc"),),
        dialled=IPv4Address("192.0.2.2"),
    )
    verdict = Verdict(action=Action.DENY, reason=Reason.ADDRESS_ONLY, name="192.0.2.1", name_source=NameSource.SOCKS)

    assert as_json(events.from_verdict(verdict, literal, context()))["destination"] == {"ip": "192.0.2.1", "port": 3478}
    assert as_json(events.from_verdict(ALLOWED, resolved, context()))["destination"] == {
        "domain": "8x8.vc",
        "ip": "192.0.2.2",
        "port": 443,
    }


def test_the_destination_is_the_name_that_decided() -> None:
    fronted = Attempt(
        transport=Transport.TCP,
        port=443,
        names=(GivenName(NameSource.CONNECT, "8x8.vc"), GivenName(NameSource.SNI, "evil.example")),
    )
    verdict = Verdict(action=Action.DENY, reason=Reason.NAME_MISMATCH, name="evil.example", name_source=NameSource.SNI)

    assert as_json(events.from_verdict(verdict, fronted, context()))["destination"]["domain"] == "evil.example"


def test_our_own_failure_denies_and_is_no_fault_of_the_files() -> None:
    document = as_json(events.error("RuntimeError: boom", context()))

    assert (document["event"]["action"], document["event"]["reason"]) == ("denied", "error")
    assert "destination" not in document


def test_a_fault_is_ours_and_has_no_connection() -> None:
    document = as_json(events.fault("site.yaml:3: unknown tier `coer`", Stage.CONFIG, when=NOW, id="1", site="lab"))

    assert document["event"]["category"] == ["configuration"]
    assert document["event"]["type"] == ["info"]
    assert document["error"]["message"] == "site.yaml:3: unknown tier `coer`"
    assert "source" not in document


def test_times_are_written_in_utc() -> None:
    elsewhere = NOW.astimezone(timezone(timedelta(hours=5, minutes=30)))

    event = events.fault("x", Stage.CONFIG, when=elsewhere, id="1")

    assert event.timestamp == "2026-11-21T02:03:04.567Z"
    assert event.when == NOW.replace(microsecond=567000)


def test_all_but_the_lasting_are_always_journalled() -> None:
    assert {action.value for action in ALL - ALWAYS} == {"allowed", "closed"}


hostile = st.text(st.characters(), max_size=3000) | st.text(alphabet='\x1b\x9b\u202e"\\\x00\ud800a…', max_size=3000)
impacts = st.builds(
    Impact,
    vendor=hostile,
    service=hostile,
    tier=st.sampled_from(Tier),
    rule=hostile,
    evidence=st.sampled_from(Evidence),
    source=st.just(""),
    symptom=hostile,
)


@given(
    texts=st.lists(hostile, min_size=12, max_size=12),
    breaks=st.lists(impacts, max_size=40).map(tuple),
    near=st.lists(impacts, max_size=40).map(tuple),
    stage=st.sampled_from(Stage),
)
def test_whatever_a_client_sends_is_one_safe_short_valid_line(
    texts: list[str], breaks: tuple[Impact, ...], near: tuple[Impact, ...], stage: Stage
) -> None:
    name, sni, site, refusal, url, method, agent, detail, cause, admitted, behaviour, id_ = texts
    attempt = Attempt(
        transport=Transport.TCP,
        port=443,
        names=(GivenName(NameSource.CONNECT, name), GivenName(NameSource.SNI, sni)),
        seen=Seen.TLS,
    )
    verdict = Verdict(action=Action.ALLOW, breaks=breaks, near=near, detail=detail, admitted_by=admitted, name=name)
    seen = Context(
        when=NOW,
        id=id_,
        stage=stage,
        site=site,
        client_ip="2001:db8::1",
        client_port=1,
        refusal=refusal,
        url=url,
        queries=Queries.KEPT,
        method=method,
        user_agent=agent,
    )
    for event in (
        events.failed(verdict, attempt, seen, cause),
        events.broken(verdict, attempt, seen, reason=Reason.BEHAVIOUR, behaviour=behaviour, detail=detail),
        events.fault(cause, stage, when=NOW, id=id_, site=site),
    ):
        line = to_line(event)
        assert len(line) <= EVENT_OCTETS
        assert line.endswith(b"\n")
        assert not UNSAFE.search(line.decode())
        assert line.count(b"\n") == 1
        VALIDATOR.validate(json.loads(line))
        read = parse(line)
        assert to_line(read) == line
        if read.tierwall.breaks_cut is None:
            assert read == event
        else:
            assert read.tierwall.breaks_cut + len(read.tierwall.breaks + read.tierwall.near) == len(breaks + near)


def test_the_near_go_before_the_breaks_and_the_first_break_stays() -> None:
    long = Impact(
        vendor="v", service="s", tier=Tier.CORE, rule="r", evidence=Evidence.STATED, source="", symptom="x" * 500
    )
    verdict = Verdict(action=Action.DENY, reason=Reason.TIER_CLOSED, breaks=(long,) * 10, near=(long,) * 10)

    ours = parse(to_line(events.from_verdict(verdict, ATTEMPT, context()))).tierwall

    assert (len(ours.breaks), ours.breaks_cut) == (10, 20 - 10 - len(ours.near))
    assert len(ours.near) < 10


def test_long_values_are_cut_and_marked() -> None:
    event = events.from_verdict(DENIED, ATTEMPT, context(user_agent="Mozilla " * 1000))

    assert event.user_agent is not None
    assert event.user_agent.original.endswith("Mozilla …[cut]")
    assert len(event.user_agent.original.encode()) <= 512


@pytest.mark.parametrize(
    ("url", "redacted"),
    [
        ("https://8x8.vc/room?jwt=eyJ&x=1#part", "https://8x8.vc/room?[redacted]"),
        ("https://user:secret@8x8.vc/", "https://8x8.vc/"),
        ("HTTP://a@b@c/?q", "HTTP://c/?[redacted]"),
        ("//user:p@x/", "//x/"),
        ("/path@here?token", "/path@here?[redacted]"),
        ("https://8x8.vc/#token=1", "https://8x8.vc/"),
        ("https://8x8.vc/a@b", "https://8x8.vc/a@b"),
        ("user:secret@proxy:443", "proxy:443"),
        (" http://user:secret@proxy/", " http://proxy/"),
        ("", ""),
    ],
)
def test_urls_lose_credentials_fragments_and_queries(url: str, redacted: str) -> None:
    assert redact_url(url) == redacted


def test_queries_are_kept_where_somebody_asked() -> None:
    assert redact_url("https://u@8x8.vc/?a=1#b", Queries.KEPT) == "https://8x8.vc/?a=1"


def test_what_a_terminal_acts_on_is_spelled_out() -> None:
    assert visible("a\x1b[31m\u202eé\n") == r"a\x1b[31m\u202eé\x0a"


def test_keys_of_a_later_version_are_ignored() -> None:
    event = events.from_verdict(DENIED, ATTEMPT, context())
    document = json.loads(to_line(event))
    document["tierwall"]["mood"] = "good"
    document["labels"] = {"a": 1}

    assert parse(json.dumps(document)) == event
    assert not VALIDATOR.is_valid(document)


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ('{"@timestamp": "20', "Invalid JSON"),
        ("{}", "@timestamp: Field required"),
        ("[]", "Input should be an object"),
    ],
)
def test_a_line_that_is_no_event_is_said_in_a_sentence(line: str, why: str) -> None:
    with pytest.raises(ValueError, match=re.escape(why)):
        parse(line)


def test_the_schema_that_ships_is_that_of_the_code() -> None:
    """If not: `python -m tierwall.events`."""
    shipped = files("tierwall") / "schemas" / "event.schema.json"

    assert shipped.read_text(encoding="utf-8") == events.schema_text()
    Draft202012Validator.check_schema(json.loads(events.schema_text()))
