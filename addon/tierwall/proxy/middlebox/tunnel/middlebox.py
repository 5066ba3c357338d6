"""Behaviours that act on the octets of a standing tunnel, whatever they mean: later, slower, in pieces, or not at all.

Knows one tunnel and how long it has been silent. Refuses to decide which behaviours act: the verdict says so.
"""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from tierwall.events import ClosedBy, Stage
from tierwall.policy.attempt import Attempt, Effect, Seen
from tierwall.policy.behaviour import Behaviour
from tierwall.policy.behaviour.parameters import Cut, Way
from tierwall.policy.behaviour.resolution import FqdnCacheExpiry
from tierwall.policy.behaviour.tunnel import HalfCloseBreaks, OfTunnels, Reset, Stall
from tierwall.proxy.connection.tunnel_request import TunnelRequest
from tierwall.proxy.middlebox.tunnel.descriptions import CUT_BY, FELT, end_felt, felt
from tierwall.proxy.middlebox.tunnel.link import Link
from tierwall.proxy.middlebox.tunnel.shaping import shape_of
from tierwall.proxy.middlebox.tunnel.triggers import Since, Times, Trigger, is_meant, limit_of, trigger_of
from tierwall.proxy.transport.endpoints.farewells import FAREWELL_S, SILENCE_S
from tierwall.proxy.transport.relay import Relay

FORGOTTEN_S: Final = 900.0
"""Seconds that a connection is kept of which a middlebox has forgotten everything; after about so long without an
answer a client's own TCP gives up (RFC 9293 section 3.8.3: R2)."""

_AT_LEAST_S: Final = 0.001

_A_GOODBYE: Final = 100
"""Octets that TLS may say after the other side has ended: close_notify (RFC 8446 section 6.1), which nobody misses."""

type Remembered = Callable[[Attempt], float | None]
"""When the name of an attempt was learned, on the event loop's clock; None: not before its tunnel came."""


def take_up(relay: Relay, request: TunnelRequest, remembered: Remembered) -> None:
    """Let those behaviours of the verdict that act on octets act on the tunnel from now on, and no others."""
    effects = tuple(each for each in request.verdict.effects if isinstance(each.behaviour, OfTunnels | FqdnCacheExpiry))
    middlebox = relay.behaviours
    if middlebox is None and effects and not relay.is_over:
        middlebox = relay.behaviours = Middlebox(relay, request, remembered)
    if isinstance(middlebox, Middlebox):
        middlebox.take_up(request, effects)


@dataclass(frozen=True, slots=True)
class _HalfClosed:
    effect: Effect
    link: Link
    octets: int
    """What the side that had not ended had sent by then."""


