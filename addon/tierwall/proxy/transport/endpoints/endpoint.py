"""One end of a TCP connection: gathers octets until somebody has judged them, then forwards them to its peer.

Knows half-close, back-pressure and how a connection comes to its end (its states: end_states.py). Refuses to know what
the octets mean and who may connect to whom. What reads and writes is below: a socket (socket_endpoint.py), or one of
asyncio's transports (asyncio_endpoint.py).
"""

import asyncio
import logging
from typing import Final

from tierwall.policy.limits import CLIENT_HELLO_OCTETS
from tierwall.proxy.transport.endpoints.end_states import PEER, USE, Happened, Peer, Use
from tierwall.proxy.transport.endpoints.endpoint_roles import EndWatcher, Owner, Reader, Tap
from tierwall.proxy.transport.endpoints.farewells import SILENCE_S, Farewells
from tierwall.proxy.transport.endpoints.tunnel_filter import TunnelFilter
from tierwall.proxy.transport.limits import Limit

logger = logging.getLogger(__name__)

GATHER_OCTETS: Final = 2 * CLIENT_HELLO_OCTETS
"""Octets an end keeps before it stops reading; more than any opening may take, so that its limit is seen broken."""


class Endpoint(Farewells):
    """One end. Gathers from the start; `forward` and the refusals change what happens to the octets that come."""

    __slots__ = (
        "_alarm",
        "_limit",
        "_waiter",
        "expired",
        "filter",
        "fin_sent",
        "full",
        "octets",
        "owner",
        "partner",
        "peer",
        "reader",
        "received",
        "tap",
        "use",
        "watcher",
    )

    def __init__(self) -> None:
        self.received = bytearray()
        self.octets = 0
        """All that this end has sent us."""
        self.peer = Peer.SPEAKS
        self.use = Use.GATHERS
        self.fin_sent = False
        """Whether we have told it that nothing more comes."""
        self.full = False
        """Whether it takes no more for now."""
        self.expired = False
        self.partner: Endpoint | None = None
        """The tunnel's other end."""
        self.filter: TunnelFilter | None = None
        """What is between this end and its partner, where a behaviour acts on their octets."""
        self.tap: Tap | None = None
        self.watcher: EndWatcher | None = None
        self.reader: Reader | None = None
        self.owner: Owner | None = None
        self._waiter: asyncio.Future[None] | None = None
        self._limit: Limit | None = None
        self._alarm: asyncio.TimerHandle | None = None

    # -- what it is now

    @property
    def eof(self) -> bool:
        """Whether it sent FIN."""
        return self.peer is Peer.ENDED or self.peer is Peer.LEFT

    @property
    def gone(self) -> bool:
        """Whether nobody is there any more."""
        return self.peer >= Peer.LEFT

    @property
    def broken(self) -> bool:
        """Whether it is gone without a FIN."""
        return self.peer is Peer.LOST

    @property
    def forwarding(self) -> bool:
        """Whether octets that come go to the partner at once."""
        return self.use is Use.FORWARDS

    # -- what is below calls

    def take(self, octets: bytes) -> None:
        """The other side sent these."""
        self.octets += len(octets)
        use = self.use
        if use is Use.FORWARDS:
            if self.filter is not None:
                self.filter.take(octets)
            elif self.partner is not None:
                self.partner.write(octets)
        elif use is Use.GATHERS:
            self.received += octets
            if len(self.received) > GATHER_OCTETS:
                self.pause_reading()
            self._tell_reader()

    def take_fin(self) -> bool:
        """The other side sent FIN. Whether its connection stays, as far as we know."""
        self.peer = PEER[self.peer][Happened.FIN]
        if self.use >= Use.DISCARDS:
            if self.use is Use.FORGETS:
                self._begin_limit(SILENCE_S)
            return self.use is Use.FORGETS
        self._tell_reader()
        if self.use is Use.FORWARDS:
            self._end_here()
        if self.watcher is not None:
            self.watcher.ended(self)
        return True

    def take_end(self, how: Happened) -> None:
        """Nobody is there any more."""
        self.peer = PEER[self.peer][how]
        self._end_limit()
        self._tell_reader()
        if self._alarm is not None:
            self._alarm.cancel()
        if self.filter is not None and self.use is Use.FORWARDS:
            self.filter.end()
        if self.watcher is not None:
            self.watcher.ended(self)
        self.owner = self.reader = None  # no cycle is left for the garbage collector

    def block(self) -> None:
        """The other side takes no more for now."""
        self.full = True
        partner = self.partner
        if partner is not None:
            if partner.filter is not None:
                partner.filter.block()
            else:
                partner.pause_reading()

    def unblock(self) -> None:
        """It does again."""
        self.full = False
        partner = self.partner
        if partner is not None:
            if partner.filter is not None:
                partner.filter.unblock()
            else:
                partner.resume_reading()

    # -- what the front door calls

    async def more(self) -> bool:
        """Wait for octets beyond those gathered. False when there will be none, or when `expire` was called."""
        if self.peer is not Peer.SPEAKS or self.expired:
            return False
        self._waiter = asyncio.get_running_loop().create_future()
        had = len(self.received)
        try:
            await self._waiter
        finally:
            self._waiter = None
        return len(self.received) > had

    def expire(self) -> None:
        """End the wait for more: a limit has passed."""
        self.expired = True
        self._wake()

    def forward(self) -> None:
        """From now on octets go to the partner: those gathered first, and the end of file if it came meanwhile."""
        self._become(Use.FORWARDS)
        if self.peer is Peer.SPEAKS:
            self.resume_reading()  # before the write, which may be more than the partner takes, and pause us
        if self.received:
            gathered, self.received = self.received, bytearray()
            if self.filter is not None:
                self.filter.take(bytes(gathered))
            elif self.partner is not None:
                self.partner.write(gathered)
        if self.peer is not Peer.SPEAKS:
            self._end_here()

    def gather(self) -> None:
        """Gather again."""
        if self.use is Use.FORWARDS:
            self._become(Use.GATHERS)

    def pass_eof(self) -> None:
        """Tell the partner that nothing more comes from here."""
        partner = self.partner
        if partner is None or partner.peer >= Peer.LEFT:
            return
        if partner.peer is Peer.ENDED and partner.use is Use.FORWARDS and self.watcher is not None:
            return  # who watches both closes them now
        if not partner.half_close():
            partner.close()  # TLS to a parent proxy: asyncio cannot half-close it

    def discard_for(self, seconds: float) -> None:
        """Take all that comes and let it go nowhere, until the other side leaves or so long; it hears nothing."""
        self._discard(Use.DISCARDS, seconds)

    def forget(self, seconds: float) -> None:
        """The same, as if nobody were there any more: its FIN is not answered either."""
        self._discard(Use.FORGETS, seconds)

    def failed(self, failure: Exception) -> None:
        """What was told of this end raised. Fails closed: its owner ends the connection, and says why."""
        if self.owner is not None:
            self.owner.failed(failure)
        else:
            logger.error("a connection ends because of a failure of ours", exc_info=failure)
            self.reset()

    def limit_passed(self) -> None:
        """It was to be here only so long."""
        self._limit = None
        self.abort()

    # -- private

    def _become(self, use: Use) -> None:
        if use is not self.use:
            if use not in USE[self.use]:
                raise AssertionError(f"an end that {self.use.name} cannot become one that {use.name}")
            self.use = use

    def _discard(self, use: Use, seconds: float) -> None:
        self._become(use)
        self.received = bytearray()
        if self.peer >= Peer.LEFT or (self.peer is Peer.ENDED and use is not Use.FORGETS):
            self.close()
            return
        self.resume_reading()
        self._begin_limit(seconds)
        self._wake()

    def _begin_limit(self, seconds: float) -> None:
        self._end_limit()
        self._limit = self.limits.begin(seconds, self)

    def _end_limit(self) -> None:
        if self._limit is not None:
            self._limit.pop(self, None)
            self._limit = None

    def _tell_reader(self) -> None:
        if self._waiter is not None:
            self._wake()
        if self.reader is not None:
            self.reader.came()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def _end_here(self) -> None:
        if self.filter is not None:
            self.filter.end()
        elif self.eof:
            self.pass_eof()
