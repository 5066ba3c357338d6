"""Behaviours of the door towards requests after the first of a connection, which mitmproxy reads.

Knows flows. A client may send plain HTTP requests for many hosts to a proxy on one connection (RFC 9112 section 9.3),
and what the door asked of the first one holds for each of them.
"""

import asyncio
from dataclasses import replace

from mitmproxy import http
from mitmproxy.proxy import mode_specs

from tierwall.events import Stage
from tierwall.policy.attempt import Attempt, Effect, Verdict
from tierwall.policy.behaviour import CaptivePortal, DialBlackhole, ProxyAuth
from tierwall.policy.effects import struck
from tierwall.policy.limits import DIAL_S
from tierwall.proxy.connection.access_state import Asked, Visit
from tierwall.proxy.connection.client_connection import Passage
from tierwall.proxy.middlebox.access.access import AtTheDoor
from tierwall.proxy.middlebox.access.credentials import basic
from tierwall.proxy.middlebox.access.dial_blackhole import UNANSWERED
from tierwall.proxy.middlebox.access.portal import AskedOfPortal, home, not_accepted
from tierwall.proxy.middlebox.access.proxy_auth import is_known
from tierwall.proxy.state import refusal
from tierwall.proxy.state.recorder import Caller

_CREDENTIALS = "proxy-authorization"


class LaterRequests:
    """What the door has to say of each request."""

    def __init__(self, door: AtTheDoor) -> None:
        self._door = door

    async def stop(self, request_flow: http.HTTPFlow, caller: Caller, attempt: Attempt, verdict: Verdict) -> bool:
        """Whether a behaviour, or a captive portal's own page, answered the request instead of its server."""
        passage = self._door.proxied(caller)
        if passage is None:
            return False  # inside a tunnel, or redirected: nothing is asked of it
        login = basic(_taken(request_flow, verdict))
        portal, address = self._door.portal(attempt), passage.caller.address
        if portal is not None and address is not None:
            request = request_flow.request
            asked = AskedOfPortal(
                method=request.method,
                path=request.path,
                origin=request.headers.get("origin"),
                fetch_site=request.headers.get("sec-fetch-site"),
            )
            answer = self._door.portals.answer(portal, address, asked)
            if (foreign := asked.foreign(portal)) is not None:
                refused = replace(attempt, malformed=foreign)
                judged = passage.rulebook.judge(refused)
                passage.recorder.decided(caller, refused, judged, Stage.REQUEST, str(int(answer.status)))
            request_flow.response = http.Response.make(int(answer.status), answer.body, answer.fields)
            return True
        for effect in verdict.effects:
            response = await self._answer(passage, attempt, verdict, effect, login)
            if response is not None:
                request_flow.response = response
                return True
        return False

    async def _answer(
        self, passage: Passage, attempt: Attempt, verdict: Verdict, effect: Effect, login: bytes | None
    ) -> http.Response | None:
        visit = passage.visit = passage.visit or Visit()
        match effect.behaviour:
            case ProxyAuth() as wanted if not is_known(visit, wanted, login):
                visit.ask(Asked(attempt, verdict, effect, Stage.REQUEST))
                return _response(407, verdict, effect, {"Proxy-Authenticate": refusal.basic_of(wanted.realm)})
            case CaptivePortal() as portal if not self._accepted(passage, portal):
                if not visit.redirected:
                    visit.redirected = True
                    _journal(passage, attempt, verdict, effect, not_accepted(portal), "302")
                return _response(302, verdict, effect, {"Location": home(portal)})
            case DialBlackhole():
                _journal(passage, attempt, verdict, effect, UNANSWERED, "504")
                await asyncio.sleep(DIAL_S)
                return _response(504, verdict, effect, {})
            case _:
                return None

    def _accepted(self, passage: Passage, portal: CaptivePortal) -> bool:
        address = passage.caller.address
        return address is None or self._door.portals.accepted(portal, address)


def _taken(request_flow: http.HTTPFlow, verdict: Verdict) -> str | None:
    """The Proxy-Authorization. It is this proxy's, and goes no further (RFC 9110 section 11.7.2): a parent's stays."""
    for_parent = isinstance(request_flow.client_conn.proxy_mode, mode_specs.UpstreamMode)
    asked = any(isinstance(effect.behaviour, ProxyAuth) for effect in verdict.effects)
    headers = request_flow.request.headers
    given = headers.get(_CREDENTIALS)
    if asked or not for_parent:
        headers.pop(_CREDENTIALS, None)
    return given


def _journal(  # noqa: PLR0913, PLR0917  # as many as Recorder.broken
    passage: Passage, attempt: Attempt, verdict: Verdict, effect: Effect, detail: str, how: str
) -> None:
    passage.recorder.broken(passage.caller, attempt, verdict, effect, Stage.REQUEST, detail, how)


def _response(status: int, verdict: Verdict, effect: Effect, fields: dict[str, str]) -> http.Response:
    told = refusal.headers(struck(verdict, effect, ""))
    return http.Response.make(status, b"", told | fields | {"Cache-Control": "no-store"})
