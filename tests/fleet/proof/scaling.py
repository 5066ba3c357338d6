"""Envoys behind an L4 balancer beside one tierwall: tunnels a second, and CPU a tunnel.

Knows how each is started and what the kernel counts of a process. Everything, the load too, shares this machine's
cores: what is to be believed is CPU a tunnel, and whether two are as good as twice one.
"""

import asyncio
import os
import shutil
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from ipaddress import ip_network
from pathlib import Path

from tests.fleet.proof import envoys
from tests.fleet.proof.clients import hello
from tests.fleet.proof.ground import GATEWAY, PROXY_PORT, UID, Ground
from tests.support.waiting import eventually
from tierwall.cli.export.envoy import written
from tierwall.fleet.envoy import Place, Settings
from tierwall.loader import load_catalogue, load_site

SECONDS = 6.0
_START_S = 30
AT_A_TIME = 24
_HAPROXY = """\
global
  nbthread 1
defaults
  mode tcp
  timeout connect 5s
  timeout client 60s
  timeout server 60s
listen balanced
  bind {gateway}:{port}
  balance roundrobin
{servers}
"""


@dataclass(frozen=True)
class Row:
    """One line of the table."""

    what: str
    a_second: float
    engine_us: float
    """CPU of the engine's processes, for one tunnel."""
    balancer_us: float


def measured(made: Ground) -> Iterator[Row]:
    """One tierwall, one Envoy, then 1, 2 and 4 behind HAProxy."""
    with _tierwall(made) as engine:
        yield _row(made, "tierwall", engine, ())
    with _envoys(made, 1, first=PROXY_PORT) as engines:
        yield _row(made, "1 Envoy, no balancer", engines, ())
    for count in (1, 2, 4):
        with _envoys(made, count, first=8200) as engines, _balancer(made, count, 8200) as balancer:
            yield _row(made, f"{count} Envoy{'s' if count > 1 else ''} behind HAProxy", engines, balancer)


def _row(made: Ground, what: str, engines: Sequence[int], balancers: Sequence[int]) -> Row:
    made.clients.inside(lambda: asyncio.run(_load(1.0)))  # names are looked up once, pools fill
    before = _cpu_us(engines), _cpu_us(balancers)
    began = time.monotonic()
    count = made.clients.inside(lambda: asyncio.run(_load(SECONDS)))
    took = time.monotonic() - began
    after = _cpu_us(engines), _cpu_us(balancers)
    return Row(what, count / took, (after[0] - before[0]) / count, (after[1] - before[1]) / count)


async def _load(seconds: float) -> int:
    until, done = time.monotonic() + seconds, 0
    opening = hello("steady.example")

    async def one() -> None:
        nonlocal done
        while time.monotonic() < until:
            reader, writer = await asyncio.open_connection(GATEWAY, PROXY_PORT)
            writer.write(b"CONNECT steady.example:443 HTTP/1.1\r\nHost: steady.example:443\r\n\r\n")
            head = await reader.readuntil(b"\r\n\r\n")
            assert b" 200 " in head, head
            writer.write(opening)
            assert (await reader.readuntil(b"\n")).startswith(b"TWOK ")
            writer.close()
            done += 1

    await asyncio.gather(*(one() for _ in range(AT_A_TIME)))
    return done


def _site(made: Ground) -> Path:
    path = made.folder / "steady.yaml"
    path.write_text(
        "version: 1\nsite: steady\nextends: reference\nadmit: [{hosts: [steady.example]}]\nclients: [10.99.0.0/24]\n"
    )
    return path


@contextmanager
def _tierwall(made: Ground) -> Iterator[list[int]]:
    words = (
        "run",
        "--site",
        _site(made),
        "--listen",
        f"{GATEWAY}:{PROXY_PORT}",
        "--journal",
        made.folder / "run.jsonl",
    )
    child = made.start(made.gateway, sys.executable, "-m", "tierwall", *words, log="tierwall.log")
    try:
        eventually(
            lambda: "listening" in (made.folder / "tierwall.log").read_text(),
            _START_S,
            ended=lambda: child.poll() is not None,
        )
        yield [child.pid]
    finally:
        made.end(child)


@contextmanager
def _envoys(made: Ground, count: int, *, first: int) -> Iterator[list[int]]:
    catalogue = load_catalogue([])
    site = replace(load_site(str(_site(made)), catalogue), clients=(ip_network("10.99.0.0/24"),))
    with ExitStack() as stack:
        pids = []
        for number in range(count):
            folder = made.folder / f"scaling-{number}"
            place = Place(host=GATEWAY, port=first + number)
            written(
                site,
                catalogue,
                Settings(explicit=place, admin=Place(host="127.0.0.1", port=9901 + number), uid=UID),
                folder,
            )
            made.gateway.nft((folder / "guard.nft").read_text())
            child = envoys.start(made, folder, "--base-id", str(number), threads=1)
            stack.callback(made.end, child)
            envoys.until_ready(made, child, 9901 + number)
            pids.append(child.pid)
        yield pids


@contextmanager
def _balancer(made: Ground, count: int, first: int) -> Iterator[list[int]]:
    program = shutil.which(os.environ.get("HAPROXY", "haproxy"))
    assert program is not None, "there is no haproxy: `make fleet` brings one"
    servers = "\n".join(f"  server envoy{number} {GATEWAY}:{first + number}" for number in range(count))
    path = made.folder / "haproxy.cfg"
    path.write_text(_HAPROXY.format(gateway=GATEWAY, port=PROXY_PORT, servers=servers))
    child = made.start(made.gateway, program, "-db", "-f", path, log="haproxy.log")
    try:
        listens = ("ss", "-ltn", f"sport = :{PROXY_PORT}")
        eventually(
            lambda: "LISTEN" in made.gateway.run(*listens).stdout, _START_S, ended=lambda: child.poll() is not None
        )
        yield [child.pid]
    finally:
        made.end(child)


def _cpu_us(pids: Sequence[int]) -> float:
    """User and system time so far (proc(5), `stat`, fields 14 and 15)."""
    ticks = 0
    for pid in pids:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK") * 1e6
