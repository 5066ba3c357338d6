"""A client is asked for a name and a password, may try again on the same connection, and what it owes is journalled."""

import base64

import pytest

from tests.support.asked import Asking
from tests.support.endpoints import run
from tierwall.policy.attempt import Action, Effect, Verdict
from tierwall.policy.behaviour import AuthScheme, ProxyAuth
from tierwall.policy.behaviour.parameters import Credential
from tierwall.proxy.connection.access_state import AccessState
from tierwall.proxy.connection.client_connection import Speaks
from tierwall.proxy.middlebox.access.credentials import Login, given
from tierwall.proxy.middlebox.access.proxy_auth import (
    ASKED_AT_MOST,
    Outcome,
    authenticate,
    left_for_parent,
    note_unanswered,
    offers,
)

USERS = frozenset({Credential("anna", "secret")})
WANTED = ProxyAuth(users=USERS, realm="Corp")
NONE = None


def _basic(login: str) -> Login | None:
    return given("Basic " + base64.b64encode(login.encode()).decode())


async def _asked(asking: Asking, *logins: Login | None, again: bool = True) -> tuple[list[Outcome], bytes]:
    """Whether each of these, on one connection, lets its client in, and what it hears. Then it leaves."""
    async with asking.connected() as (asked, peer):
        request = asking.hit_by(asked)
        [effect] = request.verdict.effects
        outcomes = [authenticate(request, effect, WANTED, login, again=again) for login in logins]
        note_unanswered(asked)
        asked.client.close_after(b"")
        peer.end()
        return outcomes, await peer.read_to_end()


def test_who_is_known_is_let_in_and_owes_nothing() -> None:
    asking = Asking((WANTED,))

    assert run(lambda: _asked(asking, _basic("anna:secret"))) == ([Outcome.PASSES], b"")
    assert asking.broke == []


def test_who_gives_nothing_is_asked_and_may_answer_on_the_same_connection() -> None:
    asking = Asking((WANTED,))

    outcomes, heard = run(lambda: _asked(asking, NONE, _basic("anna:secret")))

    assert outcomes == [Outcome.ASKED, Outcome.PASSES]
    assert heard.startswith(b"HTTP/1.1 407 ")
    assert b'\r\nProxy-Authenticate: Basic realm="Corp"' in heard
    assert asking.broke == []


def test_nobody_is_asked_for_ever_and_what_it_gave_is_said_without_it() -> None:
    asking = Asking((WANTED,))

    outcomes, heard = run(lambda: _asked(asking, NONE, *[_basic("anna:guessed")] * (ASKED_AT_MOST - 1)))

    assert outcomes == [Outcome.ASKED, Outcome.ASKED, Outcome.ENDS]
    assert heard.count(b"HTTP/1.1 407 ") == ASKED_AT_MOST
    detail = "asked 3 times for a name and a password, and the client gave a wrong one"
    assert asking.broke == [("proxy-auth", detail, "407")]
    assert "guessed" not in str(asking.told.events)


def test_whose_request_cannot_be_sent_again_is_asked_once_and_it_ends() -> None:
    outcomes, heard = run(lambda: _asked(Asking((WANTED,)), NONE, again=False))

    assert outcomes == [Outcome.ENDS]
    assert b"\r\nConnection: close\r\n" in heard or b"\r\nProxy-Connection: close\r\n" in heard


def test_nobody_is_asked_who_does_not_know_of_a_proxy() -> None:
    assert run(lambda: _asked(Asking((WANTED,), speaks=Speaks.ANYTHING), NONE)) == ([Outcome.PASSES], b"")


@pytest.mark.parametrize(("login", "outcome"), [("anna:secret", Outcome.PASSES), ("anna:guessed", Outcome.ENDS)])
def test_by_socks_there_is_one_try(login: str, outcome: Outcome) -> None:
    said = Login(AuthScheme.BASIC, login.encode())

    assert run(lambda: _asked(Asking((WANTED,), speaks=Speaks.SOCKS5), said))[0] == [outcome]


def test_a_scheme_that_is_not_offered_lets_nobody_in() -> None:
    wanted = ProxyAuth(users=USERS, schemes=(AuthScheme.NEGOTIATE,))
    asking = Asking((wanted,))

    async def scene() -> Outcome:
        async with asking.connected() as (asked, _):
            request = asking.hit_by(asked)
            return authenticate(request, request.verdict.effects[0], wanted, _basic("anna:secret"), again=True)

    assert run(scene) is Outcome.ASKED


def test_schemes_are_offered_in_their_order_or_the_next_message_of_the_one_under_way() -> None:
    every = ProxyAuth(users=USERS, realm="Corp", schemes=tuple(AuthScheme))

    offered = [offer.partition(" ")[0] for offer in offers(AccessState(), every)]
    assert offered == ["Negotiate", "NTLM", "Digest", "Basic"]
    assert offers(AccessState(challenge="NTLM abcd"), every) == ["NTLM abcd"]


def test_what_this_proxy_asked_for_goes_no_further_and_a_parents_does() -> None:
    asked_here = Verdict(action=Action.ALLOW, effects=(Effect(WANTED, ()),))

    assert left_for_parent(asked_here, "Basic x") is None
    assert left_for_parent(Verdict(action=Action.ALLOW), "Basic x") == "Basic x"
