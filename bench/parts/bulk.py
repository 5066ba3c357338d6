"""One stream from the origin through a standing tunnel; the client throws it away unread (MSG_TRUNC).

Measures octets a second and the proxy's CPU time for a gigabyte.
"""

from bench import load
from bench.bench import Bench
from bench.peer import all_running


def run(bench: Bench) -> None:
    """Rates and CPU times, by peer."""
    octets, results = bench.scale.bulk_octets, bench.results
    with all_running(bench.ground, bench.by_address) as peers:
        for peer in peers:
            load.bulk(peer, octets // 10)
        for peer in bench.rounds("bulk", peers):
            outcome = load.bulk(peer, octets)
            results.add("bulk.rate", peer.name, outcome.rate / 1e9, "GB/s")
            if peer.process:
                results.add("bulk.cpu", peer.name, outcome.cpu_s / octets * 1e9, "s/GB")
