"""A captive portal's own host: its pages, in clear and inside TLS, whatever the site admits, and no server behind it.

Knows by a client's opening which of the two it speaks. What is answered is portal.py's; inside TLS mitmproxy speaks,
under a certificate of the lab CA for the portal's name.
"""

from functools import partial

from tierwall.opening import ClientHello, Opening, PlainHttp, read_tunnel
from tierwall.policy.attempt import Attempt
from tierwall.proxy.connection.attempts import with_opening
from tierwall.proxy.connection.client_connection import ClientConnection, Known
from tierwall.proxy.connection.states import Happens, State
from tierwall.proxy.connection.tunnel_request import TunnelRequest
from tierwall.proxy.middlebox.access.access import AtAccess
from tierwall.proxy.middlebox.access.portal import NO_HTTP
from tierwall.proxy.serving.tunnels import Tunnels


class PortalHost:
    """The hosts of all portals of a site."""

    def __init__(self, at_access: AtAccess, tunnels: Tunnels) -> None:
        self._at_access, self._tunnels = at_access, tunnels

    def serves(self, connection: ClientConnection, attempt: Attempt, opening: Opening | None) -> bool:
        """Whether what a client said is for a portal's host: then it was answered here."""
        portal = self._at_access.portal(attempt)
        if portal is None:
            return False
        match opening:
            case PlainHttp():
                return self._at_access.serves_portal(connection, attempt, opening)
            case ClientHello() if all(name.value == portal.portal for name in attempt.names):
                self._tunnels.show(TunnelRequest.of(connection, attempt), Known(portal.portal, attempt.port))
                return True
            case _:
                return False

    def serves_tunnel(self, connection: ClientConnection, attempt: Attempt, reply: bytes, consumed: int = 0) -> bool:
        """Whether a tunnel was asked for that leads to a portal's host by name: then all that is said in it is answered
        here. `consumed`: so many gathered octets are the request's."""
        if self._at_access.portal(attempt) is None:
            return False
        del connection.client.received[:consumed]
        connection.client.write(reply)
        if connection.state is not State.OPENING:
            connection.step(Happens.OPEN)
        connection.first_bytes.wait(read_tunnel, partial(self._opened, connection, attempt))
        return True

    def _opened(self, connection: ClientConnection, attempt: Attempt, opening: Opening | None) -> None:
        client = connection.client
        if opening is None and (client.eof or client.gone):
            client.close()
            connection.end(Happens.END)
            return
        connection.speaks(opening)
        named_so = with_opening(attempt, opening)
        if not self.serves(connection, named_so, opening):
            TunnelRequest.malformed(connection, named_so, NO_HTTP).refuse()
