"""`proxy-auth` at work: a client is asked for a name and a password, and may try again on the same connection.

Knows 407 (RFC 9110 section 15.5.8) and what a visit remembers. Refuses to say which users there are: the site does.
"""

from enum import Enum
from typing import Final

from tierwall.policy.attempt import Attempt, Effect, Verdict
from tierwall.policy.behaviour import ProxyAuth
from tierwall.policy.effects import struck
from tierwall.proxy.connection.access_state import Asked, Visit
from tierwall.proxy.connection.client_connection import Passage, Speaks
from tierwall.proxy.middlebox.access.credentials import knows
from tierwall.proxy.state import refusal

ASKED_AT_MOST: Final = 3
"""How often one connection is asked before it ends."""

_NOTHING_GIVEN: Final = "the client gives no name and password"
_UNKNOWN: Final = "the client gives an unknown name and password"
_TIMES: Final = {1: "once", 2: "twice"}


class Outcome(Enum):
    """What becomes of a connection at the door."""

    PASSES = "passes"
    ENDS = "ends"
    """A behaviour ended it; that was journalled, and the client told."""
    ASKED = "asked"
    """The client was asked for a name and a password, and may send its request again."""


def authenticate(  # noqa: PLR0913, PLR0917  # the connection, the request, and what the client gives
    passage: Passage,
    attempt: Attempt,
    verdict: Verdict,
    effect: Effect,
    wanted: ProxyAuth,
    login: bytes | None,
    *,
    again: bool,
) -> Outcome:
    """Let in who is known, ask the others. `again`: the client could send its request again on this connection.

    A client that does not know of a proxy (transparent modes) cannot be asked, and no middlebox does. SOCKS5 has its
    own way to give a name and a password, before the request, and none to be asked again.
    """
    if passage.entrance.speaks is Speaks.ANYTHING:
        return Outcome.PASSES
    visit = passage.visit = passage.visit or Visit()
    if is_known(visit, wanted, login):
        return Outcome.PASSES
    if passage.entrance.speaks is Speaks.SOCKS5:
        passage.break_off(attempt, verdict, effect, _UNKNOWN if visit.wrong else _NOTHING_GIVEN)
        return Outcome.ENDS
    visit.ask(Asked(attempt, verdict, effect, passage.stage))
    told = passage.told(attempt, struck(verdict, effect, _UNKNOWN if login is not None else _NOTHING_GIVEN))
    if again and visit.times < ASKED_AT_MOST:
        passage.client.write(refusal.challenge(told, wanted.realm, stays=True))
        return Outcome.ASKED
    passage.client.dismiss(refusal.challenge(told, wanted.realm, stays=False))
    return Outcome.ENDS


def is_known(visit: Visit, wanted: ProxyAuth, login: bytes | None) -> bool:
    """Whether the client gave a name and a password of the user file; then it owes none any more."""
    if login is None or not knows(wanted.users, login):
        visit.wrong |= login is not None
        return False
    visit.asked = None
    return True


def left_for_parent(verdict: Verdict, credentials: str | None) -> str | None:
    """What of a Proxy-Authorization goes on to a parent proxy: who asked for it keeps it (RFC 9110 section 11.7.2)."""
    asked = any(isinstance(effect.behaviour, ProxyAuth) for effect in verdict.effects)
    return None if asked else credentials


def note_unanswered(passage: Passage) -> None:
    """Journal that the connection ended while its client owed a name and a password."""
    visit = passage.visit
    if visit is not None and visit.asked is not None:
        asked, visit.asked = visit.asked, None
        often = _TIMES.get(visit.times) or f"{visit.times} times"
        gave = "a wrong one" if visit.wrong else "none"
        detail = f"asked {often} for a name and a password, and the client gave {gave}"
        passage.recorder.broken(passage.caller, asked.attempt, asked.verdict, asked.effect, asked.stage, detail, "407")
