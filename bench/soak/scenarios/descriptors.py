"""More connections than descriptors: new ones are refused at once, standing ones live, and it recovers."""

import asyncio
import os
import time
from collections import Counter
from contextlib import suppress

from bench.soak.client import Refused, Tunnel, talking_tunnel
from bench.soak.proxy import Proxy
from bench.soak.scene import Scene
from tierwall.events import Action

_TRIED_BEYOND = 200
_REFUSED_IN_S = 2.0
_LOOKED_AT_S = 1.0
_CPU_SHARE = 0.2


async def run(scene: Scene) -> None:
    """Fill it up, try on, look at what it does, let half go, try again."""
    limit = scene.scale.descriptors
    async with scene.proxy(descriptors=limit) as (proxy, _):
        standing: list[Tunnel] = []
        scene.say(f"tunnels until {limit} descriptors are gone")
        with suppress(Refused, OSError):
            while len(standing) < limit:
                standing.append(await talking_tunnel(proxy.port))
        scene.figure("tunnels under the limit", f"{len(standing)} of {limit} descriptors")
        scene.check("the limit was never felt", holds=len(standing) < limit / 2)
        scene.say("more than it can take")
        outcomes = await asyncio.gather(*(_refused(proxy) for _ in range(_TRIED_BEYOND)))
        kinds, worst = Counter(how for how, _ in outcomes), max(took for _, took in outcomes)
        scene.figure("beyond it", ", ".join(f"{count} {how}" for how, count in kinds.items()))
        scene.figure("slowest refusal", f"{worst * 1000:.0f} ms")
        scene.check("a connection beyond the limit hung", holds=worst < _REFUSED_IN_S)
        scene.check("a connection beyond the limit was served", holds="served" not in kinds)
        cpu = proxy.cpu_s()
        await asyncio.sleep(_LOOKED_AT_S)
        share = (proxy.cpu_s() - cpu) / _LOOKED_AT_S
        scene.figure("CPU while full", f"{share:.0%}")
        scene.check("it spins", holds=share < _CPU_SHARE)
        alive = sum([await tunnel.echoes(b"still here") for tunnel in standing])
        scene.check(f"{len(standing) - alive} standing tunnels were lost", holds=alive == len(standing))
        scene.say("half of them leave")
        half = len(standing) // 2
        for tunnel in standing[:half]:
            await tunnel.close()
        await scene.until(lambda: proxy.descriptors() < limit - 2 * half, "their descriptors are free")
        again = 0
        for _ in range(half - 1):
            with suppress(Refused, OSError):
                standing.append(await talking_tunnel(proxy.port))
                again += 1
        scene.figure("new tunnels after half had left", f"{again} of {half - 1}")
        scene.check("it did not recover", holds=again == half - 1)
        said = [event for event in proxy.events(Action.FAULT) if "descriptors" in str(event.error)]
        scene.check("the journal does not say it, or more than once", holds=len(said) == 1)
        for tunnel in standing[half:]:
            await tunnel.close()


async def _refused(proxy: Proxy) -> tuple[str, float]:
    """How, and in what time."""
    began = time.monotonic()
    how = "served"
    try:
        await (await talking_tunnel(proxy.port)).close()
    except Refused as refused:
        how = str(refused)
    except TimeoutError:
        how = "silence"
    except OSError as trouble:
        how = os.strerror(trouble.errno) if trouble.errno else repr(trouble)
    return how, time.monotonic() - began
