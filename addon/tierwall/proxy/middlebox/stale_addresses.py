"""Standing tunnels under an allowlist of addresses: the name of each is looked up again, and what it left is cut.

Knows tunnels and the addresses that names were pinned to. Refuses to decide which tunnels are meant: verdicts say so.
"""

import asyncio
from dataclasses import dataclass, field

from tierwall.events import ClosedBy, Stage
from tierwall.policy.attempt import Effect
from tierwall.policy.behaviour import StaleAddresses
from tierwall.policy.model import Address
from tierwall.proxy.connection.tunnel_request import TunnelRequest
from tierwall.proxy.middlebox.resolution import moved, name_of
from tierwall.proxy.state.destinations import Destinations
from tierwall.proxy.transport.addresses import socket_address
from tierwall.proxy.transport.relay import Relay


@dataclass(frozen=True, slots=True)
class _Standing:
    relay: Relay
    request: TunnelRequest
    effect: Effect
    address: Address

    def cut(self, detail: str) -> None:
        """End it, unless it ended by itself."""
        relay = self.relay
        if relay.closed_by is None:
            relay.closed_by = ClosedBy.BEHAVIOUR
            self.request.broken(self.effect, f"{detail}; cut by RST", "reset", Stage.TUNNEL)
            relay.client.reset()
            relay.server.reset()


@dataclass(slots=True)
class _Name:
    """Looked up for all tunnels that lead to it, by one task."""

    looking: asyncio.Task[None]
    tunnels: dict[Relay, _Standing] = field(default_factory=dict)


class StaleTunnels:
    """The names of all tunnels that stand under such a behaviour."""

    def __init__(self, destinations: Destinations) -> None:
        self._destinations = destinations
        self._names: dict[str, _Name] = {}
        self._name_of: dict[Relay, str] = {}

    def watch(self, relay: Relay, request: TunnelRequest) -> None:
        """Look after this tunnel from now on, where the verdict has such a behaviour; otherwise no longer."""
        self.forget(relay)
        attempt = request.attempt
        name, peer = name_of(attempt), relay.server.get_extra_info("peername")
        if name is None or not peer or self._destinations.redirect(name, attempt.port) is not None:
            return
        for effect in request.verdict.effects:
            if isinstance(effect.behaviour, StaleAddresses):
                standing = _Standing(relay, request, effect, socket_address(peer[0]))
                self._stand(name, standing, effect.behaviour.look)
                return

    def forget(self, relay: Relay) -> None:
        """It has ended."""
        name = self._name_of.pop(relay, None)
        if name is not None:
            known = self._names[name]
            del known.tunnels[relay]
            if not known.tunnels:
                del self._names[name]
                known.looking.cancel()

    def _stand(self, name: str, standing: _Standing, look_every_s: float) -> None:
        known = self._names.get(name)
        if known is None:
            looking = asyncio.get_running_loop().create_task(self._look_again(name, look_every_s))
            known = self._names[name] = _Name(looking)
        known.tunnels[standing.relay] = standing
        self._name_of[standing.relay] = name

    async def _look_again(self, name: str, every_s: float) -> None:
        while True:
            await asyncio.sleep(every_s)
            try:
                now = (await self._destinations.find(name, 0)).addresses
            except OSError:
                continue  # a resolver that fails says nothing of where the name is
            pinned = self._destinations.pins.of(name)
            if pinned is None:
                pinned = self._destinations.pins.pin(name, frozenset(now), None)
            for standing in tuple(self._names[name].tunnels.values()):
                if standing.address not in now and standing.address in pinned.found:
                    standing.cut(moved(name, now, pinned))
