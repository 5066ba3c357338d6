"""64 octets to the origin and back through one standing tunnel, the next when the last one came.

Measures what a proxy adds to every message of a chat or a vote.
"""

from bench import load
from bench.bench import Bench
from bench.peer import all_running


def run(bench: Bench) -> None:
    """Medians and 99th percentiles, by peer."""
    results = bench.results
    with all_running(bench.ground, bench.by_address) as peers:
        for peer in peers:
            load.echo(peer, bench.scale.warm_s)
        for peer in bench.rounds("echo", peers):
            outcome = load.echo(peer, bench.scale.echo_s)
            results.add("echo.p50", peer.name, outcome.p50_us, "us")
            results.add("echo.p99", peer.name, outcome.p99_us, "us")
            if peer.process:
                results.add("echo.cpu", peer.name, outcome.cpu_us_each, "us")
