"""Two rounds become rows: what worked, what works, and what the journal says broke it."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from tierwall.events import Context, Event, broken, from_verdict
from tierwall.events import Stage as At
from tierwall.policy.attempt import Action, Effect, Impact, Reason, Verdict
from tierwall.policy.behaviour import Behaviour, DpiHttpsOnly, NoHttp2, TlsInspection
from tierwall.policy.effects import broken_by
from tierwall.policy.model import Evidence, Protocol, Rule, Service, Source, Tier, Transport
from tierwall.policy.projections.impact import Try
from tierwall.reproduce.check import Check, Pattern
from tierwall.reproduce.results import NotShown, Row, Works, broke_something, not_shown, rows
from tierwall.reproduce.trial import Round
from tierwall.standins.clients import Cause, Outcome, Stage

OK = Outcome(stage=Stage.EXCHANGE)
CUT = Outcome(stage=Stage.EXCHANGE, cause=Cause.RESET)
SERVED = Round({}, ())
SOURCE = Source(document="Document", section="Section")
CONTEXT = Context(when=datetime(2026, 1, 1, tzinfo=UTC), id="1", stage=At.TUNNEL)


def check(
    service: str = "apps", pattern: Pattern = Pattern.NATIVE, host: str = "apps.vevox.app", hold_s: float = 0.0
) -> Check:
    of = Try(
        vendor="vevox",
        service=Service(
            id=service, title="Apps", protocol=Protocol.TLS_OTHER, tier=Tier.CORE, symptom="No apps.", source=SOURCE
        ),
        rule=Rule(id="*.vevox.app", services=(service,), source=SOURCE),
        host=host,
        port=443,
        transport=Transport.TCP,
    )
    return Check(of=of, pattern=pattern, hold_s=hold_s)


def event(of: Check, behaviour: Behaviour | None = None) -> Event:
    impact = Impact(
        vendor="vevox",
        service=of.of.service.id,
        tier=Tier.CORE,
        rule="*.vevox.app",
        evidence=Evidence.STATED,
        source="Document",
        symptom="No apps.",
    )
    if behaviour is None:
        verdict = Verdict(action=Action.DENY, reason=Reason.TIER_CLOSED, breaks=(impact,), tier=Tier.CORE)
        return from_verdict(verdict, of.of.attempt, CONTEXT)
    effect = Effect(behaviour, (impact,))
    hit = broken_by(Verdict(action=Action.ALLOW, effects=(effect,)), effect, "cut")
    return broken(hit, of.of.attempt, CONTEXT, reason=Reason.BEHAVIOUR, behaviour=behaviour.NAME, detail="cut")


def row(of: Check, outcome: Outcome, *events: Event) -> Row:
    (found,) = rows([of], Round({of: OK}, ()), Round({of: outcome}, events))
    return found


def test_what_works_in_both_rounds_is_not_broken() -> None:
    found = row(check(), OK)

    assert (found.before, found.now, found.broke) == (Works.WORKS, Works.WORKS, ())
    assert not broke_something([found])


def test_a_cut_is_what_the_journal_says_did_it() -> None:
    found = row(check(), CUT, event(check(), DpiHttpsOnly()))

    assert (found.now, found.broke, found.saw) == (Works.BROKEN, ("dpi-https-only",), ("reset",))
    assert broke_something([found])


def test_a_denial_is_named_by_its_reason() -> None:
    assert row(check(), CUT, event(check())).broke == ("tier-closed",)


def test_a_failure_that_the_journal_does_not_know_is_said_to_be_one() -> None:
    found = row(check(), CUT)

    assert (found.now, found.broke) == (Works.BROKEN, ())


def test_an_event_of_another_service_or_place_is_not_held_against_it() -> None:
    elsewhere = event(check(host="other.vevox.app"), DpiHttpsOnly())
    other = event(check("pages"), NoHttp2())

    assert row(check(), OK, elsewhere, other).now is Works.WORKS


def test_what_gets_through_with_a_behaviour_at_work_is_hit() -> None:
    found = row(check(), OK, event(check(), NoHttp2()))

    assert (found.now, found.broke) == (Works.HIT, ("no-http2",))
    assert not broke_something([found])


def test_some_places_broken_is_partly() -> None:
    one, two = check(), check(host="vevox.app")
    (found,) = rows([one, two], Round({one: OK, two: OK}, ()), Round({one: OK, two: CUT}, (event(two),)))

    assert (found.now, found.places, found.tried) == (Works.PARTLY, ("vevox.app:443",), 2)


def test_what_was_not_run_never_works() -> None:
    of = replace(check(), not_run="UDP")
    (found,) = rows([of], SERVED, SERVED)

    assert (found.before, found.now, found.why_not) == (Works.NOT_RUN, Works.NOT_RUN, "UDP")


def shown(outcome: Outcome, *events: Event, of: Check) -> list[NotShown]:
    return list(not_shown([NoHttp2(), NoHttp2()], [of], Round({of: OK}, ()), Round({of: outcome}, events)))


MEETS = replace(check(), meets=("no-http2",))


def test_a_behaviour_is_shown_by_an_event_and_an_inspection_by_its_certificate_too() -> None:
    of, opened = replace(check(), meets=("tls-inspection",)), replace(OK, issuer="lab CA")

    assert shown(OK, event(MEETS, NoHttp2()), of=MEETS) == []
    assert len(shown(opened, of=MEETS)) == 1
    assert list(not_shown([TlsInspection()], [of], Round({of: OK}, ()), Round({of: opened}, ()))) == []


def test_what_struck_another_vendors_client_shows_nothing_of_this_one() -> None:
    other = check(host="8x8.vc")

    assert len(shown(OK, event(other, NoHttp2()), of=MEETS)) == 1


@pytest.mark.parametrize(
    ("of", "concerns", "says"),
    [
        (MEETS, True, "no event names it"),
        (replace(MEETS, not_run="no root"), True, "no root"),
        (check(), False, "nothing that this vendor asks for"),
    ],
)
def test_what_no_event_names_was_not_shown_and_says_why(of: Check, concerns: bool, says: str) -> None:
    (found,) = shown(OK, of=of)

    assert (found.behaviour, found.concerns) == ("no-http2", concerns)
    assert says in found.why
