"""Tunnels that stand between two real connections, under the behaviours that a test names, and what is journalled."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tests.policy.catalogues import CATALOGUE, connect
from tests.support.endpoints import Peer, Told, connection
from tierwall.policy.attempt import Action, Effect, Verdict
from tierwall.policy.behaviour import Behaviour
from tierwall.policy.site import Site
from tierwall.proxy.connection.client_connection import ClientConnection, Listener, Speaks
from tierwall.proxy.connection.tunnel_request import TunnelRequest
from tierwall.proxy.middlebox.tunnel.middlebox import take_up
from tierwall.proxy.state.active_policy import ActivePolicy
from tierwall.proxy.state.recorder import Caller, Recorder
from tierwall.proxy.transport.relay import Relay

ATTEMPT = connect("8x8.vc")


class Standing:
    """A tunnel, its two peers, and what is journalled of it."""

    def __init__(self, relay: Relay, client: Peer, server: Peer) -> None:
        self.relay, self.client, self.server = relay, client, server
        self.told = Told()
        active_policy = ActivePolicy(Site(id="box"), CATALOGUE)
        recorder = Recorder(self.told, active_policy, everything=True)
        listener = Listener(speaks=Speaks.ANYTHING, hand_over=_nowhere)
        self._connection = ClientConnection(relay.client, listener, Caller(None, 0), recorder, active_policy)

    def under(self, *behaviours: Behaviour) -> None:
        """Let these act, and no others."""
        take_up(self.relay, self.request(*behaviours), lambda _: None)

    def request(self, *behaviours: Behaviour) -> TunnelRequest:
        """What it came of, where these act."""
        verdict = Verdict(action=Action.ALLOW, effects=tuple(Effect(each, ()) for each in behaviours))
        return TunnelRequest(self._connection, ATTEMPT, verdict)


async def _nowhere(*_: object) -> None:
    raise AssertionError("nothing is handed over here")


@asynccontextmanager
async def standing(*behaviours: Behaviour, buffer_octets: int | None = None) -> AsyncIterator[Standing]:
    """One of them. `buffer_octets`: of the kernel, on both sides of each connection."""
    async with connection(buffer_octets) as (client, at_client), connection(buffer_octets) as (server, at_server):
        tunnel = Standing(Relay(client, server), at_client, at_server)
        tunnel.under(*behaviours)
        tunnel.relay.release()
        yield tunnel
