"""What happens, to whoever watches, line by line: events as the journal has them, and every second how things stand.

Knows a queue and a pipe. A watcher that is slow is waited for here alone; events that do not fit are counted and told.
"""

import asyncio
import json
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from itertools import chain, islice
from typing import Final

from tierwall.events import to_line
from tierwall.policy.authority import place
from tierwall.proxy.control.answers import state
from tierwall.proxy.control.inside import Inside
from tierwall.proxy.serving.tunnels import Tunnels
from tierwall.proxy.state.live import TURN_S, Watcher

NOW_S: Final = 1.0
TUNNELS: Final = 100
"""Of those that stand, the oldest are told."""


async def stream(inside: Inside, writer: asyncio.StreamWriter) -> None:
    """Until the watcher is gone, which raises OSError."""
    watcher = inside.live.join()
    told = 0.0
    try:
        while True:
            now = time.monotonic()
            if now - told >= NOW_S:
                told = now
                writer.write(json.dumps({"now": _now(inside, watcher)}).encode() + b"\n")
            if lines := list(_lines(watcher)):
                writer.write(b"".join(lines))  # at once: a turn is one call of the system
            await writer.drain()
            await asyncio.sleep(TURN_S)
    finally:
        inside.live.leave(watcher)


def _lines(watcher: Watcher) -> Iterator[bytes]:
    for event in watcher.take():
        with suppress(ValueError):  # text that is no Unicode, which the journal tells
            yield to_line(event)


def _now(inside: Inside, watcher: Watcher) -> dict[str, object]:
    return state(inside) | {
        "lost": watcher.lost,
        "open": sum(each.tunnels.standing for each in inside.every),
        "tunnels": _tunnels([each.tunnels for each in inside.every]),
    }


def _tunnels(of: Sequence[Tunnels]) -> list[dict[str, object]]:
    now = asyncio.get_running_loop().time()
    return [
        {
            "place": place(request.verdict.name or "?", request.attempt.port, request.attempt.transport),
            "client": request.connection.caller.ip or "?",
            "age": now - relay.began,
            "sent": relay.client_octets,
            "received": relay.server.octets,
        }
        for relay, request in islice(chain.from_iterable(each.all() for each in of), TUNNELS)
    ]
