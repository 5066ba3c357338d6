"""From an admitted attempt to the end of its tunnel: dial, guard the client's opening, relay, journal.

Knows the order of dialling, answering and judging (DESIGN.md, "How data flows"). Refuses to decide anything itself.
"""

import asyncio
import time

from tierwall.events import ClosedBy, Stage
from tierwall.opening import ClientHello, Malformed, Opening, PlainHttp, read_tunnel
from tierwall.policy.attempt import Action, Attempt, Verdict
from tierwall.policy.behaviour import DpiHttpsOnly
from tierwall.policy.model import Address
from tierwall.policy.site import TlsRefusal
from tierwall.proxy.connection.attempts import reached, with_opening
from tierwall.proxy.connection.client_connection import ClientConnection, Known
from tierwall.proxy.connection.dial import Broken, Denied, Dialled, Unreachable, dial
from tierwall.proxy.connection.first_bytes import read
from tierwall.proxy.connection.following import read_on
from tierwall.proxy.connection.learned_names import judge_unnamed
from tierwall.proxy.connection.parent_proxy import ParentRefused, dial_through
from tierwall.proxy.middlebox import dpi
from tierwall.proxy.middlebox.access.dial_blackhole import swallows
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
        self._relays: dict[Relay, tuple[ClientConnection, Attempt]] = {}
        active_policy.listen(self._take_up_anew)
        self._at_resolution = AtResolution(active_policy, destinations, recorder)
        self._stale_tunnels = StaleTunnels(destinations)
        self.at_opening = AtOpening(destinations)

    async def reach(
        self,
        connection: ClientConnection,
        attempt: Attempt,
        verdict: Verdict,
        host: str | Address,
        credentials: str | None = None,
    ) -> Dialled | None:
        """Dial, directly or through the parent proxy. None where that failed and the client was told."""
        if verdict.effects and await swallows(connection, attempt, verdict):
            return None
        parent = connection.listener.parent
        if parent is None:
            look = self._at_resolution.look(connection.caller, attempt, verdict) if verdict.effects else None
            outcome: Dialled | Denied | Unreachable | Broken | ParentRefused = await dial(
                self._active_policy, self._destinations, attempt, host, look
            )
        else:
            standing, connection.parent = connection.parent, None
            outcome = await dial_through(parent, self._destinations, host, attempt.port, credentials, standing)
        match outcome:
            case Dialled():
                return outcome
            case Denied(verdict=denied, attempt=checked):
                connection.stage = Stage.DIAL
                connection.refuse(checked, denied)
            case Unreachable(cause=cause, timed_out=timed_out, tried=tried):
                connection.fail(reached(attempt, tried), verdict, cause, timed_out=timed_out)
            case Broken():
                await self._at_resolution.stop(connection, attempt, verdict, outcome)
            case ParentRefused(status=status, answer=answer, standing=left):
                self._recorder.failed(connection.caller, attempt, verdict, f"the parent proxy answered {status}")
                if connection.spoken is Spoken.CONNECT and left is not None:
                    connection.parent = left
                    connection.client.write(answer)
                elif connection.spoken is Spoken.CONNECT:
                    connection.client.close_after(answer)
                else:
                    connection.client.reset()
        return None

    async def guarded(
        self, connection: ClientConnection, server: Endpoint, attempt: Attempt, verdict: Verdict, known: Known
    ) -> None:
        """Relay the server's bytes at once, the client's when its opening in the tunnel was judged too."""
        relay = Relay(connection.client, server)
        self._stand(relay, connection, attempt, verdict)
        try:
            await self._guarded(connection, relay, attempt, verdict, known)
        except Exception:
            server.reset()
            raise
        finally:
            self._forget(relay)

    async def _guarded(
        self, connection: ClientConnection, relay: Relay, attempt: Attempt, observed: Verdict, known: Known
    ) -> None:
        client, server = relay.client, relay.server
        if any(isinstance(effect.behaviour, DpiHttpsOnly) for effect in observed.effects):
            await dpi.first_octets(client, server)
        else:
            while not client.received and await client.more():
                pass
        opening = await read(client, read_tunnel) if client.received else None
        attempt, verdict = judge_unnamed(self._active_policy, with_opening(attempt, opening))
        connection.speaks(opening)
        if not verdict.passes:
            self._part(relay)
            server.reset()
            await self.deny(connection, attempt, verdict, known)
        elif verdict.effects and await self.at_opening.stops(connection, attempt, verdict, opening):
            self._part(relay)
            server.reset()
        elif isinstance(opening, PlainHttp) or (isinstance(opening, ClientHello) and verdict.action is Action.INSPECT):
            self._part(relay)
            server.close()
            await self.hand_over(connection, attempt, verdict, known)
        else:
            await self.through(connection, relay, attempt, verdict, observed, opening)

    def _part(self, relay: Relay) -> None:
        relay.part()
        self._forget(relay)  # it is no tunnel any more, and nobody should wait for its end

    async def through(  # noqa: PLR0913, PLR0917  # the connection, what was judged before and now, and what opened it
        self,
        connection: ClientConnection,
        relay: Relay,
        attempt: Attempt,
        verdict: Verdict,
        observed: Verdict,
        opening: Opening | None,
    ) -> None:
        """Passthrough until both ends are gone. `observed`: the verdict of which a would-deny was noted already."""

        refused = False

        def admits(found: ClientHello | Malformed) -> bool:
            nonlocal refused
            refused = refused or not self._goes_on(connection, relay, attempt, found)
            return not refused

        if not read_on(relay.client, relay.server, opening, admits):
            return
        if verdict.reason is None or verdict.reason is not observed.reason:
            self._recorder.decided(connection.caller, attempt, verdict, connection.stage)
        began = time.monotonic_ns()
        self._stand(relay, connection, attempt, verdict)
        relay.release()
        try:
            await relay.finished()
        finally:
            self._forget(relay)
            if not refused:  # which was told
                self._recorder.closed(
                    connection.caller,
                    attempt,
                    verdict,
                    by=relay.closed_by or ClosedBy.SHUTDOWN,
                    sent=relay.client_octets,
                    received=relay.server.octets,
                    ns=time.monotonic_ns() - began,
                )

    def _goes_on(
        self, connection: ClientConnection, relay: Relay, attempt: Attempt, found: ClientHello | Malformed
    ) -> bool:
        """Whether what a client said after its opening may go out. It is one more name, or it ends the tunnel."""
        attempt = with_opening(attempt, found)
        verdict = self._active_policy.judge(attempt)
        if verdict.passes:
            if verdict.would_deny:
                self._recorder.decided(connection.caller, attempt, verdict, connection.stage)
            return True
        self._part(relay)
        relay.server.reset()
        connection.refuse(attempt, verdict)
        relay.finish()
        return False

    async def hand_over(
        self, connection: ClientConnection, attempt: Attempt, verdict: Verdict, known: Known | None
    ) -> None:
        """Let mitmproxy have the connection. What acts on its octets, now or later, acts between it and the client."""
        if not self._active_policy.site.behaviours:
            await connection.listener.hand_over(connection.client, known)
            return
        ours, theirs = Endpoint(), Endpoint()
        join(ours, theirs, connection.client.transport)
        relay = Relay(connection.client, ours)
        self._stand(relay, connection, attempt, verdict)
        relay.release()
        try:
            while not theirs.received and await theirs.more():
                pass
            await connection.listener.hand_over(theirs, known)
            await relay.finished()
        finally:
            ours.close()
            self._forget(relay)

    async def deny(self, connection: ClientConnection, attempt: Attempt, verdict: Verdict, known: Known) -> None:
        """Refuse; where the site wants a page inside TLS, mitmproxy shows it."""
        wants = self._active_policy.site.refuse
        if connection.spoken is Spoken.TLS and wants.tls is TlsRefusal.PAGE and attempt.malformed is None:
            self._recorder.decided(connection.caller, attempt, verdict, connection.stage, str(wants.tls))
            await connection.listener.hand_over(connection.client, known)
        else:
            connection.refuse(attempt, verdict)

    def note_if_observed(self, connection: ClientConnection, attempt: Attempt, verdict: Verdict) -> None:
        """Journal a would-deny before the dial, which may fail."""
        if verdict.would_deny:
            self._recorder.decided(connection.caller, attempt, verdict, connection.stage)

    def _stand(self, relay: Relay, connection: ClientConnection, attempt: Attempt, verdict: Verdict) -> None:
        """Note that the tunnel stands, with what acts on its octets."""
        self._relays[relay] = connection, attempt
        if verdict.effects or relay.behaviours is not None:
            self._take_up(relay, connection, attempt, verdict)

    def _forget(self, relay: Relay) -> None:
        self._relays.pop(relay, None)
        self._stale_tunnels.forget(relay)

    def _take_up(self, relay: Relay, connection: ClientConnection, attempt: Attempt, verdict: Verdict) -> None:
        take_up(relay, connection, attempt, verdict, self._remembered)
        self._stale_tunnels.watch(relay, connection, attempt, verdict)

    def _take_up_anew(self) -> None:
        """Another site is in force: what it does to octets, open tunnels feel too; those that it denies stay."""
        for relay, (connection, attempt) in tuple(self._relays.items()):
            verdict = self._active_policy.judge(attempt)
            if verdict.passes:
                self._take_up(relay, connection, attempt, verdict)

    def _remembered(self, attempt: Attempt) -> float | None:
        """When our own DNS told a client the name of the address that it asked for."""
        return None if attempt.address is None else self._destinations.learned_at(attempt.address)

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
