"""From an admitted attempt to the end of its tunnel: dial, guard the client's opening, relay, journal.

Knows the order of dialling, answering and judging (docs/design.md, "How data flows"), each step a callback that ends
with the next (connection/states.py). Refuses to decide anything.
"""

import time
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from functools import partial
from typing import assert_never

from tierwall.events import ClosedBy, Event, Stage
from tierwall.opening import ClientHello, Malformed, Opening, PlainHttp, read_tunnel
from tierwall.policy.attempt import Action, Verdict
from tierwall.policy.behaviour import DpiHttpsOnly
from tierwall.policy.model import Address
from tierwall.policy.site import TlsRefusal
from tierwall.proxy.connection.attempts import reached, to_dial, with_opening
from tierwall.proxy.connection.client_connection import Known
from tierwall.proxy.connection.dial import Denied, Dialled, Unreachable
from tierwall.proxy.connection.following import read_on
from tierwall.proxy.connection.learned_names import judge_unnamed
from tierwall.proxy.connection.states import Happens
from tierwall.proxy.connection.tunnel_request import TunnelRequest
from tierwall.proxy.middlebox import dpi
from tierwall.proxy.middlebox.opening import AtOpening
from tierwall.proxy.serving.dialling import Again, Dials, Way
from tierwall.proxy.serving.standing_tunnels import StandingTunnels
from tierwall.proxy.state.active_policy import ActivePolicy
from tierwall.proxy.state.destinations import Destinations
from tierwall.proxy.state.recorder import Recorder
from tierwall.proxy.state.refusal import Spoken
from tierwall.proxy.transport.endpoints.asyncio_endpoint import AsyncioEndpoint
from tierwall.proxy.transport.pipe import join
from tierwall.proxy.transport.relay import Relay


