"""From an admitted attempt to the end of its tunnel: dial, guard the client's opening, relay, journal.

Knows the order of dialling, answering and judging (docs/design.md, "How data flows"). Refuses to decide anything.
"""

import asyncio
import time
from collections.abc import Iterator
from typing import assert_never

from tierwall.events import ClosedBy, Stage
from tierwall.opening import ClientHello, Malformed, Opening, PlainHttp, read_tunnel
from tierwall.policy.attempt import Action, Attempt, Verdict
from tierwall.policy.behaviour import DpiHttpsOnly
from tierwall.policy.model import Address
from tierwall.policy.site import TlsRefusal
from tierwall.proxy.connection.attempts import reached, to_dial, with_opening
from tierwall.proxy.connection.client_connection import Known
from tierwall.proxy.connection.dial import Broken, Denied, Dialled, Unreachable, dial
from tierwall.proxy.connection.first_bytes import read
from tierwall.proxy.connection.following import read_on
from tierwall.proxy.connection.learned_names import judge_unnamed
from tierwall.proxy.connection.parent_proxy import ParentRefused, dial_through
from tierwall.proxy.connection.tunnel_request import TunnelRequest
from tierwall.proxy.middlebox import dpi
from tierwall.proxy.middlebox.access.dial_blackhole import blackholes
from tierwall.proxy.middlebox.opening import AtOpening
from tierwall.proxy.middlebox.resolution import AtResolution
from tierwall.proxy.middlebox.stale_addresses import StaleTunnels
from tierwall.proxy.middlebox.tunnel.middlebox import take_up
from tierwall.proxy.state.active_policy import ActivePolicy
from tierwall.proxy.state.destinations import Destinations
from tierwall.proxy.state.recorder import Recorder
from tierwall.proxy.state.refusal import Spoken
from tierwall.proxy.transport.endpoint import Endpoint
from tierwall.proxy.transport.pipe import join
from tierwall.proxy.transport.relay import Relay


