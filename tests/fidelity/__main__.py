"""`python -m tests.fidelity`: what a real Squid and judge say of the same, pair by pair; the score and its floor.

Knows how many pairs are asked and which score is too low. Exit status 1 where it is.
"""

import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from itertools import batched
from pathlib import Path

from tests.fidelity import configurations, lists
from tests.fidelity.pair import Pair
from tests.fidelity.squid import NoSquid, program

LISTS, HOSTS = 250, 8
CONFIGURATIONS, DESTINATIONS = 200, 6
AT_ONCE = 250
FLOOR = 1.0


def main() -> int:
    """Ask, and say what came of it."""
    try:
        program()
    except NoSquid as cause:
        print(cause, file=sys.stderr)
        return 2
    cases = [*lists.TABLE.items(), *lists.generated(LISTS, HOSTS)]
    scores = [
        _score(
            "lists", lambda folder: [pair for some in batched(cases, AT_ONCE) for pair in lists.ask_both(folder, some)]
        ),
        _score(
            "configurations",
            lambda folder: list(
                configurations.ask_both(folder, configurations.generated(CONFIGURATIONS, DESTINATIONS))
            ),
        ),
    ]
    return int(min(scores) < FLOOR)


def _score(title: str, ask: Callable[[Path], Sequence[Pair]]) -> float:
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        pairs = ask(folder)
    differ = [pair for pair in pairs if not pair.agree]
    for pair in differ[:40]:
        print(f"{pair.text!r} {pair.host}: squid {_said(pair.real)}, tierwall {_said(pair.ours)}")
    score = 1 - len(differ) / len(pairs)
    print(f"{title}: {_kinds(pairs)}")
    print(f"{title}: {len(pairs) - len(differ)} of {len(pairs)} agree ({score:.1%}), {time.monotonic() - began:.0f} s")
    return score


def _kinds(pairs: Iterable[Pair]) -> str:
    counted = [pair.real for pair in pairs]
    return ", ".join(f"squid {_said(kind)} {counted.count(kind)}" for kind in (True, False, None))


def _said(verdict: bool | None) -> str:
    return {True: "admits", False: "denies", None: "does not start"}[verdict]


if __name__ == "__main__":
    sys.exit(main())
