"""`python -m bench.profiled [SECONDS]`: where tierwall's time goes while tunnels are opened as fast as it can.

Runs it under cProfile, which costs a third of its speed; shares count, not rates.
"""

import pstats
import sys
from collections.abc import Sequence

from bench import load
from bench.ground import ground
from bench.peers import Tierwall

_LINES = 40


class Profiled(Tierwall):
    """The same proxy; its statistics are written when it ends."""

    name = "profiled"

    def command(self) -> Sequence[str]:
        python, *rest = super().command()
        return [python, "-m", "cProfile", "-o", str(self.folder / "profile"), *rest]


def main() -> None:
    """Load it, end it, print."""
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 3.0
    with ground() as made:
        peer = Profiled(made)
        with peer.running():
            outcome = load.tunnels(peer, 64, seconds)
        print(f"{outcome.done} tunnels, {outcome.cpu_us_each:.0f} us CPU each, start-up not counted here but below")
        pstats.Stats(str(peer.folder / "profile")).strip_dirs().sort_stats("tottime").print_stats(_LINES)


if __name__ == "__main__":
    main()
