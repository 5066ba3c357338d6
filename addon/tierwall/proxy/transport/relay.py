"""Passthrough: joins two ends so that every byte of one reaches the other, untouched, for as long as they like.

Knows half-close, back-pressure and who ended first. Refuses to look at a byte, and has no time limit.
"""

import asyncio
from collections.abc import Callable
from typing import Final, Protocol

from tierwall.events import ClosedBy
from tierwall.proxy.transport.endpoints.end_states import Peer
from tierwall.proxy.transport.endpoints.endpoint import Endpoint

YOUNG_S: Final = 60.0
"""Seconds after which the kernel is asked to look whether both sides are there (SO_KEEPALIVE). It begins to after two
hours, and to ask for it costs more than a hundredth of a short tunnel."""


class Acting(Protocol):
    """The behaviours that act on a tunnel."""

    def flush(self) -> None:
        """Send on what is held back: the tunnel ends now."""

    def over(self) -> None:
        """The tunnel has ended."""


class Relay:
    """A tunnel. Server bytes flow from the start; the client's are held until `release`, so that they can be judged."""

    __slots__ = (
        "_before",
        "_waiting",
        "_young",
        "apart",
        "began",
        "behaviours",
        "client",
        "closed_by",
        "is_over",
        "server",
        "then",
    )

    def __init__(self, client: Endpoint, server: Endpoint) -> None:
        self.client, self.server = client, server
        self.closed_by: ClosedBy | None = None
        self._before = client.octets - len(client.received)
        self.behaviours: Acting | None = None
        self.apart = False
        """Whether a behaviour cut it, so that each end comes to its own end."""
        self.is_over = False
        """Whether it is no tunnel any more."""
        self._young = client.limits.begin(YOUNG_S, self)
        self.began = self._young[self]
        self.then: Callable[[], None] | None = None
        """What is to be done when it is over."""
        self._waiting: list[asyncio.Future[None]] | None = None
        client.partner, server.partner = server, client
        client.watcher = server.watcher = self
        server.forward()
        for end in (client, server):  # what ended before we watched
            if end.peer is not Peer.SPEAKS:
                self.ended(end)

    def limit_passed(self) -> None:
        """It is no short one: a side that vanishes is to be noticed although we set no time limit."""
        self.client.keep_alive()
        self.server.keep_alive()

    def release(self) -> None:
        """Forward the client's bytes too."""
        self.client.forward()
        self.settle()

    async def finished(self) -> None:
        """Wait until both ends are gone, or a behaviour has forgotten them."""
        if not self.is_over:
            over = asyncio.get_running_loop().create_future()
            self._waiting = [*(self._waiting or ()), over]
            await over

    def finish(self) -> None:
        """It is no tunnel any more, even where its ends are still there."""
        if self.is_over:
            return
        self.is_over = True
        for over in self._waiting or ():
            if not over.done():
                over.set_result(None)
        if self.then is not None:
            then, self.then = self.then, None
            then()

    def part(self) -> None:
        """Undo the joining, so that the client's end can be refused or handed over; the server's is the caller's."""
        if self.behaviours is not None:
            self.behaviours.over()
            self.behaviours = None
        self._young.pop(self, None)
        for end in (self.client, self.server):
            end.watcher = end.partner = end.filter = end.tap = None
            end.gather()

    @property
    def client_octets(self) -> int:
        """What the client sent through the tunnel, its CONNECT or SOCKS5 request not counted."""
        return self.client.octets - self._before

    def shut(self, by: ClosedBy) -> None:
        """End the tunnel now, sending what was already received."""
        if self.closed_by is None:
            self.closed_by = by
        if self.behaviours is not None:
            self.behaviours.flush()
        self.client.close()
        self.server.close()

    def ended(self, end: Endpoint) -> None:
        """What the ends call."""
        if self.closed_by is None:
            self.closed_by = ClosedBy.CLIENT if end is self.client else ClosedBy.SERVER
        self.settle()

    def settle(self) -> None:
        """Close what has nothing left to do: the ends call it, and behaviours when what they held has passed."""
        client, server = self.client, self.server
        at_client, at_server = client.peer, server.peer
        if at_client >= Peer.LEFT and at_server >= Peer.LEFT:
            self.part()  # no cycle is left for the garbage collector
            self.finish()
        elif self.apart:
            if at_client >= Peer.LEFT and not server.fin_sent:
                server.close()
        elif at_client >= Peer.LEFT:
            _follow(server, client)
        elif at_server >= Peer.LEFT:
            _follow(client, server)
        elif at_client is at_server is Peer.ENDED and client.forwarding and _has_passed(client) and _has_passed(server):
            client.close()
            server.close()


def _has_passed(end: Endpoint) -> bool:
    """Whether nothing that this end sent is held back any more."""
    return end.filter is None or end.filter.is_done


def _follow(end: Endpoint, gone: Endpoint) -> None:
    """End as the other did. What it sent before is sent on first, however slowly this one reads."""
    if not _has_passed(gone):
        return
    if gone.broken:
        end.break_off()
    else:
        end.close()
