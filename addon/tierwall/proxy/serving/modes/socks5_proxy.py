"""Mode socks5: what is asked for by name is a tunnel at once, what is asked for by address once it has said its name.

Knows the order of RFC 1928, of which socks5.py has the messages. Refuses to decide.
"""

from typing import Final

from tierwall.opening import Malformed, Socks5Request
from tierwall.policy.attempt import Attempt, NameSource
from tierwall.policy.behaviour import AuthScheme
from tierwall.policy.model import Transport
from tierwall.proxy.connection.attempts import named
from tierwall.proxy.connection.client_connection import ClientConnection
from tierwall.proxy.connection.states import Happens
from tierwall.proxy.connection.tunnel_request import TunnelRequest
from tierwall.proxy.middlebox.access.access import AtAccess
from tierwall.proxy.middlebox.access.credentials import Login
from tierwall.proxy.middlebox.access.proxy_auth import Outcome
from tierwall.proxy.serving.modes.socks5 import NoMethod, Wanted, negotiate
from tierwall.proxy.serving.modes.to_address import ToAddress
from tierwall.proxy.serving.portal_host import PortalHost
from tierwall.proxy.serving.tunnels import Tunnels
from tierwall.proxy.state import refusal
from tierwall.proxy.state.active_policy import ActivePolicy
from tierwall.proxy.state.destinations import Destinations

_SOCKS_CONNECT: Final = 1
_NOWHERE: Final = Attempt(transport=Transport.TCP, port=0)


class Socks5Proxy:
    """What clients of this mode ask for."""

    def __init__(
        self,
        active_policy: ActivePolicy,
        destinations: Destinations,
        at_access: AtAccess,
        tunnels: Tunnels,
        to_address: ToAddress,
    ) -> None:
        self._active_policy, self._destinations = active_policy, destinations
        self._at_access, self._tunnels, self._to_address = at_access, tunnels, to_address
        self._portal_host = PortalHost(at_access, tunnels)

    def begin(self, connection: ClientConnection) -> None:
        """Let a task exchange the messages before the request."""
        connection.step(Happens.NEGOTIATE)
        connection.serve(self._negotiate(connection))

    async def _negotiate(self, connection: ClientConnection) -> None:
        match await negotiate(connection, logins=self._at_access.wants_logins()):
            case None:
                connection.client.close()
                connection.end(Happens.END)
            case Malformed(why=why):
                TunnelRequest.malformed(connection, _NOWHERE, why).refuse()
            case NoMethod(why=why):
                unserved = TunnelRequest.malformed(connection, _NOWHERE, why)
                unserved.refuse_with("no-method", refusal.SOCKS_NO_METHOD)
            case Wanted(request=request, login=said):
                login = None if said is None else Login(AuthScheme.BASIC, said)
                self._request(connection, request, login)

    def _request(self, connection: ClientConnection, request: Socks5Request, login: Login | None) -> None:
        attempt = named(NameSource.SOCKS, request.host, request.port, self._destinations)
        if request.command != _SOCKS_CONNECT:
            why = f"SOCKS5 command {request.command}; only CONNECT (1) is served"
            unserved = TunnelRequest.malformed(connection, attempt, why)
            unserved.refuse_with("command-not-supported", refusal.socks_reply(0x07))
        elif attempt.malformed is not None or isinstance(attempt.names[0].value, str):
            self._name(connection, attempt, login)
        else:
            connection.client.write(refusal.socks_reply(0x00))
            connection.step(Happens.OPEN)
            self._to_address.wait(connection, attempt.names[0].value, attempt.port, login)

    def _name(self, connection: ClientConnection, attempt: Attempt, login: Login | None) -> None:
        if self._portal_host.serves_tunnel(connection, attempt, refusal.socks_reply(0x00)):
            return
        request = TunnelRequest.of(connection, attempt)
        if request.verdict.effects and self._at_access.outcome(request, login) is not Outcome.PASSES:
            return
        if not request.verdict.passes:
            request.refuse()
        else:
            self._tunnels.open(request, refusal.socks_reply(0x00))
