"""Memory of standing idle tunnels: a fresh proxy, warmed by a few tunnels, before and while so many stand.

The kernel's socket buffers are not in it: they are the same for all. Each tunnel has to echo at the end.
"""

import time
from typing import Final

from bench import load
from bench.bench import Bench

WARM_TUNNELS: Final = 50
REST_S: Final = 2.0
OWN_FILES: Final = 300
"""Open files of a proxy beside two a tunnel."""


def run(bench: Bench) -> None:
    """kB a tunnel, by peer; one peer at a time, started anew for each sample."""
    kinds = [kind for kind in bench.by_address if kind.name != "direct"]
    rounds = min(bench.scale.rounds, 3)
    count = min(bench.scale.idle, (bench.ground.files - OWN_FILES) // 2)
    if count < bench.scale.idle:
        bench.results.note("memory", f"{count:,} tunnels: a process may open {bench.ground.files:,} files")
    for _ in bench.steps("memory", rounds):
        for kind in kinds:
            with kind(bench.ground).running() as peer:
                assert peer.process is not None
                with load.idle(peer, WARM_TUNNELS):
                    pass
                time.sleep(REST_S)
                before = peer.process.memory_kb()
                with load.idle(peer, count):
                    time.sleep(REST_S)
                    after = peer.process.memory_kb()
            for name, least, most in zip(("pss", "rss"), before, after, strict=True):
                bench.results.add(f"memory.{name}", peer.name, (most - least) / count, "kB")
            bench.results.add("memory.whole", peer.name, after[1] / 1024, "MB")
