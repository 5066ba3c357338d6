"""Who failed and was struck by nothing is asked once more; what a network breaks stays broken."""

import asyncio
from collections.abc import Sequence
from itertools import count

import pytest

from tests.reproduce.test_results import CUT, OK, check, event
from tierwall.events import Event
from tierwall.policy.behaviour import Latency
from tierwall.reproduce.check import Check, Pattern
from tierwall.reproduce.patience import PATIENT_S, asked, asked_again
from tierwall.standins.clients import Cause, Outcome, Stage
from tierwall.standins.clients.outcome import LIMIT_S

LATE = Outcome(stage=Stage.TLS, cause=Cause.TIMEOUT)


class Clients:
    """Say what they are told to, one thing after the other, and note how long they would wait."""

    def __init__(self, *outcomes: Outcome) -> None:
        self.outcomes = list(outcomes)
        self.asked: list[float] = []

    async def ask(self, _: Check, limit_s: float) -> Outcome:
        self.asked.append(limit_s)
        return self.outcomes.pop(0)


def again(outcomes: dict[Check, Outcome], clients: Clients, *events: Event) -> dict[Check, Outcome]:
    def journal() -> Sequence[Event]:
        return events

    return asyncio.run(asked_again(outcomes, journal, clients.ask))


def test_a_client_that_gave_up_on_a_busy_machine_is_asked_again_with_patience() -> None:
    late, clients = check(), Clients(OK)

    assert again({late: LATE}, clients) == {late: OK}
    assert clients.asked == [PATIENT_S]


def test_what_the_journal_says_was_struck_is_not_asked_again() -> None:
    struck, clients = check(), Clients()

    assert again({struck: CUT}, clients, event(struck)) == {struck: CUT}


def test_who_was_only_made_late_is_given_more_time() -> None:
    slow, clients = check(), Clients(OK)

    assert again({slow: LATE}, clients, event(slow, Latency(delay=0.2))) == {slow: OK}


def test_what_fails_again_is_broken_and_nobody_asks_for_ever() -> None:
    checks = [check(host=f"apps{number}.vevox.app") for number in range(9)]
    clients = Clients(*[CUT] * 4)

    assert again(dict.fromkeys(checks, LATE), clients) == dict.fromkeys(checks[:4], CUT) | dict.fromkeys(
        checks[4:], LATE
    )
    assert len(clients.asked) == 4


@pytest.mark.parametrize(
    ("ticks", "outcomes", "becomes"),
    [(1, [LATE, OK], OK), (20, [CUT], CUT), (1, [CUT, CUT], CUT)],
    ids=["failed as it opened", "failed after a silence", "failed as it opened, twice"],
)
def test_what_is_held_for_long_is_asked_again_at_once_where_it_did_not_open(
    ticks: int, outcomes: list[Outcome], becomes: Outcome
) -> None:
    clients = Clients(*outcomes)
    held = check(pattern=Pattern.SOCKET, hold_s=62.0)

    assert asyncio.run(asked(held, clients.ask, count(step=ticks).__next__)) == becomes
    assert clients.outcomes == []
    assert set(clients.asked) == {PATIENT_S}


def test_all_others_are_asked_once_and_soon() -> None:
    clients = Clients(LATE)

    assert asyncio.run(asked(check(), clients.ask)) == LATE
    assert clients.asked == [LIMIT_S]
