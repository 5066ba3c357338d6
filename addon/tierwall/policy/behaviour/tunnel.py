"""Behaviours that act on the octets of a standing connection, without looking at them.

Knows specifications only; proxy/middlebox/tunnel acts. Each may start or stop while the connection stands.
"""

from dataclasses import dataclass
from typing import ClassVar

from tierwall.policy.behaviour.parameters import Cut, Octets, OctetsPerSecond, Seconds, Way
from tierwall.policy.behaviour.spec import EVERY_PROTOCOL, LASTING, Sees, Spec
from tierwall.policy.model import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class IdleTimeout(Spec):
    """A connection on which nothing passes for a time is forgotten.

    With `how: drop` neither side hears of it: what they send is taken and goes nowhere, and their FIN is not answered,
    for 15 minutes, or 2 after the FIN. A connection that is inspected, or plain HTTP, is cut between the client and the
    proxy; its server then sees an end in order. In modes tun and wireguard RST reads as FIN.
    """

    NAME: ClassVar[str] = "idle-timeout"
    SEES: ClassVar[Sees] = Sees.OCTETS
    HITS: ClassVar[frozenset[Protocol]] = LASTING

    after: Seconds
    """How long nothing passes, either way."""
    how: Cut = Cut.RST
    """How it ends."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MaxLifetime(Spec):
    """A connection ends after a time, however busy it is.

    One that stands for longer already when this is switched on ends at once.
    """

    NAME: ClassVar[str] = "max-lifetime"
    SEES: ClassVar[Sees] = Sees.OCTETS
    HITS: ClassVar[frozenset[Protocol]] = LASTING

    after: Seconds
    """How long it stands."""
    how: Cut = Cut.RST
    """How it ends."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Latency(Spec):
    """Everything arrives later.

    What is under way is at most 1 MiB in a direction: no more than this passes in one delay. Where the connection is
    inspected, or plain HTTP, this and all that follows here acts between the client and the proxy.
    """

    NAME: ClassVar[str] = "latency"
    SEES: ClassVar[Sees] = Sees.OCTETS
    HITS: ClassVar[frozenset[Protocol]] = EVERY_PROTOCOL

    delay: Seconds
    """How much later, in each direction that is meant."""
    way: Way = Way.BOTH
    """Which direction."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Jitter(Spec):
    """Everything arrives later, by an amount that changes from read to read; the order stays."""

    NAME: ClassVar[str] = "jitter"
    SEES: ClassVar[Sees] = Sees.OCTETS
    HITS: ClassVar[frozenset[Protocol]] = EVERY_PROTOCOL

    most: Seconds
    """The largest delay; each one is drawn evenly from nothing to this."""
    way: Way = Way.BOTH
    """Which direction."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bandwidth(Spec):
    """No more than so much passes in a second, for each connection."""

    NAME: ClassVar[str] = "bandwidth"
    SEES: ClassVar[Sees] = Sees.OCTETS
    HITS: ClassVar[frozenset[Protocol]] = EVERY_PROTOCOL

    rate: OctetsPerSecond
    """How much, in each direction that is meant."""
    way: Way = Way.BOTH
    """Which direction."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Slicer(Spec):
    """What arrives in one piece is passed on in many small ones."""

    NAME: ClassVar[str] = "slicer"
    SEES: ClassVar[Sees] = Sees.OCTETS
    HITS: ClassVar[frozenset[Protocol]] = EVERY_PROTOCOL

    size: Octets
    """Octets of a piece, at most."""
    pause: Seconds = Seconds(0.01)  # noqa: RUF009 - a number with a name
    """Between two pieces."""
    way: Way = Way.BOTH
    """Which direction."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stall(Spec):
    """The connection stands, and from some moment on nothing passes any more. Needs `after` or `octets`.

    Both count from when it began to act. What comes is held, until the sender is not read any more; switched off, it
    goes on. Of both directions the one that reaches `octets` first stops both. One that a side has left ends 2 minutes
    later, by RST.
    """

    NAME: ClassVar[str] = "stall"
    SEES: ClassVar[Sees] = Sees.OCTETS
    HITS: ClassVar[frozenset[Protocol]] = EVERY_PROTOCOL

    after: Seconds | None = None
    """How long it works before."""
    octets: Octets | None = None
    """How much passes before, in the direction that is meant."""
    way: Way = Way.BOTH
    """Which direction."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reset(Spec):
    """The connection is reset in the middle. Needs `after` or `octets`.

    Both count from when it began to act. Of both directions the one that reaches `octets` first counts.
    """

    NAME: ClassVar[str] = "reset"
    SEES: ClassVar[Sees] = Sees.OCTETS
    HITS: ClassVar[frozenset[Protocol]] = EVERY_PROTOCOL

    after: Seconds | None = None
    """How long it works before."""
    octets: Octets | None = None
    """How much passes before, in the direction that is meant."""
    way: Way = Way.BOTH
    """Which direction's octets are counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SlowClose(Spec):
    """The end of a connection is passed on late."""

    NAME: ClassVar[str] = "slow-close"
    SEES: ClassVar[Sees] = Sees.OCTETS
    HITS: ClassVar[frozenset[Protocol]] = EVERY_PROTOCOL

    delay: Seconds
    """How late."""
    way: Way = Way.BOTH
    """Whose end: `up` the client's, `down` the server's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HalfCloseBreaks(Spec):
    """When one side has said all that it has to say (FIN), the whole connection is closed.

    It breaks, and is journalled, only where the other side had more to say, or was still there 2 s later.
    """

    NAME: ClassVar[str] = "half-close-breaks"
    SEES: ClassVar[Sees] = Sees.OCTETS
    HITS: ClassVar[frozenset[Protocol]] = LASTING


OfTunnels = (
    IdleTimeout | MaxLifetime | Latency | Jitter | Bandwidth | Slicer | Stall | Reset | SlowClose | HalfCloseBreaks
)
