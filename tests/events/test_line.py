"""An event is one safe line of at most 8 KiB that validates against the schema and reads back as it was."""

import json
import re
from importlib.resources import files

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from tests.events.material import ATTEMPT, DENIED, NOW, VALIDATOR, context
from tierwall import events
from tierwall.events import Context, Queries, Stage, parse, to_line
from tierwall.policy.attempt import Action, Attempt, GivenName, Impact, NameSource, Reason, Seen, Verdict
from tierwall.policy.limits import EVENT_OCTETS
from tierwall.policy.model import Evidence, Tier, Transport

UNSAFE = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")

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
        ('{"@timestamp": "20', "Input data was truncated"),
        ("{}", "Object missing required field `@timestamp`"),
        ("[]", "Expected `object`, got `array`"),
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
