"""`make fleet`: a real Envoy beside judge, attempt by attempt; its table, and a failure where Envoy lets through more.

Knows the order of the work. Needs root, network namespaces, and the programs in ENVOY and HAPROXY.
"""

import argparse
import resource
import shutil
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from tests.fleet.proof import envoys
from tests.fleet.proof.attempts import Drawing
from tests.fleet.proof.differential import Outcome, compared
from tests.fleet.proof.ground import Ground, ground
from tests.fleet.proof.reloads import CHANGES, reloaded
from tests.fleet.proof.scaling import measured
from tests.fleet.proof.sites import exportable, refused

ATTEMPTS = 20_400


def main() -> int:
    """0 where every part holds."""
    options = argparse.ArgumentParser(prog="python -m tests.fleet.proof")
    options.add_argument("--attempts", type=int, default=ATTEMPTS, help="of the differential, over all sites")
    options.add_argument("--seed", type=int, default=19)
    options.add_argument("--only", metavar="SITE", help="one site of the differential")
    options.add_argument("--part", choices=["differential", "reloads", "scaling"], help="that alone")
    asked = options.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="tierwall-fleet-"))
    folder.chmod(0o755)
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))  # a thousand tunnels, four sockets each
    envoys.bring(folder)
    try:
        with ground(folder) as made:
            parts = {
                "differential": lambda: _differential(made, asked.attempts, asked.seed, asked.only),
                "reloads": lambda: _reloads(made),
                "scaling": lambda: _scaling(made),
            }
            held = [run() for part, run in parts.items() if asked.part in {None, part}]
            return int(not all(held))
    finally:
        shutil.rmtree(folder)


def _differential(made: Ground, attempts: int, seed: int, only: str | None) -> bool:
    sites = [each for each in exportable(made.folder) if only in {None, each[0].id}]
    each = -(-attempts // len(sites))
    heads = ("attempts", 9), ("same", 7), ("let through", 12), ("arrived", 8), ("stricter", 9), ("TOO PERMISSIVE", 15)
    print(f"{'site':24}" + "".join(f"{head:>{width}}" for head, width in heads) + f"{'s':>5}")
    outcomes: list[Outcome] = []
    for site, catalogue in sites:
        began = time.monotonic()
        outcome = compared(made, site, catalogue, list(Drawing(site, catalogue, seed).draw(each)))
        outcomes.append(outcome)
        stricter = outcome.stricter.total()
        print(
            f"{outcome.site:24}{outcome.attempts:9}{outcome.same:7}{outcome.allowed:12}{outcome.arrivals:8}{stricter:9}"
            f"{len(outcome.too_permissive):15}{time.monotonic() - began:5.0f}",
            flush=True,
        )
    return _summed(outcomes)


def _reloads(made: Ground) -> bool:
    found = reloaded(made)
    print(
        f"\n{found.alive} of {found.tunnels} tunnels live through {CHANGES} changes; in force after "
        f"{found.in_force_ms:.0f} ms (median), {found.slowest_ms:.0f} ms at most"
    )
    return found.holds


def _scaling(made: Ground) -> bool:
    print(f"\n{'':28}{'tunnels/s':>10}{'CPU us a tunnel':>17}{'balancer us':>13}")
    for row in measured(made):
        print(f"{row.what:28}{row.a_second:10.0f}{row.engine_us:17.0f}{row.balancer_us:13.0f}", flush=True)
    print("(clients, servers and engines share these cores: the rates are the machine's, CPU a tunnel is the engine's)")
    return True


def _summed(outcomes: list[Outcome]) -> bool:
    kinds: Counter[str] = Counter()
    for outcome in outcomes:
        kinds += outcome.stricter
    permissive = [f"{outcome.site}: {each}" for outcome in outcomes for each in outcome.too_permissive]
    unseen = [outcome.site for outcome in outcomes if outcome.arrivals > outcome.allowed + len(outcome.too_permissive)]
    total = sum(outcome.attempts for outcome in outcomes)
    print(
        f"\n{total} attempts, {sum(each.same for each in outcomes)} verdicts the same, {len(permissive)} too permissive"
    )
    lines, unread = (
        sum(counts) for counts in zip(*((o.log.lines, o.log.unread.total()) for o in outcomes), strict=True)
    )
    drift = sum(outcome.log.too_permissive for outcome in outcomes)
    tried = sum(outcome.log.tried for outcome in outcomes)
    print(
        f"their logs, judged again: {lines} lines, {unread} unread, {drift} let through that judge denies, "
        f"{tried} tried and not reached"
    )
    print("\nstricter than judge, by kind:")
    for kind, count in kinds.most_common():
        example = next(outcome.examples[kind] for outcome in outcomes if kind in outcome.examples)
        print(f"  {count:5}  {kind}\n         {example}")
    print("\nbundled sites that are refused:")
    for site, reason in refused().items():
        print(f"  {site:24}{reason}")
    for line in permissive:
        print(f"TOO PERMISSIVE {line}")
    for site in unseen:
        print(f"MORE ARRIVED than clients were answered: {site}")
    return not permissive and not unseen and not unread and not drift


if __name__ == "__main__":
    sys.exit(main())
