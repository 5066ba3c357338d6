"""When a behaviour strikes a tunnel that stands: at which time, or after how many octets, and what it then says.

Knows numbers only. Refuses to know clocks and connections: it is told where the tunnel is.
"""

from dataclasses import dataclass

from tierwall.policy.behaviour import Behaviour
from tierwall.policy.behaviour.parameters import Cut, Way
from tierwall.policy.behaviour.resolution import FqdnCacheExpiry
from tierwall.policy.behaviour.tunnel import IdleTimeout, MaxLifetime, Reset, Stall


@dataclass(frozen=True, slots=True, kw_only=True)
class Since:
    """Where a tunnel was when a behaviour began to act on it."""

    time: float
    up: int
    """Octets that had passed from the client to the server."""
    down: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Times:
    """What counts for a tunnel, in seconds of one clock."""

    began: float
    moved_at: float
    """When octets last came or passed, either way."""
    learned_at: float
    """When its name was last learned."""


@dataclass(frozen=True, slots=True)
class Trigger:
    """One to come."""

    at: float
    detail: str
    how: Cut | None
    """None: it stands, and nothing passes any more."""


def trigger_of(behaviour: Behaviour, since: Since, times: Times) -> Trigger | None:
    """When its time comes, as things are now; None where it does not go by time."""
    match behaviour:
        case IdleTimeout(after=after, how=how):
            return Trigger(times.moved_at + after, f"nothing passed for {after:g} s", how)
        case MaxLifetime(after=after, how=how):
            return Trigger(times.began + after, f"it stood for {after:g} s", how)
        case FqdnCacheExpiry(after=after, how=how):
            return Trigger(times.learned_at + after, f"its name was learned {after:g} s ago and is forgotten", how)
        case Stall(after=after) if after is not None:
            return Trigger(since.time + after, f"after {after:g} s nothing passes any more", None)
        case Reset(after=after) if after is not None:
            return Trigger(since.time + after, f"after {after:g} s", Cut.RST)
        case _:
            return None


def limit_of(behaviour: Behaviour, since: Since, way: Way) -> int | None:
    """How many octets may have passed in a direction, all in all, when it strikes; None: it does not count them."""
    if isinstance(behaviour, Stall | Reset) and behaviour.octets is not None and is_meant(behaviour, way):
        return behaviour.octets + (since.up if way is Way.UP else since.down)
    return None


def is_meant(behaviour: Behaviour, way: Way) -> bool:
    """Whether this stall or reset is about the direction."""
    return isinstance(behaviour, Stall | Reset) and behaviour.way in {way, Way.BOTH}
