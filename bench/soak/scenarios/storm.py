"""Connections opened and dropped in every way that clients have: no descriptor and no memory stays."""

import asyncio
from contextlib import suppress

from bench.soak.client import CONNECT, LIMIT_S, Refused, client_hello, connect, each, tunnel
from bench.soak.proxy import Proxy
from bench.soak.scene import Scene
from bench.soak.server import reset

_WAYS = 6
_GROWTH_KB = 3072
_DENIED = b"CONNECT elsewhere.example:443 HTTP/1.1\r\nHost: elsewhere.example:443\r\n\r\n"


async def run(scene: Scene) -> None:
    """The first half warms allocators and caches; the second must leave what the first left."""
    half = scene.scale.storm // 2
    async with scene.proxy() as (proxy, server):

        async def drop(number: int) -> None:
            if number % 500 == 0:
                scene.say(f"{number} of {2 * half} opened and dropped")
            with suppress(OSError, EOFError):
                async with asyncio.timeout(LIMIT_S):
                    await _drop(proxy, number % _WAYS)

        before = proxy.descriptors()
        after: list[tuple[int, int]] = []
        for part in range(2):
            await each(range(part * half, part * half + half), drop)
            await scene.until(lambda: proxy.descriptors() <= before, "every descriptor is free again")
            await scene.until(lambda: server.standing == 0, "no connection stands at the server")
            await asyncio.sleep(scene.scale.settle_s)
            after.append((proxy.descriptors(), proxy.memory_kb()))
        grown = after[1][1] - after[0][1]
        scene.figure("connections", 2 * half)
        scene.figure("descriptors before and after", f"{before}, {after[1][0]}")
        scene.figure("memory, second half", f"{grown:+} kB")
        scene.check(f"memory grew by {grown} kB", holds=grown <= _GROWTH_KB)


async def _drop(proxy: Proxy, way: int) -> None:
    match way:
        case 0:  # a whole tunnel
            opened = await tunnel(proxy.port)
            await opened.agrees()
            await opened.close()
        case 1:  # reset in the middle
            opened = await tunnel(proxy.port, client_hello())
            opened.reset()
        case 2:  # left before it was answered
            _, writer = await connect(proxy.port)
            writer.write(CONNECT)
            reset(writer)
        case 3:  # never said anything
            _, writer = await connect(proxy.port)
            writer.close()
            await writer.wait_closed()
        case 4:  # half a ClientHello, then its end
            opened = await tunnel(proxy.port, client_hello()[:100])
            opened.writer.write_eof()
            await opened.read_to_end()
            await opened.close()
        case _:  # refused
            with suppress(Refused):
                reader, writer = await connect(proxy.port)
                writer.write(_DENIED)
                await reader.read()
                writer.close()
                await writer.wait_closed()
