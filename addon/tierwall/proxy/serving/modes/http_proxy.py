"""Modes regular and upstream: a CONNECT, a plain request or nonsense, judged; then a tunnel, mitmproxy's, or refused.

Knows what clients ask an HTTP proxy for, and that one who is asked for a name and a password asks again. Refuses to
decide.
"""

import re
from functools import partial
from typing import Final

from tierwall.events import Stage
from tierwall.opening import ClientHello, Connect, Malformed, Opening, PlainHttp, read_proxy_request
from tierwall.policy.attempt import Attempt, NameSource
from tierwall.policy.model import Transport
from tierwall.proxy.connection.attempts import named, with_opening
from tierwall.proxy.connection.client_connection import ClientConnection
from tierwall.proxy.connection.states import Happens
from tierwall.proxy.connection.tunnel_request import TunnelRequest
from tierwall.proxy.middlebox.access.access import AtAccess
from tierwall.proxy.middlebox.access.credentials import Login, given
from tierwall.proxy.middlebox.access.dial_blackhole import blackhole, blackholes
from tierwall.proxy.middlebox.access.proxy_auth import Outcome, left_for_parent
from tierwall.proxy.serving.own_names import is_ours
from tierwall.proxy.serving.pages import METHOD_NOT_ALLOWED, METHODS, MISDIRECTED, Pages, ReachedAt
from tierwall.proxy.serving.portal_host import PortalHost
from tierwall.proxy.serving.tunnels import Tunnels
from tierwall.proxy.state.active_policy import ActivePolicy
from tierwall.proxy.state.destinations import Destinations
from tierwall.proxy.state.refusal import Spoken
from tierwall.proxy.transport.addresses import socket_address
from tierwall.proxy.transport.endpoints.endpoint import Endpoint

_ESTABLISHED: Final = b"HTTP/1.1 200 Connection established\r\n\r\n"
_MAY_HAVE_BODY: Final = re.compile(rb"\n(?:content-length|transfer-encoding)[ \t]*:", re.IGNORECASE)
_NOWHERE: Final = Attempt(transport=Transport.TCP, port=0)


class HttpProxy:
    """What clients of these modes ask for."""

    def __init__(
        self,
        active_policy: ActivePolicy,
        destinations: Destinations,
        pages: Pages,
        at_access: AtAccess,
        tunnels: Tunnels,
    ) -> None:
        self._active_policy, self._destinations, self._pages = active_policy, destinations, pages
        self._at_access, self._tunnels = at_access, tunnels
        self._portal_host = PortalHost(at_access, tunnels)

    def wait(self, connection: ClientConnection) -> None:
        """For the client's next request."""
        connection.first_bytes.wait(read_proxy_request, partial(self._request, connection))

    def _request(self, connection: ClientConnection, opening: Opening | None) -> None:
        connection.stage, connection.spoken = Stage.CONNECT, Spoken.OTHER
        match opening:
            case Connect():
                connection.spoken = Spoken.CONNECT
                connection.caller.user_agent = opening.user_agent
                self._connect(connection, opening)
            case None:
                connection.client.close()
                connection.end(Happens.END)
            case PlainHttp():
                self._plain_http(connection, opening)
            case ClientHello():
                connection.spoken, connection.stage = Spoken.TLS, Stage.CLIENTHELLO
                _no_request(connection, _NOWHERE, "TLS to the proxy port itself; --listen-tls is for that")
            case Malformed(why=why):
                _no_request(connection, _NOWHERE, why, too_large=opening.too_large)
            case _:
                _no_request(connection, _NOWHERE, "not a request to an HTTP proxy")

    def _connect(self, connection: ClientConnection, opening: Connect) -> None:
        attempt = named(NameSource.CONNECT, opening.host, opening.port, self._destinations)
        if self._portal_host.serves_tunnel(connection, attempt, _ESTABLISHED, opening.consumed):
            return
        request = TunnelRequest.of(connection, attempt)
        credentials = opening.credentials
        if request.verdict.effects:
            stays = opening.version != "HTTP/1.0"
            if not self._passes_access(request, given(credentials), again=stays, consumed=opening.consumed):
                return
            credentials = left_for_parent(request.verdict, credentials)
        if not request.verdict.passes:
            request.refuse()
            return
        self._tunnels.open(
            request,
            _ESTABLISHED,
            consumed=opening.consumed,
            credentials=credentials,
            again=None if connection.listener.parent is None else partial(self.wait, connection),
        )

    def _passes_access(self, request: TunnelRequest, login: Login | None, *, again: bool, consumed: int) -> bool:
        """Whether no behaviour ends it here. Who is asked for a name and a password may send its request again."""
        outcome = self._at_access.outcome(request, login, again=again)
        if outcome is Outcome.ASKED:
            connection = request.connection
            del connection.client.received[:consumed]
            connection.step(Happens.ASK_AGAIN)
            self.wait(connection)
        return outcome is Outcome.PASSES

    def _plain_http(self, connection: ClientConnection, opening: PlainHttp) -> None:
        connection.speaks(opening)
        if opening.origin_form:
            self._to_the_proxy(connection, opening)
            return
        attempt = with_opening(named(NameSource.HOST, opening.host or "", opening.port, self._destinations), opening)
        if self._portal_host.serves(connection, attempt, opening):
            return
        request = TunnelRequest.of(connection, attempt)
        if request.verdict.effects:
            stays = _ends_with_its_head(connection.client, opening)
            login = given(opening.credentials)
            if not self._passes_access(request, login, again=stays, consumed=opening.consumed):
                return
        if not request.verdict.passes:
            request.refuse()
            return
        if (effect := blackholes(request)) is not None:
            connection.step(Happens.WAIT)
            connection.serve(blackhole(request, effect))
            return
        self._tunnels.hand_over(request, None, self._at_access.more_requests(connection))

    def _to_the_proxy(self, connection: ClientConnection, opening: PlainHttp) -> None:
        """A request to the proxy itself, not through it: its pages are there for whoever may use it."""
        attempt = with_opening(Attempt(transport=Transport.TCP, port=opening.port), opening)
        if not self._pages.has(opening):
            _no_request(connection, attempt, "a request to the proxy itself, not through it")
        elif not is_ours(opening, self._destinations):
            foreign = "a page of the proxy under a name that is not its own"
            TunnelRequest.malformed(connection, attempt, foreign).refuse_with("421", MISDIRECTED)
        elif opening.method not in METHODS:
            read_only = "the proxy's own pages are only read"
            TunnelRequest.malformed(connection, attempt, read_only).refuse_with("405", METHOD_NOT_ALLOWED)
        else:
            connection.client.close_after(self._pages.answer(opening, _listening(connection.client)))
            connection.end(Happens.REFUSE)


def _no_request(connection: ClientConnection, attempt: Attempt, why: str, *, too_large: bool = False) -> None:
    request = TunnelRequest.malformed(connection, attempt, why)
    if connection.spoken is Spoken.TLS:
        request.refuse()
    else:
        request.refuse_as_no_http(too_large=too_large)


def _ends_with_its_head(client: Endpoint, opening: PlainHttp) -> bool:
    """Whether a request has no body, so that another may follow it when only its head was read."""
    if opening.method != "GET" or opening.version == "HTTP/1.0":
        return False
    return _MAY_HAVE_BODY.search(client.received, 0, opening.consumed) is None


def _listening(client: Endpoint) -> ReachedAt:
    host, port = client.get_extra_info("sockname")[:2]
    return ReachedAt(socket_address(host), port, secure=client.get_extra_info("ssl_object") is not None)