class Tunnels:
    """All tunnels that stand, and how one comes to stand."""

    def __init__(self, active_policy: ActivePolicy, destinations: Destinations, recorder: Recorder) -> None:
        self._active_policy, self._destinations, self._recorder = active_policy, destinations, recorder
        self._relays: dict[Relay, TunnelRequest] = {}
        active_policy.listen(self._take_up_anew)
        self._at_resolution = AtResolution(active_policy, destinations, recorder)
        self._stale_tunnels = StaleTunnels(destinations)
        self.at_opening = AtOpening(destinations)

    async def open(
        self, request: TunnelRequest, reply: bytes, *, consumed: int = 0, credentials: str | None = None
    ) -> bool:
        """The whole way of a tunnel whose destination was named: dial, reply, judge its opening, relay.

        `consumed`: so many gathered octets are the request's, not the tunnel's. True where the parent proxy asks who
        the client is, which may answer on the same two connections.
        """
        connection, attempt = request.connection, request.attempt
        if self._active_policy.site.behaviours:
            self.at_opening.begin(connection, consumed)
        request.note_if_observed()
        host = attempt.names[0].value
        dialled = await self._reach(request, host, credentials)
        if dialled is None and connection.parent is None:
            return False
        del connection.client.received[:consumed]
        if dialled is None:
            return True
        connection.client.write(reply)
        await self._guard(request, dialled.server, Known(host, attempt.port))
        return False

    async def open_to(self, request: TunnelRequest, address: Address, opening: Opening | None) -> None:
        """The same where the client chose an address; `opening`: what it said already, None where it is silent."""
        attempt = request.attempt
        request.note_if_observed()
        host = to_dial(attempt, self._destinations, self._active_policy) or address
        dialled = await self._reach(request, host, None)
        if dialled is None:
            return
        request = request.judged(reached(attempt, dialled.address, dialled.redirected), request.verdict)
        if opening is None:  # what it says later is its opening
            await self._guard(request, dialled.server, Known(address, attempt.port))
        else:
            relay = Relay(request.connection.client, dialled.server)
            await self._through(request, relay, request.verdict, opening)

    async def hand_over(self, request: TunnelRequest, known: Known | None) -> None:
        """Let mitmproxy have the connection. What acts on its octets, now or later, acts between it and the client."""
        connection = request.connection
        if not self._active_policy.site.behaviours:
            await connection.listener.hand_over(connection.client, known)
            return
        ours, theirs = Endpoint(), Endpoint()
        join(ours, theirs, connection.client.transport)
        relay = Relay(connection.client, ours)
        self._stand(relay, request)
        relay.release()
        try:
            while not theirs.received and await theirs.more():
                pass
            await connection.listener.hand_over(theirs, known)
            await relay.finished()
        finally:
            ours.close()
            self._forget(relay)

    async def deny(self, request: TunnelRequest, known: Known) -> None:
        """Refuse; where the site wants a page inside TLS, mitmproxy shows it."""
        wants, connection = self._active_policy.site.refuse, request.connection
        if connection.spoken is Spoken.TLS and wants.tls is TlsRefusal.PAGE and request.attempt.malformed is None:
            request.decided(str(wants.tls))
            await connection.listener.hand_over(connection.client, known)
        else:
            request.refuse()

    def shut(self) -> None:
        """End every tunnel, at shutdown."""
        for relay in tuple(self._relays):
            relay.shut(ClosedBy.SHUTDOWN)

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

    # -- from the dial to the relay, in their order

    async def _reach(self, request: TunnelRequest, host: str | Address, credentials: str | None) -> Dialled | None:
        """Dial, directly or through the parent proxy. None where that failed and the client was told."""
        connection, attempt, verdict = request.connection, request.attempt, request.verdict
        if verdict.effects and await blackholes(request):
            return None
        parent = connection.listener.parent
        if parent is None:
            outcome: Dialled | Denied | Unreachable | Broken | ParentRefused = await self._dial(request, host)
        else:
            standing, connection.parent = connection.parent, None
            outcome = await dial_through(parent, self._destinations, host, attempt.port, credentials, standing)
        match outcome:
            case Dialled():
                return outcome
            case Denied(verdict=denied, attempt=checked):
                connection.stage = Stage.DIAL
                request.judged(checked, denied).refuse()
            case Unreachable(cause=cause, timed_out=timed_out, tried=tried):
                request.judged(reached(attempt, tried), verdict).fail(cause, timed_out=timed_out)
            case Broken():
                await self._at_resolution.stop(request, outcome)
            case ParentRefused(status=status, answer=answer, standing=left):
                request.failed(f"the parent proxy answered {status}")
                if connection.spoken is Spoken.CONNECT and left is not None:
                    connection.parent = left
                    connection.client.write(answer)
                elif connection.spoken is Spoken.CONNECT:
                    connection.client.close_after(answer)
                else:
                    connection.client.reset()
            case _:
                assert_never(outcome)
        return None

    async def _dial(self, request: TunnelRequest, host: str | Address) -> Dialled | Denied | Unreachable | Broken:
        attempt, verdict, began = request.attempt, request.verdict, time.monotonic()
        look = self._at_resolution.look(request.connection.caller, attempt, verdict) if verdict.effects else None
        outcome = await dial(self._active_policy, self._destinations, attempt, host, look)
        if not isinstance(outcome, Denied | Broken):
            self._recorder.counts.dialled(time.monotonic() - began)
        return outcome

    async def _guard(self, request: TunnelRequest, server: Endpoint, known: Known) -> None:
        """Relay the server's octets at once, the client's when its opening in the tunnel was judged too."""
        relay = Relay(request.connection.client, server)
        self._stand(relay, request)
        try:
            await self._judge_opening(request, relay, known)
        except Exception:
            server.reset()
            raise
        finally:
            self._forget(relay)

    async def _judge_opening(self, admitted: TunnelRequest, relay: Relay, known: Known) -> None:
        client, server = relay.client, relay.server
        if any(isinstance(effect.behaviour, DpiHttpsOnly) for effect in admitted.verdict.effects):
            await dpi.first_octets(client, server)
        else:
            while not client.received and await client.more():
                pass
        opening = await read(client, read_tunnel) if client.received else None
        request = admitted.judged(*judge_unnamed(self._active_policy, with_opening(admitted.attempt, opening)))
        request.connection.speaks(opening)
        verdict = request.verdict
        if not verdict.passes:
            self._part(relay)
            server.reset()
            await self.deny(request, known)
        elif verdict.effects and await self.at_opening.stops(request, opening):
            self._part(relay)
            server.reset()
        elif isinstance(opening, PlainHttp) or (isinstance(opening, ClientHello) and verdict.action is Action.INSPECT):
            self._part(relay)
            server.close()
            await self.hand_over(request, known)
        else:
            await self._through(request, relay, admitted.verdict, opening)

    async def _through(self, request: TunnelRequest, relay: Relay, observed: Verdict, opening: Opening | None) -> None:
        """Passthrough until both ends are gone. `observed`: the verdict of which a would-deny was noted already."""
        refused = False

        def admits(found: ClientHello | Malformed) -> bool:
            nonlocal refused
            refused = refused or not self._goes_on(request, relay, found)
            return not refused

        if not read_on(relay.client, relay.server, opening, admits):
            return
        if request.verdict.reason is None or request.verdict.reason is not observed.reason:
            request.decided()
        began = time.monotonic_ns()
        self._stand(relay, request)
        relay.release()
        try:
            await relay.finished()
        finally:
            self._forget(relay)
            if not refused:  # which was told
                self._recorder.closed(
                    request.connection.caller,
                    request.attempt,
                    request.verdict,
                    by=relay.closed_by or ClosedBy.SHUTDOWN,
                    sent=relay.client_octets,
                    received=relay.server.octets,
                    ns=time.monotonic_ns() - began,
                )

    def _goes_on(self, request: TunnelRequest, relay: Relay, found: ClientHello | Malformed) -> bool:
        """Whether what a client said after its opening may go out. It is one more name, or it ends the tunnel."""
        attempt = with_opening(request.attempt, found)
        more = request.judged(attempt, self._active_policy.judge(attempt))
        if more.verdict.passes:
            more.note_if_observed()
            return True
        self._part(relay)
        relay.server.reset()
        more.refuse()
        relay.finish()
        return False

    # -- which tunnels stand, and what acts on their octets

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
                self._take_up(relay, request.judged(request.attempt, verdict))

    def _remembered(self, attempt: Attempt) -> float | None:
        """When our own DNS told a client the name of the address that it asked for."""
        return None if attempt.address is None else self._destinations.learned_at(attempt.address)
