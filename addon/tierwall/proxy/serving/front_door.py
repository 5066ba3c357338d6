"""Accepts a connection, finds out what its client wants, and ends it where nobody else does.

Knows every connection that has not ended, and whose turn is first in each mode (docs/design.md, "How data flows").
Refuses to decide anything itself.
"""

import asyncio

from tierwall.events import Stage
from tierwall.policy.attempt import Attempt
from tierwall.policy.model import Address, Transport
from tierwall.proxy.connection.client_connection import ClientConnection, Listener, Speaks
from tierwall.proxy.connection.states import Happens
from tierwall.proxy.connection.tunnel_request import TunnelRequest
from tierwall.proxy.middlebox.access.access import AtAccess
from tierwall.proxy.serving.modes.http_proxy import HttpProxy
from tierwall.proxy.serving.modes.socks5_proxy import Socks5Proxy
from tierwall.proxy.serving.modes.to_address import ToAddress
from tierwall.proxy.serving.pages import Pages
from tierwall.proxy.serving.tunnels import Tunnels
from tierwall.proxy.state.active_policy import ActivePolicy
from tierwall.proxy.state.destinations import Destinations
from tierwall.proxy.state.recorder import Caller, Recorder
from tierwall.proxy.transport.addresses import socket_address
from tierwall.proxy.transport.endpoints.endpoint import Endpoint


class FrontDoor:
    """Serves every TCP connection of a proxy. `open` is one connection, from accept to journal line."""

    def __init__(
        self, active_policy: ActivePolicy, destinations: Destinations, recorder: Recorder, pages: Pages
    ) -> None:
        self._active_policy, self._recorder = active_policy, recorder
        self._connections: dict[ClientConnection, None] = {}
        """Those that have not ended, in the order in which they came."""
        self._waiting: dict[ClientConnection, asyncio.Future[None]] = {}
        self.tunnels = Tunnels(active_policy, destinations, recorder)
        self.at_access = AtAccess(active_policy)
        self._http_proxy = HttpProxy(active_policy, destinations, pages, self.at_access, self.tunnels)
        self._to_address = ToAddress(active_policy, destinations, self.at_access, self.tunnels)
        self._socks5_proxy = Socks5Proxy(active_policy, destinations, self.at_access, self.tunnels, self._to_address)

    def open(
        self, client: Endpoint, listener: Listener, original: tuple[Address, int] | None = None
    ) -> ClientConnection:
        """One connection. `original` is its destination where the mode knows it. Whatever fails in here denies."""
        connection = ClientConnection(
            client, listener, _caller(client), self._recorder, self._active_policy, self._ended
        )
        self._connections[connection] = None
        try:
            self._begin(connection, original)
            client.begin(speaks_first=True)
        except Exception as failure:  # noqa: BLE001 - it is said
            connection.failed(failure)
        return connection

    async def serve(self, client: Endpoint, listener: Listener, original: tuple[Address, int] | None = None) -> None:
        """The same, until nothing follows any more."""
        connection = self.open(client, listener, original)
        if connection in self._connections:
            over = self._waiting[connection] = asyncio.get_running_loop().create_future()
            await over

    def not_secured(self, caller: Caller, listener: Listener, why: str) -> None:
        """Journal that a client's handshake with the proxy itself came to nothing: it got no further than that."""
        attempt = Attempt(transport=Transport.TCP, port=0, malformed=why)
        refused = caller.address and self._active_policy.refused(caller.address, through_gateway=listener.gateway)
        verdict = refused or self._active_policy.judge(attempt)
        self._recorder.decided_once(caller, attempt, verdict, Stage.CLIENTHELLO, "close")

    def say(self, trouble: str) -> None:
        """Journal a trouble of ours with connections that were not served."""
        self._recorder.fault(trouble, Stage.ACCEPT)

    async def shut(self, seconds: float) -> None:
        """End every tunnel, and every connection: what is not over so long after that is cut. Each is journalled."""
        self.tunnels.shut()
        loop = asyncio.get_running_loop()
        for connection in tuple(self._connections):
            self._waiting.setdefault(connection, loop.create_future())
        if self._waiting:
            await asyncio.wait(tuple(self._waiting.values()), timeout=seconds)
        self.tunnels.cut()
        for connection in tuple(self._connections):
            connection.cut()

    # -- the two ends of every connection

    def _begin(self, connection: ClientConnection, original: tuple[Address, int] | None) -> None:
        caller, listener = connection.caller, connection.listener
        if caller.address is None:
            connection.client.close()  # it left before we looked
            connection.end(Happens.END)
        elif verdict := self._active_policy.refused(caller.address, through_gateway=listener.gateway):
            port = original[1] if original else 0
            attempt = Attempt(transport=Transport.TCP, port=port, client=caller.address)
            TunnelRequest(connection, attempt, verdict).refuse()
        elif original is not None:
            self._to_address.wait(connection, *original)
        elif listener.speaks is Speaks.SOCKS5:
            self._socks5_proxy.begin(connection)
        else:
            self._http_proxy.wait(connection)

    def _ended(self, connection: ClientConnection) -> None:
        self._connections.pop(connection, None)
        try:
            if connection.access_state is not None:
                self.at_access.leave(connection)
        finally:
            if connection.parent is not None:
                connection.parent.server.close()
            over = self._waiting.pop(connection, None)
            if over is not None and not over.done():
                over.set_result(None)


def _caller(client: Endpoint) -> Caller:
    peer = client.get_extra_info("peername")
    if not peer:
        return Caller(None, 0)
    text = peer[0]
    return Caller(socket_address(text), peer[1], _ip=None if ":" in text else text)
