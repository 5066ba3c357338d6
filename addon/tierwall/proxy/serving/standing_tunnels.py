"""Which tunnels stand now, what acts on their octets, and how all of them end.

Knows relays and the request that each came of. Refuses to know how one comes to stand (tunnels.py), and to decide.
"""

import asyncio
from collections.abc import Iterator

from tierwall.events import ClosedBy
from tierwall.policy.attempt import Attempt
from tierwall.proxy.connection.tunnel_request import TunnelRequest
from tierwall.proxy.middlebox.stale_addresses import StaleTunnels
from tierwall.proxy.middlebox.tunnel.middlebox import take_up
from tierwall.proxy.state.active_policy import ActivePolicy
from tierwall.proxy.state.destinations import Destinations
from tierwall.proxy.transport.relay import Relay


class StandingTunnels:
    """All of them."""

    def __init__(self, active_policy: ActivePolicy, destinations: Destinations) -> None:
        self._active_policy, self._destinations = active_policy, destinations
        self._relays: dict[Relay, TunnelRequest] = {}
        self._stale_tunnels = StaleTunnels(destinations)
        active_policy.listen(self._take_up_anew)

    def shut(self) -> None:
        """End every tunnel, at shutdown."""
        for relay in tuple(self._relays):
            relay.shut(ClosedBy.SHUTDOWN)

    def cut(self) -> None:
        """The same for those that have not ended: nothing more is sent."""
        for relay in tuple(self._relays):
            relay.finish()
            relay.client.abort()
            relay.server.abort()

    async def ended(self) -> None:
        """Wait until every tunnel that stands now has ended, and was journalled."""
        await asyncio.gather(*(relay.finished() for relay in self._relays))

    @property
    def standing(self) -> int:
        """Tunnels that stand now."""
        return len(self._relays)

    def all(self) -> Iterator[tuple[Relay, TunnelRequest]]:
        """Those that stand, the oldest first. Not to be held over an await."""
        return iter(self._relays.items())

    # -- what acts on their octets

    def _stand(self, relay: Relay, request: TunnelRequest) -> None:
        """Note that the tunnel stands, with what acts on its octets."""
        self._relays[relay] = request
        if request.verdict.effects or relay.behaviours is not None:
            self._take_up(relay, request)

    def _part(self, relay: Relay) -> None:
        relay.part()
        self._forget(relay)  # it is no tunnel any more, and nobody should wait for its end

    def _forget(self, relay: Relay) -> None:
        self._relays.pop(relay, None)
        self._stale_tunnels.forget(relay)

    def _take_up(self, relay: Relay, request: TunnelRequest) -> None:
        take_up(relay, request, self._remembered)
        self._stale_tunnels.watch(relay, request)

    def _take_up_anew(self) -> None:
        """Another site is in force: what it does to octets, open tunnels feel too; those that it denies stay."""
        for relay, request in tuple(self._relays.items()):
            verdict = self._active_policy.judge(request.attempt)
            if verdict.passes:
                try:
                    self._take_up(relay, request.judged(request.attempt, verdict))
                except Exception as failure:  # noqa: BLE001 - it is said; the other tunnels feel the site all the same
                    request.connection.failed(failure)

    def _remembered(self, attempt: Attempt) -> float | None:
        """When our own DNS told a client the name of the address that it asked for."""
        return None if attempt.address is None else self._destinations.learned_at(attempt.address)
