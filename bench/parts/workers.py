"""Two worker processes against one: new tunnels a second and the CPU time for each.

On two cores the clients and the origin want theirs as well: how many cores of the machine were busy tells whether more
was to be had.
"""

import subprocess
import sys

from bench import load, machine
from bench.bench import Bench
from bench.ground import tierwall_environment
from bench.peer import all_running
from bench.peers import Tierwall


class OneWorker(Tierwall):
    """A parent and one worker."""

    name = "one worker"
    workers = 1


class TwoWorkers(Tierwall):
    """A parent and two workers."""

    name = "two workers"
    workers = 2


def run(bench: Bench) -> None:
    """Rates and CPU times with one and with two workers."""
    told = subprocess.run(
        [sys.executable, "-m", "tierwall", "run", "--help"],
        capture_output=True,
        text=True,
        check=False,
        env=tierwall_environment(bench.ground.folder),
        cwd=bench.ground.folder,
    )
    if "--workers" not in told.stdout:
        bench.results.note("workers", "not available: `tierwall run` has no --workers")
        bench.say("workers: not available: `tierwall run` has no --workers")
        return
    scale = bench.scale
    with all_running(bench.ground, [OneWorker, TwoWorkers]) as peers:
        for peer in peers:
            load.warm_up(load.tunnels, peer, scale.concurrency, scale.warm_s)
        for peer in bench.rounds("workers", peers):
            before = machine.busy_s()
            outcome = load.tunnels(peer, scale.concurrency, scale.storm_s)
            busy = machine.busy_s() - before
            bench.results.add("workers.busy", peer.name, busy / outcome.seconds, "cores")
            bench.results.add("workers.rate", peer.name, outcome.rate, "/s")
            bench.results.add("workers.cpu", peer.name, outcome.cpu_us_each, "us")
