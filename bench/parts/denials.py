"""Denied CONNECTs: a host that the list does not hold, the whole 403 read, closed; many clients at once.

Stock mitmproxy has no host list to deny by; it is left out, and RESULTS.md shows a dash.
"""

from bench import load
from bench.bench import Bench
from bench.peer import all_running


def run(bench: Bench) -> None:
    """Rates and CPU times, by peer."""
    scale, results = bench.scale, bench.results
    with all_running(bench.ground, [kind for kind in bench.by_address if kind.denies]) as peers:
        for peer in peers:
            load.warm_up(load.denials, peer, scale.concurrency, scale.warm_s)
        for peer in bench.rounds("denials", peers):
            outcome = load.denials(peer, scale.concurrency, scale.storm_s)
            results.add("denials.rate", peer.name, outcome.rate, "/s")
            results.add("denials.cpu", peer.name, outcome.cpu_us_each, "us")
            if outcome.failed:
                results.note("denials", f"{peer.name}: in one round {outcome.failed} failed, {outcome.done} did not")
