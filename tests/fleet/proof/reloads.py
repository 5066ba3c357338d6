"""A thousand tunnels that live through twenty changes of their site, each in force at once for who comes anew.

Knows how a change reaches Envoy from files: the same export into the same folder.
"""

import asyncio
import statistics
import time
from dataclasses import dataclass, replace
from ipaddress import ip_network
from pathlib import Path

from tests.fleet.proof.attempts import Spoken, Try, Way
from tests.fleet.proof.clients import ALLOWED, hello, make
from tests.fleet.proof.envoys import running
from tests.fleet.proof.ground import GATEWAY, PROXY_PORT, REDIRECTED_PORT, UID, Ground
from tierwall.cli.export.envoy import written
from tierwall.fleet.envoy import Place, Settings
from tierwall.loader import load_catalogue, load_site

TUNNELS = 1000
CHANGES = 20
_IN_FORCE_S = 10
SETTINGS = Settings(
    explicit=Place(host=GATEWAY, port=PROXY_PORT), transparent=Place(host="0.0.0.0", port=REDIRECTED_PORT), uid=UID
)


@dataclass(frozen=True)
class Reloaded:
    """What came of it."""

    tunnels: int
    alive: int
    """That still carry octets both ways after every change."""
    in_force_ms: float
    """From the export's end to the first new tunnel that is decided anew; the median."""
    slowest_ms: float

    @property
    def holds(self) -> bool:
        return self.alive == self.tunnels == TUNNELS


def reloaded(made: Ground) -> Reloaded:
    """Start an Envoy, open the tunnels, change the site."""
    folder = made.folder / "reloading"
    _export(made, folder, 0)
    with running(made, folder):
        return made.clients.inside(lambda: asyncio.run(_through(made, folder)))


def _export(made: Ground, folder: Path, change: int) -> None:
    path = made.folder / "reloading.yaml"
    path.write_text(
        "version: 1\nsite: reloading\nnames: resolve\nadmit:\n"
        f"  - {{hosts: [steady.example, change{change}.example], ports: [tcp/443, tcp/{8000 + change}]}}\n"
    )
    catalogue = load_catalogue([])
    site = replace(load_site(str(path), catalogue), clients=(ip_network("10.99.0.0/24"),))
    written(site, catalogue, SETTINGS, folder)


async def _through(made: Ground, folder: Path) -> Reloaded:
    places = asyncio.Semaphore(32)

    async def opened(number: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        async with places:
            return await _open(direct=number % 5 == 0)

    tunnels = await asyncio.gather(*(opened(number) for number in range(TUNNELS)))
    waits = []
    for change in range(1, CHANGES + 1):
        await asyncio.to_thread(_export, made, folder, change)
        waits.append(await _until_in_force(change))
        await asyncio.gather(*(_carries(tunnel, b"change %d\n" % change) for tunnel in tunnels))
    alive = await asyncio.gather(*(_carries(tunnel, b"the end\n") for tunnel in tunnels))
    for _, writer in tunnels:
        writer.close()
    return Reloaded(len(tunnels), sum(alive), statistics.median(waits) * 1000, max(waits) * 1000)


async def _open(*, direct: bool) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    if direct:
        reader, writer = await asyncio.open_connection("203.0.113.10", 443)
    else:
        reader, writer = await asyncio.open_connection(GATEWAY, PROXY_PORT)
        writer.write(b"CONNECT steady.example:443 HTTP/1.1\r\nHost: steady.example:443\r\n\r\n")
        head = await reader.readuntil(b"\r\n\r\n")
        assert b" 200 " in head, head
    writer.write(hello("steady.example"))
    answer = await reader.readuntil(b"\n")
    assert answer.startswith(b"TWOK "), answer
    return reader, writer


async def _carries(tunnel: tuple[asyncio.StreamReader, asyncio.StreamWriter], octets: bytes) -> bool:
    reader, writer = tunnel
    try:
        writer.write(octets)
        return await asyncio.wait_for(reader.readexactly(len(octets)), 10) == octets
    except (OSError, TimeoutError, asyncio.IncompleteReadError):
        return False


async def _until_in_force(change: int) -> float:
    began = time.monotonic()
    fresh, old = (
        Try(Way.CONNECT, f"change{at}.example", 443, Spoken.TLS, f"change{at}.example") for at in (change, change - 1)
    )
    while time.monotonic() - began < _IN_FORCE_S:
        if (await make(fresh)).startswith(ALLOWED) and not (await make(old)).startswith(ALLOWED):
            return time.monotonic() - began
    raise AssertionError(f"change {change} was not in force within {_IN_FORCE_S} s")