class Middlebox:
    """What acts on one tunnel."""

    def __init__(self, relay: Relay, request: TunnelRequest, remembered: Remembered) -> None:
        self._relay, self._request, self._remembered = relay, request, remembered
        self._loop = asyncio.get_running_loop()
        self._up, self._down = Link(relay.client, relay.server, self), Link(relay.server, relay.client, self)
        relay.client.filter, relay.server.filter = self._up, self._down
        self._effects: tuple[Effect, ...] = ()
        self._since: dict[Behaviour, Since] = {}
        self._stalls: set[Behaviour] = set()
        self._unfelt: list[Effect] = []
        """What changes octets on their way, and was not journalled yet."""
        self._told: set[Behaviour] = set()
        self._timer: asyncio.TimerHandle | None = None
        self._half_closed: _HalfClosed | None = None
        self._learned_at: float | None = None
        """When its name was last learned; destinations forget that when its time to live is over."""

    def take_up(self, request: TunnelRequest, effects: tuple[Effect, ...]) -> None:
        """Let these act from now on, and no others. What was held back before leaves first."""
        self._request = request
        if self._relay.apart:
            return
        since = Since(time=self._loop.time(), up=self._up.passed, down=self._down.passed)
        self._effects = effects
        self._since = {each.behaviour: self._since.get(each.behaviour, since) for each in effects}
        self._stalls &= self._since.keys()
        self._unfelt = [
            each for each in effects if isinstance(each.behaviour, FELT) and each.behaviour not in self._told
        ]
        for link, way in self._ways():
            self._set(link, way)
        self._look()
        self.emptied()

    def trigger(self, effect: Effect, detail: str, how: Cut) -> None:
        """Cut the tunnel: journalled, and each end comes to its end in the way that is meant."""
        try:
            self._tell(effect, f"{detail}; {CUT_BY[how]}", "reset" if how is Cut.RST else str(how))
        finally:
            self._relay.closed_by = ClosedBy.BEHAVIOUR
            self._cut(how)

    # -- what the relay calls

    def flush(self) -> None:
        """Send on what is held back."""
        for link, _ in self._ways():
            link.flush()

    def over(self) -> None:
        """The tunnel has ended; say what a half-close cost."""
        self.flush()
        self._stop()
        half = self._half_closed
        if half is None:
            return
        other, who = half.link.target, "client" if half.link is self._up else "server"
        lost = other.octets - half.octets
        at_work = not (other.eof or other.broken)
        if at_work or lost > (_A_GOODBYE if self._request.attempt.seen is Seen.TLS else 0):
            whose = "server" if who == "client" else "client"
            went = f"{lost} octets of the {whose} went nowhere" if lost else f"the {whose} had not"
            self._tell(half.effect, f"the {who} ended its direction, {went}; {CUT_BY[Cut.FIN]}", str(Cut.FIN))
            self._relay.closed_by = ClosedBy.BEHAVIOUR

    # -- what the lines call

    def came(self, link: Link, octets: int) -> None:
        """Journal what these octets feel, the first time."""
        if self._unfelt:
            way = Way.UP if link is self._up else Way.DOWN
            for effect in self._unfelt:
                detail = felt(effect.behaviour, way, octets)
                if detail is not None:
                    self._tell(effect, detail)

    def reached(self, link: Link) -> None:
        """A limit of octets."""
        way = Way.UP if link is self._up else Way.DOWN
        for effect in self._acting():
            most = limit_of(effect.behaviour, self._since[effect.behaviour], way)
            if most is None or link.passed < most:
                continue
            match effect.behaviour:
                case Stall(octets=octets):
                    self._stall(effect, f"after {octets} octets nothing passes any more")
                case Reset(octets=octets):
                    self._tell(effect, f"after {octets} octets; {CUT_BY[Cut.RST]}", "reset")
                    self._break_off()
                    return
                case _:
                    pass
        self._look()

    def ended(self, link: Link) -> None:
        """One side has said all, and all of it has passed."""
        source, other = link.source, link.target
        for effect in self._effects:
            detail = end_felt(effect.behaviour, Way.UP if link is self._up else Way.DOWN)
            if detail is not None:
                self._tell(effect, detail)
        breaks = next((each for each in self._effects if isinstance(each.behaviour, HalfCloseBreaks)), None)
        if breaks is not None and source.eof and not (source.gone or other.eof or other.gone):
            self._half_closed = _HalfClosed(breaks, link, other.octets)
            self._cut(Cut.FIN)
            return
        if source.eof:
            source.pass_eof()
        self._relay.settle()
        self.emptied()

    def emptied(self) -> None:
        """Where nothing acts any more and nothing is held back, octets go straight again."""
        relay = self._relay
        if self._effects or relay.apart or not (self._up.is_clear and self._down.is_clear):
            return
        self._stop()
        relay.client.filter = relay.server.filter = relay.behaviours = None

    # -- time

    def _look(self) -> None:
        """Strike where the time has come, and look again when it next may."""
        self._forget_timer()
        now = self._loop.time()
        for effect, coming in self._coming():
            if coming.at > now:
                continue
            if coming.how is not None:
                self.trigger(effect, coming.detail, coming.how)
                return
            self._stall(effect, coming.detail)
        waits = [coming.at for _, coming in self._coming()]
        waits += [(link.ended_at or now) + SILENCE_S for link, _ in self._ways() if link.stalled]
        if not waits:
            return
        if min(waits) <= now:  # it stalls, and one side has left long ago
            self._relay.closed_by = ClosedBy.BEHAVIOUR
            self._cut(Cut.RST)
            return
        self._timer = self._loop.call_later(max(_AT_LEAST_S, min(waits) - now), self._look)

    def _coming(self) -> list[tuple[Effect, Trigger]]:
        """What strikes by time and has not yet."""
        began, learned_at = self._relay.began, self._remembered(self._request.attempt)
        self._learned_at = max(learned_at or 0.0, self._learned_at or learned_at or began)
        moved_at = max(self._up.moved_at, self._down.moved_at)
        times = Times(began=began, moved_at=moved_at, learned_at=self._learned_at)
        triggers = ((each, trigger_of(each.behaviour, self._since[each.behaviour], times)) for each in self._acting())
        return [(effect, coming) for effect, coming in triggers if coming is not None]

    def _acting(self) -> list[Effect]:
        """Those that have not struck yet."""
        return [each for each in self._effects if each.behaviour not in self._stalls]

    # -- how it strikes

    def _stall(self, effect: Effect, detail: str) -> None:
        self._stalls.add(effect.behaviour)
        self._tell(effect, detail)
        for link, way in self._ways():
            self._set(link, way)

    def _set(self, link: Link, way: Way) -> None:
        """What the behaviours that act now make of a direction."""
        limits = [limit_of(each.behaviour, self._since[each.behaviour], way) for each in self._acting()]
        link.limit = min((each for each in limits if each is not None), default=None)
        link.stalled = any(is_meant(each, way) for each in self._stalls)
        link.reshape(shape_of(self._since, way))

    def _cut(self, how: Cut) -> None:
        relay = self._relay
        client, server = relay.client, relay.server
        if how is Cut.FIN:
            self.flush()
        self._let_go()
        match how:
            case Cut.FIN:
                client.close_after(b"")
                server.close_after(b"")
            case Cut.RST:
                client.reset()
                server.reset()
            case Cut.DROP:
                client.forget(FORGOTTEN_S)
                server.forget(FORGOTTEN_S)
                relay.finish()

    def _break_off(self) -> None:
        """RST once both sides have what passed before."""
        self._let_go()
        self._relay.closed_by = ClosedBy.BEHAVIOUR
        for end in (self._relay.client, self._relay.server):
            end.forward()  # to nowhere: what still comes is not gathered
            end.break_off()
            self._loop.call_later(FAREWELL_S, end.reset)

    def _let_go(self) -> None:
        """Nothing passes between the ends any more."""
        self._relay.apart = True
        self._stop()
        for end in (self._relay.client, self._relay.server):
            end.filter = end.partner = end.tap = None
            end.gather()

    def _stop(self) -> None:
        self._forget_timer()
        for link, _ in self._ways():
            link.stop()

    # -- private

    def _forget_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _ways(self) -> Iterable[tuple[Link, Way]]:
        return ((self._up, Way.UP), (self._down, Way.DOWN))

    def _tell(self, effect: Effect, detail: str, how: str | None = None) -> None:
        if effect.behaviour not in self._told:
            self._told.add(effect.behaviour)
            self._unfelt = [each for each in self._unfelt if each.behaviour != effect.behaviour]
            self._request.broken(effect, detail, how, Stage.TUNNEL)
