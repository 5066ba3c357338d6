"""What events say of behaviours that act on the octets of a tunnel: one clause, with numbers.

Knows words. Refuses to know connections.
"""

from typing import Final

from tierwall.policy.behaviour import Behaviour
from tierwall.policy.behaviour.parameters import Cut, Way
from tierwall.policy.behaviour.tunnel import Bandwidth, Jitter, Latency, Slicer, SlowClose

CUT_BY: Final = {
    Cut.FIN: "cut by FIN",
    Cut.RST: "cut by RST",
    Cut.DROP: "cut without a word",
}

FELT: Final = Latency | Jitter | Bandwidth | Slicer
"""What octets feel on their way."""

_WHOSE: Final = {
    Way.UP: "what the client sends",
    Way.DOWN: "what the server sends",
    Way.BOTH: "everything",
}


def felt(behaviour: Behaviour, way: Way, octets: int) -> str | None:
    """How octets that just came this way in one read feel it; None where they do not."""
    match behaviour:
        case Latency(delay=delay, way=meant) if meant in {way, Way.BOTH}:
            return f"{_WHOSE[meant]} arrives {delay:g} s later"
        case Jitter(most=most, way=meant) if meant in {way, Way.BOTH}:
            return f"{_WHOSE[meant]} arrives up to {most:g} s later"
        case Bandwidth(rate=rate, way=meant) if meant in {way, Way.BOTH}:
            return f"of {_WHOSE[meant]} {rate} octets pass in a second"
        case Slicer(size=size, pause=pause, way=meant) if meant in {way, Way.BOTH} and octets > size:
            return f"{_WHOSE[meant]} passes in pieces of {size} octets, {pause:g} s apart"
        case _:
            return None


def end_felt(behaviour: Behaviour, way: Way) -> str | None:
    """The same for the end of a direction."""
    match behaviour:
        case SlowClose(delay=delay, way=meant) if meant in {way, Way.BOTH}:
            return f"the {'client' if way is Way.UP else 'server'}'s end is passed on {delay:g} s later"
        case _:
            return None
