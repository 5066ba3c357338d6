"""Tunnels that stand and say nothing, longer than mitmproxy's time limit; then each echoes."""

import asyncio
import os
import time

from bench.soak.client import Tunnel, each, tunnels
from bench.soak.scene import Scene
from tierwall.events import Action

_GROWTH_KB = 2048


async def run(scene: Scene) -> None:
    """None is lost, memory is flat, all are in the journal."""
    count = scene.scale.tunnels
    echoed = 0

    async def ask(tunnel: Tunnel) -> None:
        nonlocal echoed
        answered = await tunnel.echoes(os.urandom(64))
        echoed += answered

    async with scene.proxy() as (proxy, _):
        before = proxy.memory_kb()
        scene.say(f"{count} tunnels are opened")
        async with tunnels(proxy.port, count) as standing:
            await asyncio.sleep(scene.scale.settle_s)
            first, cpu = proxy.memory_kb(), proxy.cpu_s()
            began = time.monotonic()
            while (passed := time.monotonic() - began) < scene.scale.idle_s:
                scene.say(f"{count} tunnels stand for {passed:.0f} of {scene.scale.idle_s:.0f} s")
                await asyncio.sleep(min(1.0, scene.scale.idle_s))
            last, cpu = proxy.memory_kb(), proxy.cpu_s() - cpu
            await each(standing, ask)
        await scene.until(lambda: len(proxy.events(Action.CLOSED)) >= count, "every tunnel is in the journal", 20)
        scene.figure("tunnels that echo at the end", f"{echoed} of {count}")
        scene.figure("idle for", f"{scene.scale.idle_s:.0f} s")
        scene.figure("memory a tunnel", f"{(first - before) / count:.1f} kB")
        scene.figure("memory meanwhile", f"{last - first:+} kB")
        scene.figure("CPU meanwhile", f"{cpu:.2f} s")
        scene.check(f"{count - echoed} tunnels were lost", holds=echoed == count)
        scene.check(f"memory grew by {last - first} kB while nothing happened", holds=last - first <= _GROWTH_KB)
