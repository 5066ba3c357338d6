"""Accepts a connection, finds out what its client wants, has that judged, and refuses, relays or hands it over.

Knows the order of things in every TCP mode (docs/design.md, "How data flows"). Refuses to decide anything itself.
"""

import asyncio
import logging
import re
from dataclasses import replace
from typing import Final

from tierwall.events import Stage
from tierwall.opening import (
    ClientHello,
    Connect,
    Malformed,
    PlainHttp,
    Socks5Request,
    read_proxy_request,
    read_tunnel,
)
from tierwall.policy.attempt import Action, Attempt, NameSource
from tierwall.policy.behaviour import AuthScheme
from tierwall.policy.model import Address, Transport
from tierwall.proxy.connection.attempts import at_address, named, with_opening
from tierwall.proxy.connection.client_connection import ClientConnection, Known, Listener, Speaks
from tierwall.proxy.connection.first_bytes import read
from tierwall.proxy.connection.learned_names import judge_unnamed
from tierwall.proxy.connection.tunnel_request import TunnelRequest
from tierwall.proxy.middlebox.access.access import AtAccess
from tierwall.proxy.middlebox.access.credentials import Login, given
from tierwall.proxy.middlebox.access.dial_blackhole import blackholes
from tierwall.proxy.middlebox.access.proxy_auth import Outcome, left_for_parent
from tierwall.proxy.serving.own_names import is_ours
from tierwall.proxy.serving.pages import METHOD_NOT_ALLOWED, METHODS, MISDIRECTED, Pages, ReachedAt
from tierwall.proxy.serving.socks5 import NoMethod, Wanted, negotiate
from tierwall.proxy.serving.tunnels import Tunnels
from tierwall.proxy.state import refusal
from tierwall.proxy.state.active_policy import ActivePolicy
from tierwall.proxy.state.destinations import Destinations
from tierwall.proxy.state.own_failures import told, traceable
from tierwall.proxy.state.recorder import Caller, Recorder
from tierwall.proxy.state.refusal import Spoken
from tierwall.proxy.transport.addresses import socket_address
from tierwall.proxy.transport.endpoint import Endpoint

logger = logging.getLogger(__name__)

_ESTABLISHED: Final = b"HTTP/1.1 200 Connection established\r\n\r\n"
_SOCKS_CONNECT: Final = 1
_MAY_HAVE_BODY: Final = re.compile(rb"\n(?:content-length|transfer-encoding)[ \t]*:", re.IGNORECASE)


