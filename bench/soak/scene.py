"""One scenario while it runs: its proxy and server, what it measured, and what was not as it has to be.

Knows how to start a proxy for it and how to wait. What is measured is the scenarios'.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from bench.soak.proxy import Proxy
from bench.soak.scale import Scale
from bench.soak.server import Server

LOOK_EVERY_S = 0.05


class GaveUp(Exception):
    """What did not happen in time."""


@dataclass(slots=True)
class Scene:
    """Give it to a scenario. `say` is told what happens at the moment."""

    folder: Path
    scale: Scale
    say: Callable[[str], None]
    figures: dict[str, str] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)

    def figure(self, name: str, value: object) -> None:
        """Something measured."""
        self.figures[name] = str(value)

    def check(self, otherwise: str, *, holds: bool) -> None:
        """Something that has to hold; otherwise the scenario has failed, and goes on."""
        if not holds:
            self.faults.append(otherwise)

    @asynccontextmanager
    async def proxy(
        self, *arguments: str, descriptors: int | None = None, code: str | None = None
    ) -> AsyncIterator[tuple[Proxy, Server]]:
        """A proxy of its own before a server of its own. It has to end with 0, and its journal to be whole."""
        async with Server() as server:
            proxy = Proxy(self.folder, server.port, arguments, descriptors=descriptors, code=code)
            try:
                await proxy.start()
                yield proxy, server
                self.check("the proxy ended by itself", holds=proxy.running or proxy.stopped)
                status = await proxy.stop()
                self.check(f"the proxy ended with exit status {status}", holds=status == 0)
                self.check("a line of the journal is no event", holds=proxy.journal_is_whole())
            finally:
                proxy.kill()

    async def until(self, condition: Callable[[], bool], what: str, limit_s: float = 10.0) -> float:
        """Wait for this; the seconds that it took. Raises GaveUp."""
        began = time.monotonic()
        while not condition():
            if time.monotonic() - began > limit_s:
                raise GaveUp(f"not within {limit_s:.0f} s: {what}")
            await asyncio.sleep(LOOK_EVERY_S)
        return time.monotonic() - began
