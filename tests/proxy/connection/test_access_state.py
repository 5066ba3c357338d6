"""What the door remembers of a connection: what it owes is the last that it was asked, and each time counts."""

from tests.policy.catalogues import connect
from tierwall.events import Stage
from tierwall.policy.attempt import Action, Effect, Verdict
from tierwall.policy.behaviour import ProxyAuth
from tierwall.proxy.connection.access_state import AccessState, Asked


def _asked(host: str) -> Asked:
    effect = Effect(ProxyAuth(users=frozenset()), ())
    return Asked(connect(host), Verdict(action=Action.ALLOW, effects=(effect,)), effect, Stage.CONNECT)


def test_a_new_connection_owes_nothing_and_is_counted_by_no_limit() -> None:
    state = AccessState()

    assert (state.asked, state.times, state.counted, state.proved) == (None, 0, set(), False)


def test_who_is_asked_again_owes_the_last_answer_and_was_asked_twice() -> None:
    state = AccessState()
    state.ask(_asked("a.example"))
    state.ask(_asked("b.example"))

    assert (state.asked, state.times) == (_asked("b.example"), 2)


def test_two_connections_are_counted_apart() -> None:
    one, other = AccessState(), AccessState()
    one.counted.add(ProxyAuth(users=frozenset()).scope)

    assert other.counted == set()
