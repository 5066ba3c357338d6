"""From an admitted attempt to its server: where it leads, who is asked, and what came of it.

Knows the two ways: an address that is known is dialled by callbacks; a name to be looked up, several addresses, a
parent proxy and behaviours that wait are a task's. Both come back with the same outcomes. Refuses to decide.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass

from tierwall.opening import Opening
from tierwall.policy.limits import DIAL_S
from tierwall.policy.model import Address
from tierwall.proxy.connection.client_connection import Known
from tierwall.proxy.connection.dial import (
    Broken,
    Denied,
    Dialled,
    Look,
    Unreachable,
    admitted,
    dial,
    too_late,
    unreachable,
)
from tierwall.proxy.connection.parent_proxy import Parent, ParentRefused, dial_through
from tierwall.proxy.connection.states import Happens, State
from tierwall.proxy.connection.tunnel_request import TunnelRequest
from tierwall.proxy.middlebox.access.dial_blackhole import blackhole, blackholes
from tierwall.proxy.middlebox.resolution import AtResolution
from tierwall.proxy.state.active_policy import ActivePolicy
from tierwall.proxy.state.destinations import Destination, Destinations
from tierwall.proxy.state.recorder import Recorder
from tierwall.proxy.state.refusal import Spoken
from tierwall.proxy.transport import socket_dial
from tierwall.proxy.transport.endpoints.endpoint import Endpoint
from tierwall.proxy.transport.endpoints.socket_endpoint import SocketEndpoint
from tierwall.proxy.transport.limits import Limit
from tierwall.proxy.transport.relay import Relay
from tierwall.proxy.transport.socket_poll import SocketPoll

type Again = Callable[[], None]
type Outcome = Dialled | Denied | Unreachable


@dataclass(slots=True, eq=False)
class Way:
    """What one tunnel is to be, from the dial to its opening: to whom, and what is said and known then."""

    request: TunnelRequest
    host: str | Address
    known: Known
    reply: bytes = b""
    """What the client is told once its server answered; nothing where it chose an address."""
    consumed: int = 0
    opening: Opening | None = None
    """What the client said already, and was judged by."""
    again: Again | None = None
    relay: Relay | None = None


class Dials:
    """All dials. `then` is told what came of each, but where the client was told already."""

    def __init__(
        self,
        active_policy: ActivePolicy,
        destinations: Destinations,
        recorder: Recorder,
        then: Callable[[Way, Outcome], None],
    ) -> None:
        self._active_policy, self._destinations, self._then = active_policy, destinations, then
        self._counts = recorder.counts
        self._at_resolution = AtResolution(active_policy, destinations, recorder)

    def reach(self, way: Way, credentials: str | None) -> None:
        """Dial, directly or through the parent proxy, which `credentials` of the client are for."""
        request = way.request
        connection, verdict = request.connection, request.verdict
        look: Look | None = None
        if verdict.effects:
            if (effect := blackholes(request)) is not None:
                connection.step(Happens.WAIT)
                connection.serve(blackhole(request, effect))
                return
            look = self._at_resolution.look(connection.caller, request.attempt, verdict)
        if connection.listener.parent is not None:
            connection.step(Happens.ASK_PARENT)
            connection.serve(self._ask(way, connection.listener.parent, credentials))
            return
        found = None if look is not None else self._destinations.lately(way.host, request.attempt.port)
        poll = SocketPoll.here()
        if found is None or len(found.addresses) != 1 or poll is None:
            connection.step(Happens.RESOLVE)
            connection.serve(self._resolve(way, look))
            return
        to = admitted(self._active_policy, self._destinations, request.attempt, found)
        if isinstance(to, Denied):
            self._then(way, to)
            return
        connection.step(Happens.DIAL)
        self._dial(way, to, poll)

    def _dial(self, way: Way, to: Destination, poll: SocketPoll) -> None:
        address = to.addresses[0]
        try:
            server = socket_dial.dial(poll, address, to.port)
        except OSError as failure:
            self._answered(way, unreachable(failure, address), 0.0)
            return
        if server.stands:
            self._answered(way, Dialled(server, address, to.redirected), 0.0)
        else:
            _OnItsWay(way, to, server, self._answered).wait(poll)

    def _answered(self, way: Way, outcome: Outcome, seconds: float) -> None:
        self._counts.dialled(seconds)
        self._then(way, outcome)

    async def _resolve(self, way: Way, look: Look | None) -> None:
        request, began = way.request, time.monotonic()
        outcome = await dial(self._active_policy, self._destinations, request.attempt, way.host, look)
        if isinstance(outcome, Broken):
            await self._at_resolution.stop(request, outcome)
        elif isinstance(outcome, Denied):
            self._then(way, outcome)
        else:
            self._answered(way, outcome, time.monotonic() - began)

    async def _ask(self, way: Way, parent: Parent, credentials: str | None) -> None:
        request = way.request
        connection, client = request.connection, request.connection.client
        standing, connection.parent = connection.parent, None
        port = request.attempt.port
        outcome = await dial_through(parent, self._destinations, way.host, port, credentials, standing)
        if not isinstance(outcome, ParentRefused):
            self._then(way, outcome)
            return
        request.failed(f"the parent proxy answered {outcome.status}")
        if connection.spoken is Spoken.CONNECT and outcome.standing is not None and way.again is not None:
            connection.parent = outcome.standing
            client.write(outcome.answer)
            del client.received[: way.consumed]
            connection.step(Happens.ASK_AGAIN)
            way.again()
            return
        if connection.spoken is Spoken.CONNECT:
            client.close_after(outcome.answer)
        else:
            client.reset()
        connection.end(Happens.REFUSE)


class _OnItsWay:
    """A dial by callbacks that was not answered at once."""

    __slots__ = ("_began", "_limit", "_server", "_then", "_to", "_way")

    def __init__(
        self, way: Way, to: Destination, server: SocketEndpoint, then: Callable[[Way, Outcome, float], None]
    ) -> None:
        self._way, self._to, self._server, self._then = way, to, server, then
        self._began = time.monotonic()
        self._limit: Limit | None = None

    def wait(self, poll: SocketPoll) -> None:
        """For its answer, or for the limit."""
        connection = self._way.request.connection
        connection.server, self._server.owner = self._server, connection
        self._limit = poll.limits.begin(DIAL_S, self)
        self._server.tell(self)

    def connected(self, end: Endpoint) -> None:
        self._tell(Dialled(end, self._to.addresses[0], self._to.redirected))

    def not_connected(self, end: Endpoint, failure: OSError) -> None:  # noqa: ARG002 - it is gone
        self._tell(unreachable(failure, self._to.addresses[0]))

    def limit_passed(self) -> None:
        self._server.abort()
        try:
            self._tell(too_late(self._to.addresses[0]))
        except Exception as failure:  # noqa: BLE001 - its owner says it
            self._way.request.connection.failed(failure)

    def _tell(self, outcome: Outcome) -> None:
        if self._limit is not None:
            self._limit.pop(self, None)
        connection = self._way.request.connection
        connection.server = None
        if connection.state is State.DIALLING:  # it may have been ended meanwhile
            self._then(self._way, outcome, time.monotonic() - self._began)
