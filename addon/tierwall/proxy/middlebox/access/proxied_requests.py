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
from tierwall.policy.effects import broken_by
from tierwall.policy.limits import DIAL_S
from tierwall.proxy.connection.access_state import AccessState, Asked
from tierwall.proxy.connection.client_connection import ClientConnection
from tierwall.proxy.connection.tunnel_request import TunnelRequest
from tierwall.proxy.middlebox.access.access import AtAccess
from tierwall.proxy.middlebox.access.credentials import Login, given
from tierwall.proxy.middlebox.access.dial_blackhole import UNANSWERED
from tierwall.proxy.middlebox.access.portal import AskedOfPortal, home, not_accepted
from tierwall.proxy.middlebox.access.proxy_auth import is_known, offers
from tierwall.proxy.state import refusal
from tierwall.proxy.state.active_policy import ActivePolicy
from tierwall.proxy.state.recorder import Caller, Recorder

_CREDENTIALS = "proxy-authorization"


class ProxiedRequests:
    """What access has to say of each request."""

    def __init__(self, access: AtAccess, active_policy: ActivePolicy, recorder: Recorder) -> None:
        self._access, self._active_policy, self._recorder = access, active_policy, recorder

    async def stop(self, request_flow: http.HTTPFlow, caller: Caller, attempt: Attempt, verdict: Verdict) -> bool:
        """Whether a behaviour answered the request instead of its server."""
        connection = self._access.proxied(caller)
        if connection is None:
            return False  # inside a tunnel, or redirected: nothing is asked of it
        login = given(_taken(request_flow, verdict))
        for effect in verdict.effects:
            response = await self._answer(TunnelRequest(connection, attempt, verdict), caller, effect, login)
            if response is not None:
                request_flow.response = response
                return True
        return False

    def serves_portal(self, request_flow: http.HTTPFlow, caller: Caller, attempt: Attempt) -> bool:
        """Whether the request is for a captive portal's own host: then it was answered here, in clear or inside TLS,
        whatever the site admits and wherever the name leads."""
        portal, request = self._access.portal(attempt), request_flow.request
        if portal is None or caller.address is None:
            return False
        asked = AskedOfPortal(
            method=request.method,
            path=request.path,
            scheme=request.scheme,
            origin=request.headers.get("origin"),
            fetch_site=request.headers.get("sec-fetch-site"),
        )
        request.headers.pop(_CREDENTIALS, None)  # nobody asked for them, and flows are shown
        answer = self._access.portals.answer(portal, caller.address, asked)
        if (foreign := asked.foreign(portal)) is not None:
            refused = replace(attempt, malformed=foreign)
            judged = self._active_policy.judge(refused)
            self._recorder.decided(caller, refused, judged, Stage.REQUEST, str(int(answer.status)))
        fields = {name: value for name, value in answer.fields.items() if name != "Connection" or not request.is_http2}
        request_flow.response = http.Response.make(int(answer.status), answer.body, fields)
        return True

    async def _answer(
        self, request: TunnelRequest, caller: Caller, effect: Effect, login: Login | None
    ) -> http.Response | None:
        connection, verdict = request.connection, request.verdict
        access_state = connection.access_state = connection.access_state or AccessState()
        match effect.behaviour:
            case ProxyAuth() as wanted if not is_known(access_state, wanted, login, caller.method or ""):
                access_state.ask(Asked(request.attempt, verdict, effect, Stage.REQUEST))
                response = _response(407, verdict, effect, {})
                response.headers.set_all("Proxy-Authenticate", offers(access_state, wanted))
                return response
            case CaptivePortal() as portal if not self._accepted(connection, portal):
                if not access_state.redirected:
                    access_state.redirected = True
                    request.broken(effect, not_accepted(portal), "302", Stage.REQUEST)
                return _response(302, verdict, effect, {"Location": home(portal, caller.url)})
            case DialBlackhole():
                request.broken(effect, UNANSWERED, "504", Stage.REQUEST)
                await asyncio.sleep(DIAL_S)
                return _response(504, verdict, effect, {})
            case _:
                return None

    def _accepted(self, connection: ClientConnection, portal: CaptivePortal) -> bool:
        address = connection.caller.address
        return address is None or self._access.portals.accepted(portal, address)


def _taken(request_flow: http.HTTPFlow, verdict: Verdict) -> str | None:
    """The Proxy-Authorization. It is this proxy's, and goes no further (RFC 9110 section 11.7.2): a parent's stays."""
    for_parent = isinstance(request_flow.client_conn.proxy_mode, mode_specs.UpstreamMode)
    asked = any(isinstance(effect.behaviour, ProxyAuth) for effect in verdict.effects)
    headers = request_flow.request.headers
    given = headers.get(_CREDENTIALS)
    if asked or not for_parent:
        headers.pop(_CREDENTIALS, None)
    return given


def _response(status: int, verdict: Verdict, effect: Effect, fields: dict[str, str]) -> http.Response:
    told = refusal.headers(broken_by(verdict, effect, ""))
    return http.Response.make(status, b"", told | fields | {"Cache-Control": "no-store"})
