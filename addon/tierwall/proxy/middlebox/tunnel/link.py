"""One direction of a tunnel on which behaviours act: takes what one end sends, and writes it to the other in time.

Knows the event loop's clock, back-pressure both ways, and FIN in its place. Refuses to know which behaviours act.
"""

import asyncio
import random
from typing import Final, Protocol

from tierwall.proxy.middlebox.tunnel.shaping import AS_IT_COMES, Queue, Shape
from tierwall.proxy.transport.endpoints.endpoint import Endpoint

_AT_LEAST_S: Final = 0.001
"""What an event loop's clock can tell apart: asking it for less would ask it twice."""


class Watched(Protocol):
    """Who is told of what passes."""

    def came(self, link: "Link", octets: int) -> None:
        """So many octets came from the line's source."""

    def reached(self, link: "Link") -> None:
        """As many octets have passed as `limit` lets through."""

    def ended(self, link: "Link") -> None:
        """All that the source sent has passed, its end too."""

    def emptied(self) -> None:
        """Nothing waits on the line any more."""


class Link:
    """From `source` to `target`. Where nothing shapes it and nothing waits, octets pass as they come."""

    __slots__ = (
        "_blocked",
        "_loop",
        "_paused",
        "_queue",
        "_timer",
        "_watched",
        "ended_at",
        "is_done",
        "limit",
        "moved_at",
        "passed",
        "source",
        "stalled",
        "target",
    )

    def __init__(self, source: Endpoint, target: Endpoint, watched: Watched) -> None:
        self.source, self.target, self._watched = source, target, watched
        self._loop = asyncio.get_running_loop()
        self.moved_at = self._loop.time()
        """When octets last came or passed."""
        self._queue = Queue(_draw)
        self._timer: asyncio.TimerHandle | None = None
        self._blocked = target.full
        """Whether the target takes no more for now."""
        self._paused = target.full
        """Whether the source is not read."""
        self.passed = 0
        """Octets that were written to the target, since this line stands."""
        self.limit: int | None = None
        """How many may pass; then `reached` is called, once."""
        self.stalled = False
        """Whether nothing leaves; what comes is held, as much as a queue holds."""
        self.ended_at: float | None = None
        """When the source ended."""
        self.is_done = source.forwarding and (source.eof or source.gone)
        """Whether all has passed that ever will."""

    @property
    def is_clear(self) -> bool:
        """Whether octets could pass without this line."""
        nothing_waits = self._queue.is_empty and (self.ended_at is None or self.is_done)
        return nothing_waits and self._queue.shape == AS_IT_COMES and not (self.stalled or self._blocked)

    def reshape(self, shape: Shape) -> None:
        """From now on this happens to what comes."""
        if shape != self._queue.shape:
            self._queue.reshape(shape, self._loop.time())
        self.turn()

    # -- what the ends call

    def take(self, octets: bytes) -> None:
        """The source sent these."""
        self._watched.came(self, len(octets))
        if self.target.gone or self.is_done:
            return
        self.moved_at = self._loop.time()
        if self._queue.is_empty and self._queue.shape == AS_IT_COMES and not self._keeps:
            self._write(octets)
            return
        self._queue.put(octets, self.moved_at)
        if self._timer is None:
            self.turn()
        if self._queue.is_full and not self._paused:
            self._paused = True
            self.source.pause_reading()

    def end(self) -> None:
        """The source ended, by FIN or otherwise."""
        if self.ended_at is None:
            self.ended_at = self._loop.time()
            self._queue.end(self.ended_at)
            self.turn()

    def block(self) -> None:
        """The target takes no more for now."""
        self._blocked = True

    def unblock(self) -> None:
        """It does again."""
        self._blocked = False
        self.moved_at = self._loop.time()
        self._queue.wait(self.moved_at)
        self.turn()

    # -- what the middlebox calls

    def turn(self) -> None:
        """Let pass what may by now, and come back when more may."""
        self._forget_timer()
        if self.is_done:
            return
        now = self._loop.time()
        self._pass_on(now)
        self._read_on()
        if self._blocked or self.stalled or self.is_done:
            return
        if self._queue.has_ended(now):
            self.is_done = True
            self._watched.ended(self)
        elif (at := self._queue.next_at()) is not None:
            self._timer = self._loop.call_later(max(_AT_LEAST_S, at - now), self.turn)
        else:
            self._watched.emptied()

    def flush(self) -> None:
        """Write all that waits, now."""
        octets = self._queue.take_all()
        if octets and not self.target.gone:
            self._write(octets)

    def stop(self) -> None:
        """Let nothing pass any more, and forget what waits."""
        self.is_done = True
        self._queue.take_all()
        self._forget_timer()

    # -- private

    def _pass_on(self, now: float) -> None:
        if self.target.gone:
            self._queue.take_all()
        while not (self._blocked or self.stalled or self.is_done):
            octets = self._queue.take(now, None if self.limit is None else self.limit - self.passed)
            if not octets:
                return
            self._write(octets)
            self.moved_at = now
            if self.limit is not None and self.passed >= self.limit:
                self.limit = None
                self._watched.reached(self)
            if self._queue.shape.piece is not None:
                return  # a loop that gathers what is written would make one piece of several

    @property
    def _keeps(self) -> bool:
        return self._blocked or self.stalled or self.limit is not None

    def _forget_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _write(self, octets: bytes) -> None:
        self.passed += len(octets)
        self.target.write(octets)

    def _read_on(self) -> None:
        source = self.source
        if self._paused and self._queue.has_room and not (source.gone or source.eof):
            self._paused = False
            source.resume_reading()


def _draw(most_s: float) -> float:
    return random.uniform(0.0, most_s)  # noqa: S311 - a delay, no secret
