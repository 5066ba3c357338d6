"""A draft's line is, octet for octet, that of the event which it stands for; and its fields are that event's."""

import dataclasses
import json
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.test_events import ALLOWED, ATTEMPT, DENIED, VALIDATOR
from tierwall.events import ClosedBy, Context, Drafts, Ending, Event, Stage, closed, from_verdict, parse, to_line
from tierwall.events.build import timestamp
from tierwall.events.line_template import FORMS, Draft
from tierwall.policy.attempt import Action, Attempt, GivenName, Impact, NameSource, Reason, Seen, Verdict
from tierwall.policy.limits import EVENT_OCTETS
from tierwall.policy.model import Evidence, Tier, Transport

NOW_NS = 1_795_226_584_567_890_123
ENDING = Ending(by=ClosedBy.SERVER, sent=10, received=20, duration_ns=1_500_000_000)


def context(number: int = 7, **more: Any) -> Context:
    usual: dict[str, Any] = {"site": "lab", "client_ip": f"10.77.1.{number}", "client_port": 50_000 + number}
    return Context(when=NOW_NS + number * 10**9, id=f"run-{number}", stage=Stage.CONNECT, **(usual | more))


def whole(verdict: Verdict, attempt: Attempt, seen: Context, ending: Ending | None) -> Event:
    """The same without a draft."""
    if ending is None:
        return from_verdict(verdict, attempt, seen)
    return closed(
        verdict,
        attempt,
        seen,
        by=ending.by,
        sent=ending.sent,
        received=ending.received,
        duration=ending.duration_ns,
    )


def made(drafts: Drafts, verdict: Verdict, attempt: Attempt, seen: Context, ending: Ending | None) -> Event:
    if ending is None:
        return drafts.decided(verdict, attempt, seen)
    return drafts.closed(verdict, attempt, seen, ending)


@pytest.mark.parametrize("agent", [None, "curl/8.14.1", ""])
@pytest.mark.parametrize("ending", [None, ENDING], ids=["decided", "closed"])
@pytest.mark.parametrize("verdict", [DENIED, ALLOWED], ids=["denied", "allowed"])
def test_from_the_third_time_on_only_a_line_is_made(verdict: Verdict, ending: Ending | None, agent: str | None) -> None:
    drafts = Drafts()
    events = [
        made(drafts, verdict, dataclasses.replace(ATTEMPT), context(number, user_agent=agent), ending)
        for number in range(4)
    ]

    assert [type(event) for event in events] == [Event, Event, Draft, Draft]
    for number, event in enumerate(events):
        as_whole = whole(verdict, ATTEMPT, context(number, user_agent=agent), ending)
        assert to_line(event) == to_line(as_whole)
        assert (event.action, event.site, event.sent, event.received) == (
            as_whole.action, as_whole.site, as_whole.sent, as_whole.received,
        )  # fmt: skip
        assert event == as_whole
        assert as_whole == event
        assert hash(event) == hash(as_whole)


def test_what_a_draft_is_like_differs_only_in_what_a_form_leaves_open() -> None:
    drafts = Drafts()
    *_, draft = (drafts.decided(DENIED, ATTEMPT, context(number)) for number in range(3))

    assert draft.like.tierwall == draft.tierwall
    assert draft.like.destination == draft.destination
    assert draft.like.timestamp != draft.timestamp
    assert draft.source is not None
    assert draft.source.ip == "10.77.1.2"


def test_a_draft_has_no_other_attributes_than_an_event() -> None:
    drafts = Drafts()
    *_, draft = (drafts.decided(DENIED, ATTEMPT, context(number)) for number in range(3))

    assert not hasattr(draft, "mood")


def test_another_attempt_with_the_same_verdict_gets_its_own_event() -> None:
    drafts = Drafts()
    for number in range(3):
        drafts.decided(DENIED, ATTEMPT, context(number))
    other = dataclasses.replace(ATTEMPT, port=8443)

    assert to_line(drafts.decided(DENIED, other, context())) == to_line(from_verdict(DENIED, other, context()))


def test_a_name_that_looks_like_a_place_spoils_no_line() -> None:
    drafts = Drafts()
    for name in ("<ip>", "<id><agent>", "8000000000000000000", "%s%%b%(x)d"):
        attempt = Attempt(transport=Transport.TCP, port=443, names=(GivenName(NameSource.SNI, name),))
        verdict = Verdict(action=Action.DENY, reason=Reason.UNLISTED, name=name, name_source=NameSource.SNI)
        for number in range(5):
            event = drafts.decided(verdict, attempt, context(number, user_agent="<time>"))
            assert to_line(event) == to_line(from_verdict(verdict, attempt, context(number, user_agent="<time>")))


