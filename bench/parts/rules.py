"""A million host rules, and a hundred thousand networks, against twenty: verdicts, loading, memory.

Each in a child of its own (scaled.py), as memory that one list took would hide in the next. Hosts come by `file:`,
networks in the site's YAML, since that is where they can be.
"""

from bench.bench import Bench
from bench.children import call
from bench.scaled import FEW


def run(bench: Bench) -> None:
    """Verdict times, load seconds and peak memory by number of rules."""
    results, scale = bench.results, bench.scale
    rounds = min(scale.rounds, 3)
    sizes = (("hosts", FEW), ("hosts", scale.host_rules), ("networks", FEW), ("networks", scale.network_rules))
    for _ in bench.steps("rules", rounds):
        for kind, count in sizes:
            size = "few" if count == FEW else "many"
            told = call(bench.ground.folder, "scaled", kind, str(count))
            results.add(f"rules.{kind}.allowed", size, told["allowed_us"], "us")
            results.add(f"rules.{kind}.denied", size, told["denied_us"], "us")
            results.add(f"rules.{kind}.load", size, told["load_s"], "s")
            results.add(f"rules.{kind}.peak", size, told["peak_mb"], "MB")
            results.add(f"rules.{kind}.standing", size, told["standing_mb"], "MB")
    results.note("rules", f"many: {scale.host_rules:,} hosts, {scale.network_rules:,} networks; few: {FEW}")
