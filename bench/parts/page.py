"""A run whose live page somebody looks at, against one without: new tunnels a second, and whether the page keeps up.

Each tunnel is two events, allowed and closed; with some thousand tunnels a second that is as many as a page may ever be
told of. The page's own process, its reader, the clients and the origin share the machine's cores with the proxy.
"""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from bench import load
from bench.bench import Bench
from bench.ground import HERE, free_port
from bench.load import LoadFailed, Outcome
from bench.peer import Peer, all_running
from bench.peers import Tierwall
from bench.processes import until_listening

_AFTER_S = 1.5
"""So long after the last client the page has told of it."""


class WithoutPage(Tierwall):
    """As it is measured elsewhere."""

    name = "without page"


class WithPage(Tierwall):
    """`run --ui`, and somebody who looks."""

    name = "with page"

    @contextmanager
    def running(self) -> Iterator[Peer]:
        self.page_port = free_port()
        with super().running() as peer:
            assert self.process is not None
            until_listening(self.process, self.page_port)
            yield peer

    def command(self) -> Sequence[str]:
        return [*super().command(), "--ui-listen", f"127.0.0.1:{self.page_port}", "--no-open"]


def run(bench: Bench) -> None:
    """Rates with and without, and what the page's reader saw meanwhile, of tunnels and of denials."""
    scale = bench.scale
    with all_running(bench.ground, [WithoutPage, WithPage]) as peers:
        for peer in peers:
            load.warm_up(load.tunnels, peer, scale.concurrency, scale.warm_s)
        for peer in bench.rounds("page", peers):
            _measure(bench, peer, "page", load.tunnels, scale.page_s)
        for peer in bench.rounds("page denials", peers):
            _measure(bench, peer, "page.denials", load.denials, scale.storm_s)


def _measure(bench: Bench, peer: Peer, figure: str, storm: Callable[..., Outcome], seconds: float) -> None:
    if not isinstance(peer, WithPage):
        _note(bench, peer, figure, storm(peer, bench.scale.concurrency, seconds))
        return
    command = [sys.executable, str(HERE / "page_reader.py"), str(peer.page_port), str(seconds + _AFTER_S)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as reader:
        try:
            _note(bench, peer, figure, storm(peer, bench.scale.concurrency, seconds))
            told, fault = reader.communicate(timeout=seconds + 30)
        except BaseException:
            reader.kill()
            raise
    if reader.returncode:
        raise LoadFailed(f"{peer.name}: its page could not be read: {fault.strip()[-500:]}")
    seen = json.loads(told)
    bench.results.add(f"{figure}.gap", peer.name, seen["longest_s"], "s")
    bench.results.add(f"{figure}.events", peer.name, seen["rate"], "/s")


def _note(bench: Bench, peer: Peer, figure: str, outcome: Outcome) -> None:
    bench.results.add(f"{figure}.rate", peer.name, outcome.rate, "/s")
    bench.results.add(f"{figure}.cpu", peer.name, outcome.cpu_us_each, "us")
