"""Plain HTTP requests to the proxy, again and again on each connection: a GET, the whole answer, the next.

Stock mitmproxy has no host list here either. Squid caches nothing, and judges the host.
"""

from bench import load
from bench.bench import Bench
from bench.peer import Peer, all_running
from bench.peers import Direct, Mitmproxy, Tierwall
from bench.squid import Squid


class StockMitmproxy(Mitmproxy):
    """Which reads the requests, and passes nothing by unread."""

    ignores = False


def run(bench: Bench) -> None:
    """Rates and CPU times, by peer."""
    scale, results = bench.scale, bench.results
    stands = {Direct: Direct, Tierwall: Tierwall, Squid: Squid, Mitmproxy: StockMitmproxy}
    kinds: list[type[Peer]] = [stands[kind] for kind in bench.kinds if kind in stands and kind is not Direct]
    kinds += [kind for kind in bench.kinds if issubclass(kind, Tierwall) and kind not in stands]
    with all_running(bench.ground, kinds) as peers:
        for peer in peers:
            load.warm_up(load.requests, peer, scale.request_concurrency, scale.warm_s)
        for peer in bench.rounds("requests", peers):
            outcome = load.requests(peer, scale.request_concurrency, scale.storm_s)
            results.add("requests.rate", peer.name, outcome.rate, "/s")
            results.add("requests.cpu", peer.name, outcome.cpu_us_each, "us")
