"""New tunnels to a host by its name, which a local DNS server knows: nobody is told the address beforehand.

In a network namespace. Measures how many a second, and the proxy's CPU time for each.
"""

from bench import load
from bench.bench import Bench
from bench.namespace import NoNamespace, namespace
from bench.peer import all_running
from bench.peers import Envoy, Tierwall
from bench.squid import Squid


def run(bench: Bench) -> None:
    """Rates and CPU times, by peer."""
    scale, results = bench.scale, bench.results
    kinds = [kind for kind in bench.kinds if issubclass(kind, Tierwall | Squid | Envoy)]
    try:
        with namespace(bench.ground) as ground, all_running(ground, kinds) as peers:
            for peer in peers:
                load.warm_up(load.tunnels, peer, scale.concurrency, scale.warm_s)
            for peer in bench.rounds("names", peers):
                outcome = load.tunnels(peer, scale.concurrency, scale.storm_s)
                results.add("names.rate", peer.name, outcome.rate, "/s")
                results.add("names.cpu", peer.name, outcome.cpu_us_each, "us")
    except NoNamespace as lack:
        results.note("names", f"not measured: {lack}")
