"""One verdict, in-process: through the cache of the front door, and by `judge` itself.

Timed in a child (verdicts.py), away from the benchmark's own threads, under the bundled policies.
"""

from bench.bench import Bench
from bench.children import call


def run(bench: Bench) -> None:
    """Microseconds by kind of attempt, and of the slowest kind."""
    for _ in bench.steps("verdict", bench.scale.rounds):
        told = call(bench.ground.folder, "verdicts")
        for how, kinds in told.items():
            for kind, us in kinds.items():
                bench.results.add(f"verdict.{how}.{kind}", "tierwall", us, "us")
            bench.results.add(f"verdict.{how}", "tierwall", max(kinds.values()), "us")
