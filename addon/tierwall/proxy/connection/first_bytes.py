"""Waits until the first bytes of a connection say what its client wants, or too much time has passed.

Knows time limits and ends. What the bytes say is opening's.
"""

import asyncio
from collections.abc import Callable
from typing import Final

from tierwall.opening import Malformed, NeedMore, Opaque, Opening, read_tunnel
from tierwall.policy.limits import FIRST_BYTES_S
from tierwall.proxy.transport.endpoint import End

_TLS_HANDSHAKE: Final = 0x16


async def read(client: End, reader: Callable[[bytearray], Opening]) -> Opening | None:
    """What the first bytes say. None where there are none; what was begun and not finished in time is Malformed."""
    opening = reader(client.received) if client.received else NeedMore(1)
    if not isinstance(opening, NeedMore):
        return opening
    # A bare timer: asyncio.timeout costs three times as much, and this is done twice for each tunnel.
    limit = asyncio.get_running_loop().call_later(FIRST_BYTES_S, client.expire)
    while await client.more():
        if len(client.received) >= opening.octets:
            opening = reader(client.received)
            if not isinstance(opening, NeedMore):
                limit.cancel()
                return opening
    limit.cancel()
    why = f"not finished within {FIRST_BYTES_S:.0f} s" if client.expired else "ended before it was finished"
    client.expired = False
    if not client.received:
        return None
    if reader is read_tunnel and client.received[0] != _TLS_HANDSHAKE:  # any protocol may pause here
        return Opaque()
    return Malformed(f"an opening of {len(client.received)} octets, {why}")
