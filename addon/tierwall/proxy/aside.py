"""Two ends in this process, so that a connection which mitmproxy drives can be a tunnel of ours on its way there.

Knows a pair of sockets. What happens on the tunnel is the relay's and its behaviours'.
"""

import asyncio
import socket

from tierwall.proxy.ends import End


class StandIn(End):
    """The end that mitmproxy gets in place of a client's, and takes for it."""

    __slots__ = ("stands_for",)

    def __init__(self, stands_for: End) -> None:
        super().__init__()
        self.stands_for = stands_for


async def stand_in_for(client: End) -> tuple[StandIn, End]:
    """An end in place of this one, and the other end of it, for a relay to join with the client's."""
    ours, other = socket.socketpair()
    for each in (ours, other):
        each.setblocking(False)
    loop = asyncio.get_running_loop()
    stand_in, far = StandIn(client), End()
    await loop.create_unix_connection(lambda: stand_in, sock=ours)
    await loop.create_unix_connection(lambda: far, sock=other)
    return stand_in, far
