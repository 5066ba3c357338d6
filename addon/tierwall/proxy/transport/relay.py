"""Passthrough: joins two ends so that every byte of one reaches the other, untouched, for as long as they like.

Knows half-close, back-pressure and who ended first. Refuses to look at a byte, and has no time limit.
"""

import asyncio
from typing import Protocol

from tierwall.events import ClosedBy
from tierwall.proxy.transport.endpoint import Endpoint


class Acting(Protocol):
    """The behaviours that act on a tunnel."""

    def flush(self) -> None:
        """Send on what is held back: the tunnel ends now."""

    def over(self) -> None:
        """The tunnel has ended."""


class Relay:
    """A tunnel. Server bytes flow from the start; the client's are held until `release`, so that they can be judged."""

    __slots__ = ("_before", "_finished", "apart", "began", "behaviours", "client", "closed_by", "server")

    def __init__(self, client: Endpoint, server: Endpoint) -> None:
        self.client, self.server = client, server
        self.closed_by: ClosedBy | None = None
        self._before = client.octets - len(client.received)
        loop = asyncio.get_running_loop()
        self.began = loop.time()
        self.behaviours: Acting | None = None
        self.apart = False
        """Whether a behaviour cut it, so that each end comes to its own end."""
        self._finished: asyncio.Future[None] = loop.create_future()
        client.partner, server.partner = server, client
        client.watcher = server.watcher = self
        server.keep_alive()  # the client's end has it from the socket that listens
        server.forward()
        for end in (client, server):  # what ended before we watched
            if end.eof or end.gone:
                self.ended(end)

    def release(self) -> None:
        """Forward the client's bytes too."""
        self.client.forward()
        self.settle()

    async def finished(self) -> None:
        """Wait until both ends are gone, or a behaviour has forgotten them."""
        await self._finished

    def finish(self) -> None:
        """It is no tunnel any more, even where its ends are still there."""
        if not self._finished.done():
            self._finished.set_result(None)

    def part(self) -> None:
        """Undo the joining, so that the client's end can be refused or handed over; the server's is the caller's."""
        if self.behaviours is not None:
            self.behaviours.over()
            self.behaviours = None
        for end in (self.client, self.server):
            end.watcher = end.partner = end.filter = None
            end.forwarding = False

    @property
    def is_over(self) -> bool:
        """Whether it is no tunnel any more."""
        return self._finished.done()

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
        if client.gone and server.gone:
            self.part()  # no cycle is left for the garbage collector
            self.finish()
        elif self.apart:
            if client.gone and not server.fin_sent:
                server.close()
        elif client.gone:
            _follow(server, client)
        elif server.gone:
            _follow(client, server)
        elif client.eof and server.eof and client.forwarding and _has_passed(client) and _has_passed(server):
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
