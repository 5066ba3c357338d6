"""A mitmproxy master in this process with tierwall in it, for tests of what only its API reaches."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mitmproxy.addons import core, next_layer, proxyserver
from mitmproxy.master import Master
from mitmproxy.options import Options

from tests.support.endpoints import Told
from tierwall.proxy.addon import TierwallAddon


class _Started:
    def __init__(self) -> None:
        self.event = asyncio.Event()

    def running(self) -> None:
        self.event.set()


@dataclass(slots=True)
class Running:
    """A master that listens on a port of 127.0.0.1."""

    master: Master
    told: Told
    addon: TierwallAddon

    @property
    def port(self) -> int:
        """Where."""
        servers: Any = self.master.addons.get("proxyserver")
        return int(servers.listen_addrs()[0][1])

    def add(self) -> None:
        """Add tierwall, if it was left out."""
        self.master.addons.add(self.addon)

    async def ask(self, request: bytes) -> bytes:
        """What a new connection is answered, up to its end."""
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        except ConnectionResetError:  # before this loop has looked whether it stands
            return b"<reset>"
        try:
            writer.write(request)
            return await reader.read()
        except ConnectionResetError:
            return b"<reset>"
        finally:
            writer.close()


@asynccontextmanager
async def running_master(folder: Path, *, with_tierwall: bool = True, **settings: Any) -> AsyncIterator[Running]:
    """Run it while the block runs; `settings` are tierwall's options, without their prefix."""
    told, started = Told(), _Started()
    running = Running(Master(Options()), told, TierwallAddon((told,)))
    master = running.master
    master.addons.add(core.Core(), proxyserver.Proxyserver(), next_layer.NextLayer())
    if with_tierwall:
        running.add()
        wanted = {"journal": str(folder / "events.jsonl"), **settings}
        master.options.update(**{f"tierwall_{name}": value for name, value in wanted.items()})
    master.addons.add(started)
    master.options.update(mode=["regular@127.0.0.1:0"])
    run = asyncio.create_task(master.run())
    await started.event.wait()
    try:
        yield running
    finally:
        servers: Any = master.addons.get("proxyserver")
        await servers.servers.update([])
        master.shutdown()
        await run
