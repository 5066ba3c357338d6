"""No limit of time reaches a tunnel: neither mitmproxy's `tcp_timeout` nor one of ours."""

import asyncio
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.ground import free_port
from bench.processes import Running, until_listening
from bench.soak.client import Tunnel, connect
from bench.soak.server import Server
from tests.stock.stock import stock_mitmproxy
from tests.support.running import running_proxy

HOST = "idle.corp.example"
SITE = f"{{version: 1, site: idle, admit: [{{hosts: [{HOST}], ports: [tcp/7]}}]}}"
TIMEOUT_S = 1
TUNNELS = 5
CUT_WITHIN_S = 10.0

_MITMDUMP = "import sys; from mitmproxy.tools.main import mitmdump; sys.exit(mitmdump())"


def test_idle_tunnels_outlive_the_time_limit_that_cuts_those_of_mitmproxy(tmp_path: Path) -> None:
    """Those of plain mitmdump are opened last; when its limit has cut all of them, ours have been idle for longer."""
    site = tmp_path / "site.yaml"
    site.write_text(SITE)

    async def scene() -> tuple[list[bool], list[bytes]]:
        async with Server() as server:
            to = f"{HOST}:7:127.0.0.1:{server.port}"
            with (
                running_proxy("--site", site, "--resolve", to) as ours,
                stock_mitmproxy("--set", f"tcp_timeout={TIMEOUT_S}", site=site, resolve=(to,)) as stock,
                _plain_mitmdump(tmp_path) as plain_port,
            ):
                standing = [await _idle(proxy.port, f"{HOST}:7") for proxy in (ours, stock) for _ in range(TUNNELS)]
                cut = [await _idle(plain_port, f"127.0.0.1:{server.port}") for _ in range(TUNNELS)]
                async with asyncio.timeout(CUT_WITHIN_S):
                    ends = [await tunnel.reader.read() for tunnel in cut]
                echoed = [await tunnel.echoes(b"Eafter") for tunnel in standing]
                for tunnel in (*standing, *cut):
                    await tunnel.close()
                return echoed, ends

    echoed, ends = asyncio.run(scene())

    assert ends == [b""] * TUNNELS
    assert echoed == [True] * 2 * TUNNELS


async def _idle(port: int, authority: str) -> Tunnel:
    """A tunnel that has echoed once."""
    reader, writer = await connect(port)
    writer.write(f"CONNECT {authority} HTTP/1.1\r\nHost: {authority}\r\n\r\n".encode())
    assert b" 200 " in await reader.readuntil(b"\r\n\r\n")
    tunnel = Tunnel(reader, writer)
    assert await tunnel.echoes(b"Ebefore")
    return tunnel


@contextmanager
def _plain_mitmdump(folder: Path) -> Iterator[int]:
    """mitmproxy without tierwall, which passes everything through; its port."""
    port = free_port()
    options = ("--set", f"tcp_timeout={TIMEOUT_S}", "--set", f"confdir={folder / 'confdir'}", "--ignore-hosts", ".*")
    command = [sys.executable, "-c", _MITMDUMP, "--listen-host", "127.0.0.1", "--listen-port", str(port), *options]
    with Running(command, folder / "mitmdump.txt") as running:
        until_listening(running, port)
        yield port