class Tunnels(StandingTunnels):
    """All tunnels that stand, and how one comes to stand."""

    def __init__(self, active_policy: ActivePolicy, destinations: Destinations, recorder: Recorder) -> None:
        super().__init__(active_policy, destinations)
        self._recorder = recorder
        self._dials = Dials(active_policy, destinations, recorder, self._dialled)
        self.at_opening = AtOpening(destinations)

    def open(
        self,
        request: TunnelRequest,
        reply: bytes,
        *,
        consumed: int = 0,
        credentials: str | None = None,
        again: Again | None = None,
    ) -> None:
        """The whole way of a tunnel whose destination was named: dial, reply, judge its opening, relay.

        `consumed`: so many gathered octets are the request's, not the tunnel's. `again`: what is to be done where the
        parent proxy asks who the client is, which may answer on the same two connections.
        """
        if self._active_policy.site.behaviours:
            self.at_opening.begin(request.connection, consumed)
        request.note_if_observed()
        host = request.attempt.names[0].value
        way = Way(request=request, host=host, known=Known(host, request.attempt.port), reply=reply, consumed=consumed)
        way.again = again
        self._dials.reach(way, credentials)

    def open_to(self, request: TunnelRequest, address: Address, opening: Opening | None) -> None:
        """The same where the client chose an address; `opening`: what it said already, None where it is silent."""
        attempt = request.attempt
        request.note_if_observed()
        host = to_dial(attempt, self._destinations, self._active_policy) or address
        self._dials.reach(Way(request=request, host=host, known=Known(address, attempt.port), opening=opening), None)

    def hand_over(
        self, request: TunnelRequest, known: Known | None, within: AbstractContextManager[None] | None = None
    ) -> None:
        """Let mitmproxy have the connection, and be `within` this as long as it has it."""
        request.connection.step(Happens.HAND_OVER)
        request.connection.serve(self._handed_over(request, known, within or nullcontext()))

    def deny(self, request: TunnelRequest, known: Known) -> None:
        """Refuse; where the site wants a page inside TLS, mitmproxy shows it."""
        wants, connection = self._active_policy.site.refuse, request.connection
        if connection.spoken is Spoken.TLS and wants.tls is TlsRefusal.PAGE and request.attempt.malformed is None:
            request.decided(str(wants.tls))
            self.show(request, known)
        else:
            request.refuse()

    def show(self, request: TunnelRequest, known: Known) -> None:
        """Let mitmproxy open the client's TLS to answer by itself: for a refusal, or as a captive portal."""
        request.connection.step(Happens.HAND_OVER)
        request.connection.serve(self._shown(request, known))

    # -- from the dial to the relay, in their order

    def _dialled(self, way: Way, outcome: Dialled | Denied | Unreachable) -> None:
        request = way.request
        connection = request.connection
        match outcome:
            case Dialled(server=server):
                connection.server, server.owner = server, connection
                if way.reply:
                    del connection.client.received[: way.consumed]
                    connection.client.write(way.reply)
                else:
                    attempt = reached(request.attempt, outcome.address, outcome.redirected)
                    way.request = request.judged(attempt, request.verdict)
                relay = way.relay = Relay(connection.client, server)
                if way.opening is None:  # what it says later is its opening
                    self._guard(way, relay)
                else:
                    self._through(way.request, relay, request.verdict, way.opening)
                server.begin()
            case Denied(verdict=denied, attempt=checked):
                connection.stage = Stage.DIAL
                request.judged(checked, denied).refuse()
            case Unreachable(cause=cause, timed_out=timed_out, tried=tried):
                request.judged(reached(request.attempt, tried), request.verdict).fail(cause, timed_out=timed_out)
            case _:
                assert_never(outcome)

    def _guard(self, way: Way, relay: Relay) -> None:
        """Relay the server's octets at once, the client's when its opening in the tunnel was judged too."""
        request = way.request
        connection = request.connection
        connection.step(Happens.GUARD)
        self._stand(relay, request)
        effects = request.verdict.effects
        if effects and any(isinstance(effect.behaviour, DpiHttpsOnly) for effect in effects):
            connection.step(Happens.EXAMINE)
            connection.serve(self._hear_first(way, relay))
        else:
            connection.first_bytes.wait(read_tunnel, partial(self._judge_opening, way, relay), limited=False)

    async def _hear_first(self, way: Way, relay: Relay) -> None:
        connection = way.request.connection
        await dpi.first_octets(relay.client, relay.server)
        connection.step(Happens.GUARD)
        if relay.client.received:
            connection.first_bytes.wait(read_tunnel, partial(self._judge_opening, way, relay))
        else:
            self._judge_opening(way, relay, None)

    def _judge_opening(self, way: Way, relay: Relay, opening: Opening | None) -> None:
        admitted = way.request
        connection = admitted.connection
        request = admitted.judged(*judge_unnamed(self._active_policy, with_opening(admitted.attempt, opening)))
        connection.speaks(opening)
        verdict = request.verdict
        if not verdict.passes:
            self._part(relay)
            relay.server.reset()
            self.deny(request, way.known)
        elif verdict.effects and self.at_opening.looks(request):
            connection.step(Happens.EXAMINE)
            connection.serve(self._examine(way, relay, request, opening))
        else:
            self._go_on(way, relay, request, opening)

    async def _examine(self, way: Way, relay: Relay, request: TunnelRequest, opening: Opening | None) -> None:
        if await self.at_opening.stops(request, opening):
            self._part(relay)
            relay.server.reset()
        else:
            self._go_on(way, relay, request, opening)

    def _go_on(self, way: Way, relay: Relay, request: TunnelRequest, opening: Opening | None) -> None:
        inspects = isinstance(opening, ClientHello) and request.verdict.action is Action.INSPECT
        if inspects or isinstance(opening, PlainHttp):
            self._part(relay)
            relay.server.close()
            self.hand_over(request, way.known)
        else:
            self._through(request, relay, way.request.verdict, opening)

    def _through(self, request: TunnelRequest, relay: Relay, observed: Verdict, opening: Opening | None) -> None:
        """Passthrough until both ends are gone. `observed`: the verdict of which a would-deny was noted already."""
        connection = request.connection
        connection.step(Happens.PASS)
        if not read_on(relay.client, relay.server, opening, partial(self._admits, request, relay)):
            return
        told = None
        if request.verdict.reason is None or request.verdict.reason is not observed.reason:
            told = request.decided()
        self._stand(relay, request)
        relay.then = partial(self._over, request, relay, time.monotonic_ns(), told)
        relay.release()

    def _admits(self, request: TunnelRequest, relay: Relay, found: ClientHello | Malformed) -> bool:
        """Whether what a client said after its opening may go out. It is one more name, or it ends the tunnel."""
        attempt = with_opening(request.attempt, found)
        more = request.judged(attempt, self._active_policy.judge(attempt))
        if more.verdict.passes:
            more.note_if_observed()
            return True
        relay.then = None  # it is told of as refused
        self._part(relay)
        relay.server.reset()
        more.refuse()
        relay.finish()
        return False

    def _over(self, request: TunnelRequest, relay: Relay, began_ns: int, told: Event | None) -> None:
        self._forget(relay)
        connection = request.connection
        try:
            self._recorder.closed(
                connection.caller,
                request.attempt,
                request.verdict,
                by=relay.closed_by or ClosedBy.SHUTDOWN,
                sent=relay.client_octets,
                received=relay.server.octets,
                ns=time.monotonic_ns() - began_ns,
                after=told,
            )
        finally:
            connection.end(Happens.END)

    # -- to mitmproxy

    async def _handed_over(
        self, request: TunnelRequest, known: Known | None, within: AbstractContextManager[None]
    ) -> None:
        """What acts on its octets, now or later, acts between mitmproxy and the client."""
        connection = request.connection
        with within:
            if self._active_policy.site.behaviours:
                await self._through_pipe(request, known)
            else:
                await connection.listener.hand_over(connection.client, known)
        connection.end(Happens.END)

    async def _through_pipe(self, request: TunnelRequest, known: Known | None) -> None:
        client = request.connection.client
        ours, theirs = AsyncioEndpoint(), AsyncioEndpoint()
        join(ours, theirs, client)
        relay = Relay(client, ours)
        self._stand(relay, request)
        relay.release()
        try:
            while not theirs.received and await theirs.more():
                pass
            await request.connection.listener.hand_over(theirs, known)
            await relay.finished()
        finally:
            ours.close()
            self._forget(relay)

    async def _shown(self, request: TunnelRequest, known: Known) -> None:
        connection = request.connection
        await connection.listener.hand_over(connection.client, replace(known, answered_here=True))
        connection.end(Happens.END)
