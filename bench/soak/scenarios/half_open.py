"""Clients that send an octet a second and never finish what they begin, and some that send nothing at all."""

import asyncio
import time
from contextlib import suppress

from bench.soak.client import CONNECT, client_hello, connect, talking_tunnel, tunnel
from bench.soak.proxy import Proxy
from bench.soak.scene import Scene
from tierwall.policy.limits import FIRST_BYTES_S
from tierwall.proxy.transport.endpoints.farewells import FAREWELL_S

_SLACK_S = 2.0
_LATENCY_S = 1.0


async def run(scene: Scene) -> None:
    """Each is refused when the limit is over, not before and not much later; a tunnel beside them echoes at once."""
    count, limit = scene.scale.half_open, scene.scale.first_bytes_s or FIRST_BYTES_S
    code = f"import tierwall.policy.limits; tierwall.policy.limits.FIRST_BYTES_S = {limit}"
    async with scene.proxy(code=code) as (proxy, server):
        beside = await talking_tunnel(proxy.port)
        before = proxy.descriptors()
        scene.say(f"{count} clients send an octet a second")
        slow = [asyncio.ensure_future(_half_open(proxy, number, limit)) for number in range(count)]
        worst, whole = 0.0, True
        while not all(one.done() for one in slow):
            began = time.monotonic()
            whole &= await beside.echoes(b"are you there")
            fresh = await talking_tunnel(proxy.port)
            await fresh.close()
            worst = max(worst, time.monotonic() - began)
            await asyncio.sleep(0.2)
        took = [one.result() for one in slow]
        await scene.until(lambda: proxy.descriptors() <= before, "the refused clients' descriptors are free")
        scene.figure("refused after", f"{min(took):.1f} to {max(took):.1f} s")
        scene.figure("slowest echo and new tunnel beside them", f"{worst * 1000:.0f} ms")
        scene.check("a tunnel beside them was disturbed", holds=whole and worst < _LATENCY_S)
        scene.check("refused before the limit", holds=min(took) > limit - 0.5)
        scene.check("refused late", holds=max(took) < limit + FAREWELL_S + _SLACK_S)
        await beside.close()
        await scene.until(lambda: server.standing == 0, "no connection stands at the server")


async def _half_open(proxy: Proxy, number: int, limit: float) -> float:
    """The seconds until the proxy ended it, which may be said at the next octet only."""
    said = CONNECT
    match number % 3:
        case 0:
            reader, writer = await connect(proxy.port)
        case 1:
            reader, writer = await connect(proxy.port)
            said = b""
        case _:  # inside a tunnel
            opened = await tunnel(proxy.port)
            reader, writer = opened.reader, opened.writer
            said = client_hello()
    began = time.monotonic()
    if said:
        writer.write(said[:1])
    pace = limit / 10
    ended = asyncio.ensure_future(reader.read())
    for octet in said[1:]:
        if (await asyncio.wait({ended}, timeout=pace))[0]:
            break
        writer.write(bytes([octet]))
    with suppress(OSError):
        await ended
    took = time.monotonic() - began
    writer.transport.abort()
    return took
