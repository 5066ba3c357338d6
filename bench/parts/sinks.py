"""A run whose events go to an engine and whose numbers are shown, against one without: new tunnels a second.

The engine takes everything and keeps nothing. It, the clients and the origin share the machine's cores with both.
"""

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from bench import load
from bench.bench import Bench
from bench.ground import HERE, free_port
from bench.peer import Peer, all_running
from bench.peers import Tierwall
from bench.processes import Running, until_listening


class WithoutSinks(Tierwall):
    """As it is measured elsewhere."""

    name = "without sinks"


class WithSinks(Tierwall):
    """An OTLP sink and the page for Prometheus."""

    name = "with sinks"

    @contextmanager
    def running(self) -> Iterator[Peer]:
        self.engine_port = free_port()
        command = [sys.executable, str(HERE / "engine.py"), str(self.engine_port)]
        with Running(command, self.ground.folder / "engine.log") as engine:
            until_listening(engine, self.engine_port)
            with super().running() as peer:
                yield peer

    def command(self) -> Sequence[str]:
        sinks = ("--otlp", f"http://127.0.0.1:{self.engine_port}", "--metrics", f"127.0.0.1:{free_port()}")
        return [*super().command(), *sinks]


def run(bench: Bench) -> None:
    """Rates with and without."""
    scale = bench.scale
    with all_running(bench.ground, [WithoutSinks, WithSinks]) as peers:
        for peer in peers:
            load.warm_up(load.tunnels, peer, scale.concurrency, scale.warm_s)
        for peer in bench.rounds("sinks", peers):
            outcome = load.tunnels(peer, scale.concurrency, scale.storm_s)
            bench.results.add("sinks.rate", peer.name, outcome.rate, "/s")
            bench.results.add("sinks.cpu", peer.name, outcome.cpu_us_each, "us")
