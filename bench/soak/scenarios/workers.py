"""Several processes on one port: one is killed under load, a site changes, and Ctrl-C ends them all."""

import asyncio
import os
import re
import signal
import time
from contextlib import suppress

from bench.soak.client import Refused, talking_tunnel, tunnels
from bench.soak.proxy import NAME, Proxy
from bench.soak.scene import Scene
from tierwall.events import Action, ClosedBy, Event

_LOADERS = 16
_BATCH_S = 0.5
"""A worker that is killed may take its last fraction of a second with it, and the tunnels that stood then."""

_STANDING = 20


async def run(scene: Scene) -> None:
    """The journal has every tunnel of the others; what comes after reaches the new worker too."""
    async with scene.proxy("--workers", "2") as (proxy, _):
        parent, *first = proxy.pids
        scene.say("load, and one of two workers is killed")
        began, ended, killed = await _loaded_and_killed(scene, proxy, first[1])
        await scene.until(lambda: "was started again" in proxy.console(), "it is said")
        await scene.until(lambda: len(proxy.pids) == 3, "there are two workers again")
        scene.check("the other worker did not live on", holds=first[0] in proxy.pids and proxy.pids[0] == parent)
        survived = {
            port for port, until in ended.items() if until < killed - _BATCH_S or began[port] > killed + _BATCH_S
        }
        await scene.until(lambda: survived <= _closed_ports(proxy), "every tunnel of the others is in the journal")
        scene.figure("tunnels under load", len(ended))
        scene.figure("in the journal", f"{len(survived & _closed_ports(proxy))} of {len(survived)}")
        scene.say("the site changes")
        await _both_reload(scene, proxy)
        scene.say("Ctrl-C with tunnels standing")
        async with tunnels(proxy.port, _STANDING) as standing:
            ports = {tunnel.source_port for tunnel in standing}
            took = time.monotonic()
            status = await proxy.stop(signal.SIGINT)
            took = time.monotonic() - took
        scene.figure("Ctrl-C took", f"{took:.1f} s")
        scene.check(f"Ctrl-C ended with exit status {status}", holds=status == 0)
        shut = {_port(event) for event in proxy.events(Action.CLOSED) if event.tierwall.closed_by is ClosedBy.SHUTDOWN}
        scene.check("tunnels that Ctrl-C ended are missing in the journal", holds=ports <= shut)
        sums = len(re.findall(r"^Site soak: ", proxy.console(), re.MULTILINE))
        scene.check(f"{sums} summaries", holds=sums == 1)


async def _loaded_and_killed(
    scene: Scene, proxy: Proxy, victim: int
) -> tuple[dict[int, float], dict[int, float], float]:
    """When each tunnel that was whole began and ended, by its client's port; when the worker was killed."""
    began: dict[int, float] = {}
    ended: dict[int, float] = {}
    until = time.monotonic() + scene.scale.load_s

    async def load() -> None:
        while time.monotonic() < until:
            start = time.monotonic()
            with suppress(OSError, EOFError, Refused):
                opened = await talking_tunnel(proxy.port)
                whole = await opened.echoes(b"x" * 1000)
                await opened.close()
                if whole:
                    began[opened.source_port], ended[opened.source_port] = start, time.monotonic()

    async with asyncio.TaskGroup() as group:
        for _ in range(_LOADERS):
            group.create_task(load())
        await asyncio.sleep(scene.scale.load_s / 2)
        os.kill(victim, signal.SIGKILL)
        killed = time.monotonic()
    return began, ended, killed


async def _both_reload(scene: Scene, proxy: Proxy) -> None:
    """Both refuse what the changed site no longer admits, then admit it again."""
    proxy.admit("elsewhere.soak.example")
    deniers = await _workers_that_tell(proxy, Action.DENIED)
    scene.figure("workers that reloaded", len(deniers))
    scene.check("a changed site did not reach every worker", holds=len(deniers) == 2)
    proxy.admit(NAME)
    admitters = await _workers_that_tell(proxy, Action.CLOSED)
    scene.check("a site changed back did not reach every worker", holds=len(admitters) == 2)


async def _workers_that_tell(proxy: Proxy, action: Action) -> set[str]:
    """Those of whom such events come from now on; who takes a connection of a shared socket is the kernel's choice."""
    known = {event.event.id for event in proxy.events(action)}
    workers: set[str] = set()
    limit = time.monotonic() + 15
    while len(workers) < 2 and time.monotonic() < limit:
        await asyncio.gather(*(_try(proxy) for _ in range(20)))
        await asyncio.sleep(0.2)
        told = {event.event.id for event in proxy.events(action)} - known
        workers = {(event_id or "").partition("-")[0] for event_id in told}
    return workers


async def _try(proxy: Proxy) -> bool:
    try:
        await (await talking_tunnel(proxy.port)).close()
    except (Refused, OSError, EOFError):
        return False
    return True


def _closed_ports(proxy: Proxy) -> set[int]:
    return {_port(event) for event in proxy.events(Action.CLOSED)}


def _port(event: Event) -> int:
    return (event.source and event.source.port) or 0
