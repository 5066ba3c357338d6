"""A site with ten behaviours that act on other hosts against one without any: what it costs that they are there.

Measures new tunnels a second and the proxy's CPU time for each.
"""

from typing import Final

from bench import load
from bench.bench import Bench
from bench.peer import all_running
from bench.peers import Tierwall

_ELSEWHERE: Final = "scope: {hosts: [elsewhere.invalid]}"
_TEN: Final = (
    "latency, delay: 1s",
    "jitter, most: 1s",
    "bandwidth, rate: 1KiB/s",
    "slicer, size: 100B",
    "idle-timeout, after: 60s",
    "max-lifetime, after: 1h",
    "slow-close, delay: 1s",
    "half-close-breaks",
    "dial-blackhole",
    "one-segment-hello",
)


class Ten(Tierwall):
    """With ten of them."""

    name = "ten behaviours"
    behaviours = tuple(f"{{behaviour: {each}, {_ELSEWHERE}}}" for each in _TEN)


def run(bench: Bench) -> None:
    """Rates and CPU times with and without."""
    scale = bench.scale
    with all_running(bench.ground, [Tierwall, Ten]) as peers:
        for peer in peers:
            load.warm_up(load.tunnels, peer, scale.concurrency, scale.warm_s)
        for peer in bench.rounds("behaviours", peers):
            outcome = load.tunnels(peer, scale.concurrency, scale.storm_s)
            bench.results.add("behaviours.rate", peer.name, outcome.rate, "/s")
            bench.results.add("behaviours.cpu", peer.name, outcome.cpu_us_each, "us")
