"""What an event says of each thing that can happen to an attempt."""

from datetime import timedelta

from msgspec import structs

from tests.events.material import ALLOWED, ATTEMPT, DENIED, NOW, as_json, context
from tierwall import __version__, events
from tierwall.events import ALL, ALWAYS, ClosedBy, Stage
from tierwall.policy.attempt import Action, NameSource, Reason, Verdict


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


def test_all_but_the_lasting_are_always_journalled() -> None:
    assert {action.value for action in ALL - ALWAYS} == {"allowed", "closed"}


def test_long_values_are_cut_and_marked() -> None:
    event = events.from_verdict(DENIED, ATTEMPT, context(user_agent="Mozilla " * 1000))

    assert event.user_agent is not None
    assert event.user_agent.original.endswith("Mozilla …[cut]")
    assert len(event.user_agent.original.encode()) <= 512


def test_an_end_that_is_told_after_its_beginning_is_told_as_one_by_itself() -> None:
    began = events.from_verdict(ALLOWED, ATTEMPT, context(user_agent="curl/8", method="CONNECT"))

    again = events.closed_after(began, when=0, id="8", by=ClosedBy.SERVER, sent=5, received=6, duration=7)

    asked = context(user_agent="curl/8", method="CONNECT")
    alone = structs.replace(asked, when=0, id="8", stage=Stage.TUNNEL)
    assert again == events.closed(ALLOWED, ATTEMPT, alone, by=ClosedBy.SERVER, sent=5, received=6, duration=7)
