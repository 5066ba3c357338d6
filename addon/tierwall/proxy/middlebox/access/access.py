"""Behaviours before anything is dialled: who may connect, how often, and to which ports.

Knows what the client asked for. Refuses to decide which behaviours act: the verdict says so.
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import assert_never

from tierwall.opening import PlainHttp
from tierwall.policy import behaviour
from tierwall.policy.attempt import Attempt
from tierwall.policy.model import Address
from tierwall.proxy.connection.access_state import AccessState
from tierwall.proxy.connection.client_connection import ClientConnection, Speaks
from tierwall.proxy.connection.states import Happens
from tierwall.proxy.connection.tunnel_request import TunnelRequest
from tierwall.proxy.middlebox.access import proxy_auth
from tierwall.proxy.middlebox.access.credentials import Login
from tierwall.proxy.middlebox.access.portal import AskedOfPortal, Portals, home, not_accepted, portal_of
from tierwall.proxy.middlebox.access.proxy_auth import Outcome
from tierwall.proxy.state import refusal
from tierwall.proxy.state.active_policy import ActivePolicy
from tierwall.proxy.state.recorder import Caller
from tierwall.proxy.state.refusal import Refusal, Reset, Spoken

type Against = tuple[str, tuple[str, Refusal] | None]
"""How a behaviour breaks an attempt, in one clause, and what the client sees; None for the site's usual denial."""


class AtAccess:
    """Everything that happens to an admitted client before the dial."""

    def __init__(self, active_policy: ActivePolicy) -> None:
        self._active_policy = active_policy
        self._standing: Counter[tuple[behaviour.Scope, Address]] = Counter()
        """Connections of a client's address that a limit of that scope counts."""
        self.portals = Portals()
        self._proxied: dict[tuple[Address | None, int], ClientConnection] = {}
        """By client: connections that send plain HTTP requests, which mitmproxy reads after the first."""

    def outcome(self, request: TunnelRequest, login: Login | None = None, *, again: bool = False) -> Outcome:
        """Let the behaviours act. `login`: who the client says it is; `again`: it could send its request again."""
        for effect in request.verdict.effects:
            kind = effect.behaviour
            if isinstance(kind, behaviour.ProxyAuth):
                outcome = proxy_auth.authenticate(request, effect, kind, login, again=again)
                if outcome is not Outcome.PASSES:
                    return outcome
            elif isinstance(kind, behaviour.AtAccess):
                against = self._against(request.connection, request.attempt, kind)
                if against is not None:
                    request.break_off(effect, *against)
                    return Outcome.ENDS
        return Outcome.PASSES

    def wants_logins(self) -> bool:
        """Whether the site has a behaviour that asks who the user is."""
        return any(isinstance(each, behaviour.ProxyAuth) for each in self._active_policy.site.behaviours)

    def portal(self, attempt: Attempt) -> behaviour.CaptivePortal | None:
        """The captive portal that the client asks for by its host's name."""
        return portal_of(self._active_policy.site, attempt)

    def serves_portal(self, connection: ClientConnection, attempt: Attempt, opening: PlainHttp) -> bool:
        """Whether the request is for a portal's own host: then it was answered here, whatever the site admits."""
        portal = self.portal(attempt)
        if portal is None or connection.caller.address is None:
            return False
        asked = AskedOfPortal(
            method=opening.method, path=opening.path, origin=opening.origin, fetch_site=opening.fetch_site
        )
        answer = self.portals.answer(portal, connection.caller.address, asked)
        octets = answer.octets(head_only=opening.method == "HEAD")
        if (foreign := asked.foreign(portal)) is None:
            connection.client.close_after(octets)
            connection.end(Happens.REFUSE)
        else:
            refused = replace(attempt, malformed=foreign)
            denied = TunnelRequest(connection, refused, self._active_policy.judge(refused))
            denied.refuse_with(str(int(answer.status)), octets)
        return True

    @contextmanager
    def more_requests(self, connection: ClientConnection) -> Iterator[None]:
        """While mitmproxy has a connection that may send more requests to the proxy."""
        key = connection.caller.address, connection.caller.port
        self._proxied[key] = connection
        try:
            yield
        finally:
            self._proxied.pop(key, None)  # one port may reach two listeners of ours

    def proxied(self, caller: Caller) -> ClientConnection | None:
        """The connection that such a request came on."""
        return self._proxied.get((caller.address, caller.port))

    def leave(self, connection: ClientConnection) -> None:
        """The connection ended: it counts no more, and its client gives no name and password any more."""
        if connection.access_state is not None and connection.caller.address is not None:
            for scope in connection.access_state.counted:
                self._standing[scope, connection.caller.address] -= 1
                if not self._standing[scope, connection.caller.address]:
                    del self._standing[scope, connection.caller.address]
            proxy_auth.note_unanswered(connection)

    def _against(
        self,
        connection: ClientConnection,
        attempt: Attempt,
        kind: behaviour.ConnectionLimit | behaviour.CaptivePortal | behaviour.ConnectPorts | behaviour.NoIpConnect,
    ) -> Against | None:
        match kind:
            case behaviour.ConnectionLimit(most=most):
                if self._has_room(connection, kind):
                    return None
                return f"{most} connections of the client's address stand already", _no_room(connection)
            case behaviour.CaptivePortal():
                if connection.caller.address is None or self.portals.accepted(kind, connection.caller.address):
                    return None
                return not_accepted(kind), _redirected(connection, kind)
            case behaviour.ConnectPorts(ports=ports):
                return f"CONNECT to port {attempt.port}; only {', '.join(map(str, ports))} are allowed", None
            case behaviour.NoIpConnect():
                return "CONNECT to an address; only names are allowed", None
            case _:
                assert_never(kind)

    def _has_room(self, connection: ClientConnection, limit: behaviour.ConnectionLimit) -> bool:
        """Count the connection, unless that would be one too many."""
        address = connection.caller.address
        access_state = connection.access_state = connection.access_state or AccessState()
        if address is None or limit.scope in access_state.counted:
            return True
        if self._standing[limit.scope, address] >= limit.most:
            return False
        self._standing[limit.scope, address] += 1
        access_state.counted.add(limit.scope)
        return True


def _no_room(connection: ClientConnection) -> tuple[str, Refusal]:
    if connection.listener.speaks is Speaks.HTTP_PROXY:
        return "503", refusal.UNAVAILABLE
    return "reset", Reset()


def _redirected(connection: ClientConnection, portal: behaviour.CaptivePortal) -> tuple[str, Refusal]:
    if connection.spoken is Spoken.HTTP:
        return "302", refusal.found(home(portal, connection.caller.url))
    return "reset", Reset()
