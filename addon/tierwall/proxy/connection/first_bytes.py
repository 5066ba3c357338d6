"""Waits until the first bytes of a connection say what its client wants, or too much time has passed.

Knows time limits and ends. What the bytes say is opening's.
"""

import asyncio
from collections.abc import Callable
from typing import Final

from tierwall.opening import Malformed, NeedMore, Opaque, Opening, read_tunnel
from tierwall.policy.limits import FIRST_BYTES_S
from tierwall.proxy.transport.endpoint import Endpoint

PAUSE_S: Final = 0.02
"""Seconds that a client in a tunnel may pause in a line that hardly is HTTP before what it has said goes out."""


async def read(client: Endpoint, reader: Callable[[bytearray], Opening]) -> Opening | None:
    """What the first bytes say. None where there are none; what was begun and not finished in time is Malformed: time
    makes neither TLS nor HTTP opaque."""
    opening = reader(client.received) if client.received else NeedMore(1)
    if not isinstance(opening, NeedMore):
        return opening
    loop = asyncio.get_running_loop()
    limit_at = loop.time() + FIRST_BYTES_S
    while True:
        may_pause = opening.may_pause and reader is read_tunnel
        # A bare timer: asyncio.timeout costs three times as much, and this is done twice for each tunnel.
        limit = loop.call_at(loop.time() + PAUSE_S if may_pause else limit_at, client.expire)
        came = await client.more()
        limit.cancel()
        if not came:
            break
        if len(client.received) >= opening.octets:
            opening = reader(client.received)
            if not isinstance(opening, NeedMore):
                return opening
    expired, client.expired = client.expired, False
    if not client.received:
        return None
    if may_pause and expired:
        return Opaque()
    if client.eof and reader(client.received + b"\n") == Opaque():  # a line ends here too
        return Opaque()
    why = f"not finished within {FIRST_BYTES_S:.0f} s" if expired else "ended before it was finished"
    return Malformed(f"an opening of {len(client.received)} octets, {why}")
