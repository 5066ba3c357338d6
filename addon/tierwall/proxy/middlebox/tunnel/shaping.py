"""When octets leave that come now: one direction of a tunnel as a queue, driven by whoever knows the time.

Knows delays, rates, pieces, and that nothing overtakes. Refuses to know clocks, sockets, and why it is shaped so.
"""

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from tierwall.policy.behaviour import Behaviour
from tierwall.policy.behaviour.parameters import Way
from tierwall.policy.behaviour.tunnel import Bandwidth, Jitter, Latency, Slicer, SlowClose

QUEUED_OCTETS: Final = 64 * 1024
"""What a direction holds at most before its sender is not read any more, one read not counted."""

DELAYED_OCTETS: Final = 1024 * 1024
"""The same under latency and jitter, which hold what is on its way: no more than this passes in one delay."""

_QUEUED_S: Final = 0.1
"""Under a high rate as much as passes in so long, because a queue that runs empty wastes the rate."""

_A_READ: Final = 256
"""What holding one read costs beside its octets, so that senders of single octets are bounded too."""

_AT_ONCE_S: Final = 0.02
_AT_ONCE_OCTETS: Final = 64 * 1024
"""Under a rate octets leave in portions of so much time, or so many of them, whichever is less."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """What happens to the octets of one direction, in this order: later, slower, in pieces; and its end later still."""

    latency_s: float = 0.0
    jitters_s: tuple[float, ...] = ()
    """The largest of each jitter."""
    rate: float | None = None
    """Octets a second."""
    piece: int | None = None
    """Octets of a piece, at most."""
    pause_s: float = 0.0
    """Between two pieces."""
    close_s: float = 0.0
    """How much later than its last octet the end of the direction leaves."""

    @property
    def holds(self) -> int:
        """How much it may hold."""
        if self.latency_s or self.jitters_s:
            return DELAYED_OCTETS
        return max(QUEUED_OCTETS, min(DELAYED_OCTETS, int(_QUEUED_S * (self.rate or 0.0))))

    @property
    def portion(self) -> int:
        """Octets that leave together, at most."""
        by_rate = _AT_ONCE_OCTETS if self.rate is None else min(_AT_ONCE_OCTETS, max(1, int(self.rate * _AT_ONCE_S)))
        return by_rate if self.piece is None else min(by_rate, self.piece)


AS_IT_COMES: Final = Shape()


def shape_of(behaviours: Iterable[Behaviour], way: Way) -> Shape:
    """What these do to one direction. Of several of a kind: delays add up, the narrowest rate and piece are felt."""
    latency_s = pause_s = close_s = 0.0
    jitters_s: list[float] = []
    rates: list[int] = []
    pieces: list[int] = []
    for behaviour in behaviours:
        match behaviour:
            case Latency(delay=delay, way=meant) if meant in {way, Way.BOTH}:
                latency_s += delay
            case Jitter(most=most, way=meant) if meant in {way, Way.BOTH}:
                jitters_s.append(most)
            case Bandwidth(rate=rate, way=meant) if meant in {way, Way.BOTH}:
                rates.append(rate)
            case Slicer(size=size, pause=pause, way=meant) if meant in {way, Way.BOTH}:
                pieces.append(size)
                pause_s = max(pause_s, pause)
            case SlowClose(delay=delay, way=meant) if meant in {way, Way.BOTH}:
                close_s += delay
            case _:
                pass
    return Shape(
        latency_s=latency_s,
        jitters_s=tuple(jitters_s),
        rate=min(rates, default=None),
        piece=min(pieces, default=None),
        pause_s=pause_s,
        close_s=close_s,
    )


class Queue:
    """One direction. `put` and `end` say what came, `take` gives what may leave; times are seconds of any one clock."""

    __slots__ = ("_draw", "_ends_at", "_free_at", "_held", "_last_due", "_left_at", "_offset", "_shape", "_waiting")

    def __init__(self, draw: Callable[[float], float]) -> None:
        """`draw`: a jitter between nothing and its largest."""
        self._draw = draw
        self._shape = AS_IT_COMES
        self._waiting: deque[tuple[float, bytes]] = deque()
        self._offset = 0
        """Octets of the first that waits which have left already."""
        self._held = 0
        self._last_due = self._free_at = self._left_at = float("-inf")
        self._ends_at: float | None = None

    @property
    def is_empty(self) -> bool:
        """Whether no octets wait."""
        return not self._waiting

    @property
    def is_full(self) -> bool:
        """Whether its sender should not be read any more."""
        return self._held >= self._shape.holds

    @property
    def has_room(self) -> bool:
        """Whether its sender may be read again."""
        return self._held <= self._shape.holds // 2

    @property
    def shape(self) -> Shape:
        """What happens to octets that come now."""
        return self._shape

    def reshape(self, shape: Shape, now: float) -> None:
        """From now on this happens. What came before leaves no later than it would have, and before what comes now."""
        self._shape = shape
        self._free_at = now

    def wait(self, now: float) -> None:
        """Nothing could leave until now: no rate may be made up for."""
        self._free_at = max(self._free_at, now)

    def put(self, octets: bytes, now: float) -> None:
        """These came."""
        self._waiting.append((self._due(now), octets))
        self._held += len(octets) + _A_READ

    def end(self, now: float) -> None:
        """The sender ended its direction: after all that came before."""
        if self._ends_at is None:
            self._ends_at = self._due(now)

    def next_at(self) -> float | None:
        """When the next leaves, octets or the end. None: nothing waits."""
        if self._waiting:
            due, octets = self._waiting[0]
            length = min(len(octets) - self._offset, self._shape.portion)
            return max(due, self._free_at) + (length / self._shape.rate if self._shape.rate else 0.0)
        if self._ends_at is not None:
            return max(self._ends_at, self._left_at) + self._shape.close_s
        return None

    def take(self, now: float, most: int | None = None) -> bytes | None:
        """The octets that leave next, if they may by now; no more than `most`."""
        leaves_at = self.next_at()
        if not self._waiting or leaves_at is None or leaves_at > now:
            return None
        _, octets = self._waiting[0]
        until = self._offset + self._shape.portion if most is None else self._offset + min(self._shape.portion, most)
        taken = octets[self._offset : until]
        if until >= len(octets):
            self._waiting.popleft()
            self._held -= len(octets) + _A_READ
            self._offset = 0
        else:
            self._offset = until
        self._left_at = now
        # A rate makes up for a clock that looked late; pieces keep their distance instead.
        self._free_at = now + self._shape.pause_s if self._shape.piece else leaves_at
        return taken

    def take_all(self) -> bytes:
        """All octets that wait, whenever they would have left."""
        waiting = b"".join(octets for _, octets in self._waiting)[self._offset :]
        self._waiting.clear()
        self._held = self._offset = 0
        return waiting

    def has_ended(self, now: float) -> bool:
        """Whether all has left, the end too."""
        leaves_at = self.next_at()
        return not self._waiting and leaves_at is not None and leaves_at <= now

    def _due(self, now: float) -> float:
        delay_s = self._shape.latency_s + sum(self._draw(most_s) for most_s in self._shape.jitters_s)
        self._last_due = max(self._last_due, now + delay_s)
        return self._last_due
