"""Ends that are slower than their peers: what we hold for them is bounded, and nothing is lost."""

import asyncio
import hashlib
from collections.abc import Callable

from bench.soak.client import Tunnel, tunnel
from bench.soak.proxy import Proxy
from bench.soak.scene import Scene
from bench.soak.server import BLOCK

_HELD_KB = 512
"""What a tunnel that waits for a reader may cost: a transport's high water, one read more, the interpreter's own."""

_TRICKLE = 60
_STILL_S = 0.5


async def reader(scene: Scene) -> None:
    """The server sends; the client reads nothing until the server cannot send any more, then all."""
    count, octets = scene.scale.slow, scene.scale.slow_octets
    async with scene.proxy() as (proxy, server):
        await _warm(proxy)
        before, server.sent = proxy.memory_kb(), 0
        opened = [await tunnel(proxy.port, b"F" + octets.to_bytes(8)) for _ in range(count)]
        scene.say(f"{count} servers send to clients that do not read")
        await _stands_still(scene, lambda: server.sent)
        held = proxy.memory_kb() - before
        scene.figure("memory a tunnel meanwhile", f"{held / count:.0f} kB")
        scene.figure("sent before it stopped", f"{server.sent / count / 1e6:.1f} of {octets / 1e6:.0f} MB a tunnel")
        scene.check(f"{held / count:.0f} kB are held a tunnel", holds=held / count <= _HELD_KB)
        scene.check("the server could send all to a client that reads nothing", holds=server.sent < count * octets)
        scene.say("the clients read")
        got = [await opened_one.read_to_end() for opened_one in opened]
        scene.figure("arrived in the end", f"{sum(n for n, _ in got)} of {count * octets} octets")
        scene.check("octets were lost", holds=got == [(octets, False)] * count)
        for opened_one in opened:
            await opened_one.close()


async def writer(scene: Scene) -> None:
    """The client sends; the server reads nothing until the client cannot send any more. Beside it one trickles."""
    count, octets = scene.scale.slow, scene.scale.slow_octets
    async with scene.proxy() as (proxy, server):
        await _warm(proxy)
        before = proxy.memory_kb()
        opened = [await tunnel(proxy.port, b"S") for _ in range(count)]
        progress = [0] * count
        sending = [asyncio.ensure_future(_upload(one, octets, progress, n)) for n, one in enumerate(opened)]
        trickling = asyncio.ensure_future(_trickle(proxy))
        scene.say(f"{count} clients send to servers that do not read")
        await _stands_still(scene, lambda: sum(progress))
        held = proxy.memory_kb() - before
        scene.figure("memory a tunnel meanwhile", f"{held / count:.0f} kB")
        scene.check(f"{held / count:.0f} kB are held a tunnel", holds=held / count <= _HELD_KB)
        scene.check("a client could send all to a server that reads nothing", holds=sum(progress) < count * octets)
        scene.say("the servers read")
        server.gate.set()
        whole = await asyncio.gather(*sending)
        scene.figure("uploads whole in the end", f"{sum(whole)} of {count}")
        scene.check("octets were lost or changed", holds=all(whole))
        scene.check("what trickled through was not echoed", holds=await trickling)
        for one in opened:
            await one.close()


async def _warm(proxy: Proxy) -> None:
    """What the first tunnels cost is the interpreter's, not theirs."""
    for _ in range(10):
        opened = await tunnel(proxy.port, b"F" + (len(BLOCK) * 16).to_bytes(8))
        await opened.read_to_end()
        await opened.close()


async def _stands_still(scene: Scene, counted: Callable[[], int]) -> None:
    """Wait until no octet has moved for a while."""
    last, since = -1, asyncio.get_running_loop().time()

    def still() -> bool:
        nonlocal last, since
        now = asyncio.get_running_loop().time()
        if (count := counted()) != last:
            last, since = count, now
        return count > 0 and now - since > _STILL_S

    await scene.until(still, "the sender is stopped", limit_s=60)


async def _upload(one: Tunnel, octets: int, progress: list[int], number: int) -> bool:
    """Whether the server's digest of it is ours."""
    digest = hashlib.blake2b()
    while (sent := progress[number]) < octets:
        block = BLOCK[: octets - sent]
        digest.update(block)
        one.writer.write(block)
        await one.writer.drain()
        progress[number] += len(block)
    one.writer.write_eof()
    return await one.reader.read() == digest.digest()


async def _trickle(proxy: Proxy) -> bool:
    one = await tunnel(proxy.port)
    echoed = [await one.echoes(bytes([ord("E"), number])) for number in range(_TRICKLE)]
    await one.close()
    return all(echoed)
