"""Clients that leave at every moment of a connection, by FIN and by RST: thousands of them leave nothing behind."""

import asyncio
import random
import socket
from collections import Counter
from contextlib import suppress

from bench.soak.client import CONNECT, client_hello
from bench.soak.scene import Scene
from tierwall.events import Action
from tierwall.proxy.transport.endpoints.farewells import RESET

_GROWTH_KB = 8_000
_DENIED = CONNECT.replace(b"origin.soak", b"elsewhere")


async def run(scene: Scene) -> None:
    """Every tunnel that was let through is journalled as closed, and memory and descriptors are as before."""
    count, hello = scene.scale.every_state, client_hello()
    moments: Counter[str] = Counter()
    async with scene.proxy() as (proxy, server):
        await asyncio.to_thread(_leave, proxy.port, hello, count // 10, moments)  # what is kept for good is kept now
        await asyncio.sleep(scene.scale.settle_s)
        before, memory = proxy.descriptors(), proxy.memory_kb()
        moments.clear()
        await asyncio.to_thread(_leave, proxy.port, hello, count, moments)
        await scene.until(lambda: server.standing == 0, "no connection stands at the server", limit_s=30)
        await scene.until(lambda: proxy.descriptors() <= before, "every descriptor is free again", limit_s=30)
        await asyncio.sleep(scene.scale.settle_s)
        grown = proxy.memory_kb() - memory
        allowed, closed = len(proxy.events(Action.ALLOWED)), len(proxy.events(Action.CLOSED))
        errors = [each for each in proxy.events(Action.DENIED) if each.event.reason == "error"]
        scene.figure("connections", ", ".join(f"{times} {moment}" for moment, times in sorted(moments.items())))
        scene.figure("tunnels", f"{allowed} let through, {closed} closed")
        scene.figure("memory", f"{grown:+d} kB")
        scene.check("a tunnel has no end in the journal", holds=allowed == closed)
        scene.check("a failure of ours", holds=not errors)
        scene.check("memory grew", holds=grown < _GROWTH_KB)


def _leave(port: int, hello: bytes, count: int, moments: Counter[str]) -> None:
    chosen = random.Random(7)  # the same each time
    for _ in range(count):
        with socket.create_connection(("127.0.0.1", port), 5) as client, suppress(OSError):
            moments[_live(client, hello, chosen)] += 1
            if chosen.random() < 0.5:
                client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)


def _live(client: socket.socket, hello: bytes, chosen: random.Random) -> str:
    """As far as it gets."""
    moment = chosen.randrange(8)
    if moment == 0:
        return "before a word"
    if moment == 1:
        client.sendall(CONNECT[: chosen.randrange(1, len(CONNECT))])
        return "within the request"
    if moment == 2:
        client.sendall(_DENIED)
        return "while refused"
    client.sendall(CONNECT)
    if moment == 3:
        return "while dialled"
    client.recv(4096)
    if moment == 4:
        return "before the hello"
    if moment == 5:
        client.sendall(hello[: chosen.randrange(1, len(hello))])
        return "within the hello"
    client.sendall(hello)
    if moment == 6:
        return "as the hello goes out"
    client.settimeout(0.01)
    with suppress(TimeoutError):
        client.recv(4096)
    return "in the tunnel"
