"""Several processes on one port: one journal, one summary, and what happens when one dies."""

import asyncio
import os
import re
import signal
import socket
import subprocess
import sys
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from tests.support.programs import connected, converse, read_to_end, tunnel
from tests.support.running import STOP_LIMIT_S, Proxy, allow_private, environment, running_proxy
from tests.support.waiting import until_ended
from tierwall.standins.clients import half_close_session
from tierwall.standins.origins import RedirectOrigin, TcpEchoOrigin, serve_in_thread

HOST = "worker.corp.example"
AT_ONCE = 30
ROUNDS = 8
ESTABLISHED = b"HTTP/1.1 200 "

BREAKS_AT_ONCE = """
from tierwall.proxy.run import engine
async def serve(self):
    raise RuntimeError("out of order")
engine.Engine.serve = serve
"""


def test_one_journal_and_one_summary_of_all_workers_under_load(site: Path) -> None:
    async def load(proxy: Proxy) -> int:
        tries = (half_close_session(proxy.via, HOST, 7) for _ in range(AT_ONCE))
        return sum(outcome.farewell == b"bye" for outcome in await asyncio.gather(*tries))

    with serve_in_thread(TcpEchoOrigin()) as origin, _workers(site, origin.port) as proxy:
        whole = [asyncio.run(load(proxy)) for _ in range(ROUNDS)]
        while len(_served_by(proxy)) < 2 and len(whole) < 10 * ROUNDS:  # the kernel may favour one
            whole.append(asyncio.run(load(proxy)))
        refused = converse(proxy.via, b"CONNECT other.example:443 HTTP/1.1\r\n\r\n")
        proxy.stop()

        tunnels = AT_ONCE * len(whole)
        closed = [event for event in proxy.events() if event.event.action == "closed"]
        assert sum(whole) == tunnels
        assert len({(event.source and event.source.port) for event in closed}) == len(closed) == tunnels
        assert len(_served_by(proxy)) == 2
        assert refused.startswith(b"HTTP/1.1 403 ")
        assert len(re.findall(r"^listening ", proxy.console(), re.MULTILINE)) == 1
        (summary,) = re.findall(r"^Site workers: .*", proxy.console(), re.MULTILINE)
        assert summary.startswith(f"Site workers: 1 denied, {tunnels} tunnels closed (")


def test_a_worker_that_dies_is_started_again_and_said(site: Path) -> None:
    with serve_in_thread(TcpEchoOrigin()) as origin, _workers(site, origin.port) as proxy:
        victim = _pids(proxy)[1]

        os.kill(victim, signal.SIGKILL)

        said = "worker 2 ended (signal 9) and was started again; its tunnels are lost"
        fault = proxy.wait_for(lambda event: event.event.action == "fault", limit_s=15)
        assert fault.error is not None
        assert fault.error.message == said
        proxy.wait_for_talk(said)
        proxy.wait_until(lambda: len(_pids(proxy)) == 2 and victim not in _pids(proxy))


def test_a_worker_that_cannot_start_again_is_tried_again_and_the_others_go_on(site: Path) -> None:
    with serve_in_thread(TcpEchoOrigin()) as origin, _workers(site, origin.port) as proxy:
        good = site.read_text()
        site.write_text("version: nonsense")
        os.kill(_pids(proxy)[1], signal.SIGKILL)
        proxy.wait_for_talk("worker 2 cannot be started again", limit_s=15)

        with connected(proxy.via) as client:
            assert tunnel(client, f"{HOST}:7").startswith(ESTABLISHED)
        site.write_text(good)

        proxy.wait_for(lambda event: "was started again" in str(event.error), limit_s=15)


def test_workers_end_with_their_parent_however_that_ends(site: Path) -> None:
    """Their tunnels are journalled, and the port is free again."""
    with serve_in_thread(TcpEchoOrigin()) as origin, _workers(site, origin.port) as proxy:
        workers, port = _pids(proxy), proxy.port
        with connected(proxy.via) as client:
            assert tunnel(client, f"{HOST}:7").startswith(ESTABLISHED)
            proxy.send(signal.SIGKILL)

            assert read_to_end(client) == b""
        _await_end(workers)
        with socket.create_server(("127.0.0.1", port)):
            assert [str(event.tierwall.closed_by) for event in proxy.events() if event.event.action == "closed"] == [
                "shutdown"
            ]


def test_a_reverse_mode_is_served_by_several_workers(site: Path) -> None:
    with (
        serve_in_thread(RedirectOrigin()) as origin,
        _workers(site, origin.port, "--mode", f"reverse:http://{HOST}:{origin.port}", at=origin.port) as proxy,
    ):
        assert len(_pids(proxy)) == 2


def test_a_port_in_use_is_bad_input() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

        code, said = _run("--workers", "2", "--listen", f"127.0.0.1:{port}")

    mend = f"the port is taken; `tierwall doctor` says by what, and --listen 127.0.0.1:{port + 1} is another"
    assert (code, said) == (2, f"HTTP(S) proxy cannot listen on 127.0.0.1:{port}: {mend}\n")


@pytest.mark.parametrize("mode", ["wireguard", "dns", "tun"])
def test_a_mode_that_does_not_listen_for_tcp_alone_is_bad_input(mode: str) -> None:
    code, said = _run("--workers", "2", "--mode", mode)

    why = "several workers share TCP ports only; run this mode with --workers 1"
    assert (code, said) == (2, f"--mode {mode}: {why}\n")


def test_workers_that_never_listen_end_the_run() -> None:
    code, said = _run("--workers", "2", "--listen", "127.0.0.1:0", code=BREAKS_AT_ONCE)

    assert code == 2
    assert "RuntimeError: out of order" in said
    assert "ended before it listened (exit status 1)" in said


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A site of their own, which a test may break."""
    path = tmp_path / "site.yaml"
    path.write_text("{version: 1, site: workers, admit: [{hosts: ['*.corp.example'], ports: [tcp/1-65535]}]}")
    return path


def _workers(site: Path, to_port: int, *arguments: str, at: int = 7) -> AbstractContextManager[Proxy]:
    return running_proxy("--workers", "2", "--site", site, *allow_private(HOST, at, to_port), *arguments)


def _pids(proxy: Proxy) -> list[int]:
    pid = proxy.process.pid
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def _await_end(pids: list[int]) -> None:
    """Of processes that are not our children; nobody may be there to bury them."""
    for pid in pids:
        until_ended(pid, STOP_LIMIT_S)


def _served_by(proxy: Proxy) -> set[str]:
    """What the ids of events begin with, which each worker has of its own."""
    return {(event.event.id or "").partition("-")[0] for event in proxy.events() if event.event.action == "closed"}


def _run(*arguments: str, code: str | None = None) -> tuple[int, str]:
    """A run that ends by itself; its exit status, and what it said."""
    program = ["-m", "tierwall"] if code is None else ["-c", f"{code}\nfrom tierwall.cli import main\nmain()"]
    command = [sys.executable, *program, "run", *arguments]
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, env=environment(), timeout=20, stdin=subprocess.DEVNULL
    )
    return done.returncode, done.stdout + done.stderr
