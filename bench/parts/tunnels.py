"""New tunnels: connect, CONNECT, ClientHello, the origin's reply, close; many clients at once.

Measures how many a second, the proxy's CPU time for each, and what the clients and the origin can do without a proxy.
"""

from bench import load
from bench.bench import Bench
from bench.peer import all_running


def run(bench: Bench) -> None:
    """Rates and CPU times, by peer."""
    scale, results = bench.scale, bench.results
    with all_running(bench.ground, bench.by_address) as peers:
        for peer in peers:
            load.warm_up(load.tunnels, peer, scale.concurrency, scale.warm_s)
        for peer in bench.rounds("tunnels", peers):
            outcome = load.tunnels(peer, scale.concurrency, scale.storm_s)
            results.add("tunnels.rate", peer.name, outcome.rate, "/s")
            results.add("tunnels.p50", peer.name, outcome.p50_us / 1000, "ms")
            results.add("tunnels.load_cpu", peer.name, outcome.load_cpu_s / outcome.done * 1e6, "us")
            if peer.process:
                results.add("tunnels.cpu", peer.name, outcome.cpu_us_each, "us")
                results.add("tunnels.busy", peer.name, outcome.cpu_s / outcome.seconds, "cores")
            if outcome.failed:
                results.note(
                    "tunnels", f"{peer.name}: in one round {outcome.failed} tunnels failed, {outcome.done} did not"
                )