class FrontDoor:
    """Serves every TCP connection of a proxy. `serve` is one connection, from accept to journal line."""

    def __init__(
        self, active_policy: ActivePolicy, destinations: Destinations, recorder: Recorder, pages: Pages
    ) -> None:
        self._active_policy, self._destinations, self._recorder = active_policy, destinations, recorder
        self._pages = pages
        self.tunnels = Tunnels(active_policy, destinations, recorder)
        self.at_access = AtAccess(active_policy)

    async def serve(self, client: Endpoint, listener: Listener, original: tuple[Address, int] | None = None) -> None:
        """One connection. `original` is its destination where the mode knows it. Whatever fails in here denies."""
        caller = _caller(client)
        connection = ClientConnection(client, listener, caller, self._recorder, self._active_policy)
        try:
            if caller.address is None:
                client.close()  # it left before we looked
            elif verdict := self._active_policy.refused(caller.address, through_gateway=listener.gateway):
                port = original[1] if original else 0
                attempt = Attempt(transport=Transport.TCP, port=port, client=caller.address)
                TunnelRequest(connection, attempt, verdict).refuse()
            elif original is not None:
                await self._to_address(connection, *original)
            elif listener.speaks is Speaks.SOCKS5:
                await self._socks5(connection)
            else:
                await self._http_proxy(connection)
        except asyncio.CancelledError:
            client.close()
            raise
        except Exception as exc:
            client.reset()  # first: what follows may fail too
            logger.exception("a connection is denied because of a failure of ours", exc_info=traceable(exc))
            self._recorder.error(caller, connection.stage, told(exc))
        finally:
            if connection.access_state is not None:
                self.at_access.leave(connection)
            if connection.parent is not None:
                connection.parent.server.close()

    def say(self, trouble: str) -> None:
        """Journal a trouble of ours with connections that were not served."""
        self._recorder.fault(trouble, Stage.ACCEPT)

    # -- modes regular and upstream

    async def _http_proxy(self, connection: ClientConnection) -> None:
        while await self._request(connection) is Outcome.ASKED:
            pass

    async def _request(self, connection: ClientConnection) -> Outcome:
        opening = await read(connection.client, read_proxy_request)
        connection.stage, connection.spoken = Stage.CONNECT, Spoken.OTHER
        match opening:
            case None:
                connection.client.close()
            case Connect():
                connection.spoken = Spoken.CONNECT
                connection.caller.user_agent = opening.user_agent
                return await self._connect(connection, opening)
            case PlainHttp():
                return await self._plain_http(connection, opening)
            case ClientHello():
                connection.spoken, connection.stage = Spoken.TLS, Stage.CLIENTHELLO
                self._malformed(connection, Attempt(transport=Transport.TCP, port=0), "TLS to the proxy port itself")
            case Malformed(why=why):
                self._malformed(connection, Attempt(transport=Transport.TCP, port=0), why, too_large=opening.too_large)
            case _:
                self._malformed(connection, Attempt(transport=Transport.TCP, port=0), "not a request to an HTTP proxy")
        return Outcome.ENDS

    async def _connect(self, connection: ClientConnection, opening: Connect) -> Outcome:
        request = self._judged(connection, named(NameSource.CONNECT, opening.host, opening.port, self._destinations))
        credentials = opening.credentials
        if request.verdict.effects:
            stays = opening.version != "HTTP/1.0"
            outcome = self.at_access.outcome(request, given(credentials), again=stays)
            if outcome is not Outcome.PASSES:
                del connection.client.received[: opening.consumed]
                return outcome
            credentials = left_for_parent(request.verdict, credentials)
        if not request.verdict.passes:
            request.refuse()
            return Outcome.ENDS
        consumed = opening.consumed
        asked = await self.tunnels.open(request, _ESTABLISHED, consumed=consumed, credentials=credentials)
        return Outcome.ASKED if asked else Outcome.PASSES

    async def _plain_http(self, connection: ClientConnection, opening: PlainHttp) -> Outcome:
        connection.speaks(opening)
        if opening.origin_form:
            self._to_the_proxy(connection, opening)
            return Outcome.ENDS
        attempt = with_opening(named(NameSource.HOST, opening.host or "", opening.port, self._destinations), opening)
        if self._active_policy.site.behaviours and self.at_access.serves_portal(connection, attempt, opening):
            return Outcome.ENDS
        request = self._judged(connection, attempt)
        if request.verdict.effects:
            stays = _ends_with_its_head(connection.client, opening)
            outcome = self.at_access.outcome(request, given(opening.credentials), again=stays)
            if outcome is Outcome.ASKED:
                del connection.client.received[: opening.consumed]
            if outcome is not Outcome.PASSES:
                return outcome
        if not request.verdict.passes:
            request.refuse()
            return Outcome.ENDS
        if request.verdict.effects and await blackholes(request):
            return Outcome.ENDS
        with self.at_access.more_requests(connection):
            await self.tunnels.hand_over(request, None)
        return Outcome.PASSES

    def _to_the_proxy(self, connection: ClientConnection, opening: PlainHttp) -> None:
        """A request to the proxy itself, not through it: its pages are there for whoever may use it."""
        attempt = with_opening(Attempt(transport=Transport.TCP, port=opening.port), opening)
        if not self._pages.has(opening):
            self._malformed(connection, attempt, "a request to the proxy itself, not through it")
        elif not is_ours(opening, self._destinations):
            self._unserved(
                connection, attempt, "a page of the proxy under a name that is not its own", "421", MISDIRECTED
            )
        elif opening.method not in METHODS:
            self._unserved(connection, attempt, "the proxy's own pages are only read", "405", METHOD_NOT_ALLOWED)
        else:
            connection.client.close_after(self._pages.answer(opening, _listening(connection.client)))

    # -- mode socks5

    async def _socks5(self, connection: ClientConnection) -> None:
        nowhere = Attempt(transport=Transport.TCP, port=0)
        match await negotiate(connection, logins=self.at_access.wants_logins()):
            case None:
                connection.client.close()
            case Malformed(why=why):
                self._malformed(connection, nowhere, why)
            case NoMethod(why=why):
                self._unserved(connection, nowhere, why, "no-method", refusal.SOCKS_NO_METHOD)
            case Wanted(request=request, login=said):
                login = None if said is None else Login(AuthScheme.BASIC, said)
                await self._socks5_request(connection, request, login)

    async def _socks5_request(self, connection: ClientConnection, request: Socks5Request, login: Login | None) -> None:
        attempt = named(NameSource.SOCKS, request.host, request.port, self._destinations)
        if request.command != _SOCKS_CONNECT:
            why = f"SOCKS5 command {request.command}; only CONNECT (1) is served"
            self._unserved(connection, attempt, why, "command-not-supported", refusal.socks_reply(0x07))
        elif attempt.malformed is not None or isinstance(attempt.names[0].value, str):
            await self._socks5_name(connection, attempt, login)
        else:
            connection.client.write(refusal.socks_reply(0x00))
            await self._to_address(connection, attempt.names[0].value, attempt.port, login)

    async def _socks5_name(self, connection: ClientConnection, attempt: Attempt, login: Login | None) -> None:
        if self._active_policy.site.behaviours and self.at_access.portal(attempt) is not None:
            connection.client.write(refusal.socks_reply(0x00))
            opening = await read(connection.client, read_tunnel)
            if isinstance(opening, PlainHttp) and self.at_access.serves_portal(connection, attempt, opening):
                return
            connection.client.reset()
            return
        request = self._judged(connection, attempt)
        if request.verdict.effects and self.at_access.outcome(request, login) is not Outcome.PASSES:
            return
        if not request.verdict.passes:
            request.refuse()
        else:
            await self.tunnels.open(request, refusal.socks_reply(0x00))

    # -- transparent, wireguard, tun, local; SOCKS5 with an address

    async def _to_address(
        self, connection: ClientConnection, address: Address, port: int, login: Login | None = None
    ) -> None:
        client = connection.client
        if connection.listener.speaks is Speaks.SOCKS5 and self._active_policy.site.behaviours:
            self.tunnels.at_opening.begin(connection, 0)
        opening = await read(client, read_tunnel)
        if opening is None and (client.eof or client.gone):
            client.close()
            return
        base = at_address(address, port, Transport.TCP, self._destinations)
        connection.speaks(opening)
        named_so = with_opening(base, opening)
        if (
            self._active_policy.site.behaviours
            and isinstance(opening, PlainHttp)
            and self.at_access.serves_portal(connection, named_so, opening)
        ):
            return
        request = TunnelRequest(connection, *judge_unnamed(self._active_policy, named_so))
        verdict = request.verdict
        if verdict.effects and self.at_access.outcome(request, login) is not Outcome.PASSES:
            return
        if not verdict.passes:
            await self.tunnels.deny(request, Known(address, port))
        elif verdict.effects and (await blackholes(request) or await self.tunnels.at_opening.stops(request, opening)):
            return
        elif isinstance(opening, PlainHttp) or verdict.action is Action.INSPECT:
            await self.tunnels.hand_over(request, Known(address, port))
        else:
            await self.tunnels.open_to(request, address, opening)

    # -- what all of them share

    def _judged(self, connection: ClientConnection, attempt: Attempt) -> TunnelRequest:
        return TunnelRequest(connection, attempt, self._active_policy.judge(attempt))

    def _unserved(self, connection: ClientConnection, attempt: Attempt, why: str, how: str, farewell: bytes) -> None:
        unserved = replace(attempt, malformed=attempt.malformed or why)
        self._judged(connection, unserved).refuse_with(how, farewell)

    def _malformed(self, connection: ClientConnection, attempt: Attempt, why: str, *, too_large: bool = False) -> None:
        request = self._judged(connection, replace(attempt, malformed=attempt.malformed or why))
        if connection.listener.speaks is Speaks.HTTP_PROXY and connection.spoken is not Spoken.TLS:
            request.refuse_as_no_http(too_large=too_large)
        else:
            request.refuse()


def _caller(client: Endpoint) -> Caller:
    peer = client.transport.get_extra_info("peername")
    if not peer:
        return Caller(None, 0)
    return Caller(socket_address(peer[0]), peer[1])


def _ends_with_its_head(client: Endpoint, opening: PlainHttp) -> bool:
    """Whether a request has no body, so that another may follow it when only its head was read."""
    if opening.method != "GET" or opening.version == "HTTP/1.0":
        return False
    return _MAY_HAVE_BODY.search(client.received, 0, opening.consumed) is None


def _listening(client: Endpoint) -> ReachedAt:
    host, port = client.transport.get_extra_info("sockname")[:2]
    return socket_address(host), port
