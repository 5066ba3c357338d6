"""Modes whose clients choose an address (transparent, wireguard, tun, local), and SOCKS5 with one: what a client then
says is what it is judged by.

Knows the order: opening, access, behaviours at the opening, dial. Refuses to decide.
"""

from functools import partial

from tierwall.opening import Opening, PlainHttp, read_tunnel
from tierwall.policy.attempt import Action
from tierwall.policy.model import Address, Transport
from tierwall.proxy.connection.attempts import at_address, with_opening
from tierwall.proxy.connection.client_connection import ClientConnection, Known, Speaks
from tierwall.proxy.connection.learned_names import judge_unnamed
from tierwall.proxy.connection.states import Happens
from tierwall.proxy.connection.tunnel_request import TunnelRequest
from tierwall.proxy.middlebox.access.access import AtAccess
from tierwall.proxy.middlebox.access.credentials import Login
from tierwall.proxy.middlebox.access.dial_blackhole import blackhole, blackholes
from tierwall.proxy.middlebox.access.proxy_auth import Outcome
from tierwall.proxy.serving.portal_host import PortalHost
from tierwall.proxy.serving.tunnels import Tunnels
from tierwall.proxy.state.active_policy import ActivePolicy
from tierwall.proxy.state.destinations import Destinations


class ToAddress:
    """What such clients ask for."""

    def __init__(
        self, active_policy: ActivePolicy, destinations: Destinations, at_access: AtAccess, tunnels: Tunnels
    ) -> None:
        self._active_policy, self._destinations = active_policy, destinations
        self._at_access, self._tunnels = at_access, tunnels
        self._portal_host = PortalHost(at_access, tunnels)

    def wait(self, connection: ClientConnection, address: Address, port: int, login: Login | None = None) -> None:
        """For what the client says, which gave `login` as its name and password."""
        if connection.listener.speaks is Speaks.SOCKS5 and self._active_policy.site.behaviours:
            self._tunnels.at_opening.begin(connection, 0)
        connection.first_bytes.wait(
            read_tunnel, partial(self._opened, connection, Known(address, port), address, login)
        )

    def _opened(
        self, connection: ClientConnection, to: Known, address: Address, login: Login | None, opening: Opening | None
    ) -> None:
        client = connection.client
        if opening is None and (client.eof or client.gone):
            client.close()
            connection.end(Happens.END)
            return
        base = at_address(address, to.port, Transport.TCP, self._destinations)
        connection.speaks(opening)
        named_so = with_opening(base, opening)
        if self._portal_host.serves(connection, named_so, opening):
            return
        request = TunnelRequest(connection, *judge_unnamed(self._active_policy, named_so))
        if request.verdict.effects and self._at_access.outcome(request, login) is not Outcome.PASSES:
            return
        if not request.verdict.passes:
            self._tunnels.deny(request, to)
        elif (effect := blackholes(request)) is not None:
            connection.step(Happens.WAIT)
            connection.serve(blackhole(request, effect))
        elif self._tunnels.at_opening.looks(request):
            connection.step(Happens.EXAMINE)
            connection.serve(self._examine(request, to, address, opening))
        else:
            self._admitted(request, to, address, opening)

    async def _examine(self, request: TunnelRequest, to: Known, address: Address, opening: Opening | None) -> None:
        if not await self._tunnels.at_opening.stops(request, opening):
            self._admitted(request, to, address, opening)

    def _admitted(self, request: TunnelRequest, to: Known, address: Address, opening: Opening | None) -> None:
        if isinstance(opening, PlainHttp) or request.verdict.action is Action.INSPECT:
            self._tunnels.hand_over(request, to)
        else:
            self._tunnels.open_to(request, address, opening)
