"""Passthrough: joins two ends so that every byte of one reaches the other, untouched, for as long as they like.

Knows half-close, back-pressure and who ended first. Refuses to look at a byte, and has no time limit.
"""

import asyncio

from tierwall.events import ClosedBy
from tierwall.proxy.ends import End


class Relay:
    """A tunnel. Server bytes flow from the start; the client's are held until `release`, so that they can be judged."""

    __slots__ = ("_before", "_finished", "client", "closed_by", "server")

    def __init__(self, client: End, server: End) -> None:
        self.client, self.server = client, server
        self.closed_by: ClosedBy | None = None
        self._before = client.octets - len(client.received)
        self._finished: asyncio.Future[None] = asyncio.get_running_loop().create_future()
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
        self._close_if_done()

    async def finished(self) -> None:
        """Wait until both ends are gone."""
        await self._finished

    def part(self) -> None:
        """Undo the joining, so that the client's end can be refused or handed over; the server's is the caller's."""
        for end in (self.client, self.server):
            end.watcher = end.partner = None
            end.forwarding = False

    @property
    def client_octets(self) -> int:
        """What the client sent through the tunnel, its CONNECT or SOCKS5 request not counted."""
        return self.client.octets - self._before

    def shut(self, by: ClosedBy) -> None:
        """End the tunnel now, sending what was already received."""
        if self.closed_by is None:
            self.closed_by = by
        self.client.close()
        self.server.close()

    def ended(self, end: End) -> None:
        """What the ends call."""
        if self.closed_by is None:
            self.closed_by = ClosedBy.CLIENT if end is self.client else ClosedBy.SERVER
        self._close_if_done()

    def _close_if_done(self) -> None:
        client, server = self.client, self.server
        if client.gone and server.gone:
            if not self._finished.done():
                self._finished.set_result(None)
                self.part()  # no cycle is left for the garbage collector
        elif client.gone:
            _follow(server, client)
        elif server.gone:
            _follow(client, server)
        elif client.eof and server.eof and client.forwarding:
            client.close()
            server.close()


def _follow(end: End, gone: End) -> None:
    """End as the other did. What it sent before is sent on first, however slowly this one reads."""
    if gone.broken:
        end.break_off()
    else:
        end.close()
