"""A client's connection that asked for something, over real octets, and what is told of it: for what acts on one."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from ipaddress import ip_address

from tests.policy.catalogues import CATALOGUE, connect, everything, listed
from tests.support.endpoints import Peer, Told, connection
from tierwall.policy.attempt import Action, Attempt, Effect, Verdict
from tierwall.policy.behaviour import Behaviour
from tierwall.policy.site import Site
from tierwall.proxy.connection.client_connection import ClientConnection, Listener, Speaks
from tierwall.proxy.connection.tunnel_request import TunnelRequest
from tierwall.proxy.middlebox.access.acceptances import Acceptances
from tierwall.proxy.middlebox.access.access import AtAccess
from tierwall.proxy.middlebox.access.portal import Portals
from tierwall.proxy.state.active_policy import ActivePolicy
from tierwall.proxy.state.recorder import Caller, Recorder
from tierwall.proxy.state.refusal import Spoken

SITE = Site(id="lab", admit=(everything(), listed("*.corp.example", on=["tcp/any"])))
CLIENT = ip_address("10.0.0.7")


@dataclass(slots=True)
class Asking:
    """Clients of one proxy, under these behaviours."""

    behaviours: tuple[Behaviour, ...] = ()
    speaks: Speaks = Speaks.HTTP_PROXY
    spoken: Spoken = Spoken.CONNECT
    told: Told = field(default_factory=Told)
    policy: ActivePolicy = field(init=False)

    def __post_init__(self) -> None:
        self.policy = ActivePolicy(replace(SITE, behaviours=self.behaviours), CATALOGUE)

    @asynccontextmanager
    async def connected(self) -> AsyncIterator[tuple[ClientConnection, Peer]]:
        """One that came in, and its other end."""
        listener = Listener(speaks=self.speaks, hand_over=_nowhere)
        recorder = Recorder(self.told, self.policy, everything=True)
        async with connection() as (end, peer):
            yield ClientConnection(end, listener, Caller(CLIENT, 1), recorder, self.policy, spoken=self.spoken), peer

    def at_access(self) -> AtAccess:
        """Their door, with a memory of its own of who accepted a portal's terms."""
        at = AtAccess(self.policy)
        at.portals = Portals(time.monotonic, Acceptances(bytearray(4096 * 16)))
        return at

    def hit_by(self, asked: ClientConnection, attempt: Attempt | None = None) -> TunnelRequest:
        """What it asks for, where each behaviour acts whatever it is for."""
        effects = tuple(Effect(each, ()) for each in self.behaviours)
        return TunnelRequest(asked, attempt or connect("8x8.vc"), Verdict(action=Action.ALLOW, effects=effects))

    @property
    def broke(self) -> list[tuple[str | None, str | None, str | None]]:
        """What broke so far: the behaviour, how, and what the client saw."""
        events = [event.tierwall for event in self.told.events if event.event.action == "broken"]
        return [(each.behaviour, each.detail, each.refusal) for each in events]


async def _nowhere(*_: object) -> None:
    raise AssertionError("nothing is handed over here")
