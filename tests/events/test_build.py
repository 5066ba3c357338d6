"""What an event says of each thing that can happen to an attempt."""

from datetime import UTC, datetime, timedelta, timezone
from ipaddress import IPv4Address

from msgspec import structs

from tests.events.material import ALLOWED, ATTEMPT, DENIED, NOW, as_json, context
from tierwall import __version__, events
from tierwall.events import ALL, ALWAYS, ClosedBy, Stage
from tierwall.events.build import timestamp
from tierwall.policy.attempt import Action, Attempt, GivenName, NameSource, Reason, Verdict
from tierwall.policy.model import Transport


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


def test_long_values_are_cut_and_marked() -> None:
    event = events.from_verdict(DENIED, ATTEMPT, context(user_agent="Mozilla " * 1000))

    assert event.user_agent is not None
    assert event.user_agent.original.endswith("Mozilla …[cut]")
    assert len(event.user_agent.original.encode()) <= 512


def test_nanoseconds_are_written_as_the_same_instant() -> None:
    now_ns = 1_795_226_584_567_890_123
    for ns in (0, 999_999, 1_000_000, now_ns, now_ns // 10**9 * 10**9 + 999_999_999):
        at = datetime.fromtimestamp(ns // 10**9, UTC) + timedelta(microseconds=ns // 1000 % 10**6)
        assert timestamp(ns) == timestamp(at)


def test_an_end_that_is_told_after_its_beginning_is_told_as_one_by_itself() -> None:
    began = events.from_verdict(ALLOWED, ATTEMPT, context(user_agent="curl/8", method="CONNECT"))

    again = events.closed_after(began, when=0, id="8", by=ClosedBy.SERVER, sent=5, received=6, duration=7)

    asked = context(user_agent="curl/8", method="CONNECT")
    alone = structs.replace(asked, when=0, id="8", stage=Stage.TUNNEL)
    assert again == events.closed(ALLOWED, ATTEMPT, alone, by=ClosedBy.SERVER, sent=5, received=6, duration=7)
