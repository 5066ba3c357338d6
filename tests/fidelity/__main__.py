"""`python -m tests.fidelity`: what a real Squid and judge say of the same, pair by pair; the score and its floor.

Knows how many pairs are asked and which score is too low. Exit status 1 where it is.
"""

import sys
import tempfile
import time
from collections.abc import Iterable
from itertools import batched
from pathlib import Path

from tests.fidelity import lists
from tests.fidelity.squid import NoSquid, program

LISTS = 250
HOSTS = 8
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
    began = time.monotonic()
    pairs = [pair for some in batched(cases, AT_ONCE) for pair in _asked(some)]
    differ = [pair for pair in pairs if not pair.agree]
    for pair in differ[:40]:
        print(f"{pair.text!r} {pair.host}: squid {_said(pair.real)}, tierwall {_said(pair.ours)}")
    score = 1 - len(differ) / len(pairs)
    kinds = ", ".join(f"squid {_said(kind)} {sum(pair.real is kind for pair in pairs)}" for kind in (True, False, None))
    print(f"lists: {kinds}")
    print(
        f"lists: {len(pairs) - len(differ)} of {len(pairs)} pairs agree ({score:.1%}), {time.monotonic() - began:.0f} s"
    )
    return int(score < FLOOR)


def _asked(cases: Iterable[tuple[str, tuple[str, ...]]]) -> list[lists.Pair]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        return list(lists.ask_both(folder, list(cases)))


def _said(verdict: bool | None) -> str:
    return {True: "admits", False: "denies", None: "does not start"}[verdict]


if __name__ == "__main__":
    sys.exit(main())