def test_a_line_that_a_user_agent_makes_too_long_is_shortened() -> None:
    long = Impact(
        vendor="v", service="s", tier=Tier.CORE, rule="r", evidence=Evidence.STATED, source="", symptom="x" * 485
    )
    verdict = Verdict(action=Action.DENY, reason=Reason.TIER_CLOSED, breaks=(long,) * 13)
    drafts = Drafts()
    lines = [to_line(drafts.decided(verdict, ATTEMPT, context(user_agent="x" * size))) for size in range(0, 513, 8)]

    assert lines == [
        to_line(from_verdict(verdict, ATTEMPT, context(user_agent="x" * size))) for size in range(0, 513, 8)
    ]
    assert {len(parse(line).tierwall.breaks) for line in lines} > {13}
    assert all(len(line) <= EVENT_OCTETS for line in lines)


def test_forms_are_bounded_and_one_time_destinations_get_none() -> None:
    drafts = Drafts()
    for number in range(2 * FORMS + 1):
        once = dataclasses.replace(DENIED, name=f"{number}.example")
        assert type(drafts.decided(once, ATTEMPT, context(number % 200))) is Event

    assert len(drafts._forms) <= FORMS


def test_nanoseconds_are_written_as_the_same_instant() -> None:
    for ns in (0, 999_999, 1_000_000, NOW_NS, NOW_NS // 10**9 * 10**9 + 999_999_999):
        at = datetime.fromtimestamp(ns // 10**9, UTC) + timedelta(microseconds=ns // 1000 % 10**6)
        assert timestamp(ns) == timestamp(at)


hostile = st.text(max_size=700) | st.text(alphabet='\x00\x1b\x7f\x9b\u202e"\\\ud800a…%<>', max_size=700)
mostly_plain = st.text(alphabet="abc/8.() ;%", max_size=60) | hostile
names = st.tuples(st.sampled_from(NameSource), st.sampled_from(["8x8.vc", IPv4Address("192.0.2.1")]) | hostile)
impacts = st.builds(
    Impact,
    vendor=mostly_plain,
    service=mostly_plain,
    tier=st.sampled_from(Tier),
    rule=mostly_plain,
    evidence=st.sampled_from(Evidence),
    source=st.just(""),
    symptom=hostile,
)
verdicts = st.builds(
    Verdict,
    action=st.sampled_from(Action),
    reason=st.none() | st.sampled_from(Reason),
    detail=st.none() | mostly_plain,
    tier=st.sampled_from(Tier),
    admitted_by=st.none() | mostly_plain,
    breaks=st.lists(impacts, max_size=12).map(tuple),
    near=st.lists(impacts, max_size=2).map(tuple),
    name=st.none() | mostly_plain,
    name_source=st.sampled_from(NameSource),
)
attempts = st.builds(
    Attempt,
    transport=st.sampled_from(Transport),
    port=st.integers(0, 65535),
    names=st.lists(names.map(lambda parts: GivenName(*parts)), max_size=3).map(tuple),
    seen=st.none() | st.sampled_from(Seen),
)
contexts = st.builds(
    Context,
    when=st.integers(0, 2**62),
    id=st.from_regex(r"[0-9a-f]{10}-[0-9a-f]{1,4}", fullmatch=True) | mostly_plain,
    stage=st.sampled_from(Stage),
    site=st.none() | mostly_plain,
    client_ip=st.sampled_from(["10.0.0.1", "2001:db8::1", 'fe80::1%"', "<ip>", None]),
    client_port=st.none() | st.integers(1, 65535),
    refusal=st.none() | mostly_plain,
    url=st.none() | mostly_plain,
    method=st.none() | mostly_plain,
    user_agent=st.none() | mostly_plain,
)
endings = st.none() | st.builds(
    Ending,
    by=st.sampled_from(ClosedBy),
    sent=st.integers(0, 2**62),
    received=st.integers(0, 2**62),
    duration_ns=st.integers(0, 2**62),
)
SHARED = ("stage", "site", "refusal")


@given(verdicts, attempts, st.lists(st.tuples(contexts, endings), min_size=1, max_size=4))
def test_whatever_comes_gives_the_line_that_it_would_give_without_a_form(
    verdict: Verdict, attempt: Attempt, happened: list[tuple[Context, Ending | None]]
) -> None:
    drafts = Drafts()
    shared = {name: getattr(happened[0][0], name) for name in SHARED}  # so that there is a form for most of them
    for seen, ending in happened * 3:
        alike = dataclasses.replace(seen, **shared)
        event = made(drafts, verdict, attempt, alike, ending)
        expected = whole(verdict, attempt, alike, ending)

        line = to_line(event)
        assert line == to_line(expected)
        assert event == expected
        VALIDATOR.validate(json.loads(line))
