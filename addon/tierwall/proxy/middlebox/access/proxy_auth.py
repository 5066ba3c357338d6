"""`proxy-auth` at work: a client is asked for a name and a password, and may try again on the same connection.

Knows 407 (RFC 9110 section 15.5.8), the schemes that it may offer, and what a connection remembers (access_state.py).
Refuses to say which users there are: the site does.
"""

import base64
from dataclasses import replace
from enum import Enum
from typing import Final, assert_never

from tierwall.policy.attempt import Effect, Verdict
from tierwall.policy.behaviour import AuthScheme, ProxyAuth
from tierwall.proxy.connection.access_state import AccessState, Asked
from tierwall.proxy.connection.client_connection import ClientConnection, Speaks
from tierwall.proxy.connection.states import Happens
from tierwall.proxy.connection.tunnel_request import TunnelRequest
from tierwall.proxy.middlebox.access import ntlm
from tierwall.proxy.middlebox.access.credentials import Login, knows, knows_digest, nonce
from tierwall.proxy.state import refusal
from tierwall.proxy.state.breakage import Breakage
from tierwall.proxy.state.refusal import Spoken

ASKED_AT_MOST: Final = 3
"""How often one connection is asked before it ends."""

_NOTHING_GIVEN: Final = "the client gives no name and password"
_UNKNOWN: Final = "the client gives an unknown name and password"
_SOCKS: Final = (AuthScheme.BASIC,)
_TIMES: Final = {1: "once", 2: "twice"}


class Outcome(Enum):
    """What becomes of a connection at its access."""

    PASSES = "passes"
    ENDS = "ends"
    """A behaviour ended it; that was journalled, and the client told."""
    ASKED = "asked"
    """The client was asked for a name and a password, and may send its request again."""


def authenticate(
    request: TunnelRequest, effect: Effect, wanted: ProxyAuth, login: Login | None, *, again: bool
) -> Outcome:
    """Let in who is known, ask the others. `again`: the client could send its request again on this connection.

    A client that does not know of a proxy (transparent modes) cannot be asked, and no middlebox does. SOCKS5 has its
    own way to give a name and a password, before the request, and none to be asked again.
    """
    connection = request.connection
    if connection.listener.speaks is Speaks.ANYTHING:
        return Outcome.PASSES
    access_state = connection.access_state = connection.access_state or AccessState()
    by_socks = connection.listener.speaks is Speaks.SOCKS5
    method = "CONNECT" if connection.spoken is Spoken.CONNECT else connection.caller.method or ""
    if is_known(access_state, replace(wanted, schemes=_SOCKS) if by_socks else wanted, login, method):
        return Outcome.PASSES
    if by_socks:
        request.break_off(effect, _UNKNOWN if access_state.wrong else _NOTHING_GIVEN)
        return Outcome.ENDS
    access_state.ask(Asked(request.attempt, request.verdict, effect, connection.stage))
    told = request.told_of(effect, _UNKNOWN if login is not None else _NOTHING_GIVEN)
    offered = offers(access_state, wanted)
    if again and access_state.times < ASKED_AT_MOST:
        connection.client.write(refusal.challenge(told, offered, stays=True))
        return Outcome.ASKED
    connection.client.close_after(refusal.challenge(told, offered, stays=False))
    connection.end(Happens.REFUSE)
    return Outcome.ENDS


def is_known(access_state: AccessState, wanted: ProxyAuth, login: Login | None, method: str) -> bool:
    """Whether the client proved that it is a user of the file; then it owes nothing any more."""
    access_state.challenge = None
    if not access_state.proved:
        if login is None or login.scheme not in wanted.schemes:
            known = False
        else:
            known = _proves(access_state, wanted, login, method)
        if not known:
            access_state.wrong |= login is not None and access_state.challenge is None
            return False
    access_state.asked = None
    return True


def _proves(access_state: AccessState, wanted: ProxyAuth, login: Login, method: str) -> bool:
    match login.scheme:
        case AuthScheme.BASIC:
            return knows(wanted.users, login.said)
        case AuthScheme.DIGEST:
            return knows_digest(wanted.users, wanted.realm, login.said, method)
        case AuthScheme.NTLM if ntlm.is_there():
            exchange = access_state.exchange = access_state.exchange or ntlm.Exchange(wanted.users)
            message = exchange.answer(login.said)
            access_state.proved = exchange.proved
            if access_state.proved:
                access_state.exchange = None  # and with it its copy of the users
            if message is not None:
                access_state.challenge = f"NTLM {base64.b64encode(message).decode()}"
            return access_state.proved
        case AuthScheme.NTLM | AuthScheme.NEGOTIATE:
            return False
        case _:
            assert_never(login.scheme)


def offers(access_state: AccessState, wanted: ProxyAuth) -> list[str]:
    """The values of Proxy-Authenticate: every scheme, or the next message of the one that is under way."""
    if access_state.challenge is not None:
        return [access_state.challenge]
    return [_offer(scheme, wanted.realm) for scheme in wanted.schemes]


def _offer(scheme: AuthScheme, realm: str) -> str:
    match scheme:
        case AuthScheme.NEGOTIATE:
            return "Negotiate"
        case AuthScheme.NTLM:
            return "NTLM"
        case AuthScheme.DIGEST:
            return refusal.digest_of(realm, nonce())
        case AuthScheme.BASIC:
            return refusal.basic_of(realm)
        case _:
            assert_never(scheme)


def left_for_parent(verdict: Verdict, credentials: str | None) -> str | None:
    """What of a Proxy-Authorization goes on to a parent proxy: who asked for it keeps it (RFC 9110 section 11.7.2)."""
    asked = any(isinstance(effect.behaviour, ProxyAuth) for effect in verdict.effects)
    return None if asked else credentials


def note_unanswered(connection: ClientConnection) -> None:
    """Journal that the connection ended while its client owed a name and a password."""
    access_state = connection.access_state
    if access_state is not None and access_state.asked is not None:
        asked, access_state.asked = access_state.asked, None
        often = _TIMES.get(access_state.times) or f"{access_state.times} times"
        gave = "a wrong one" if access_state.wrong else "none"
        detail = f"asked {often} for a name and a password, and the client gave {gave}"
        told = Breakage(asked.attempt, asked.verdict, asked.effect, asked.stage, detail, "407")
        connection.recorder.broken(connection.caller, told)
