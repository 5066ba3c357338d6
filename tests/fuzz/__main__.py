"""`make fuzz`: the properties of this folder with other examples each time, for ten minutes or as long as is said.

Knows how to run pytest with a seed. The first failure ends it, and says with which seed it comes again.
"""

import secrets
import subprocess
import sys
import time
from pathlib import Path
from typing import Final

MINUTES: Final = 10.0
EXAMPLES: Final = 5_000
"""Of each property, with each seed."""

FOLDER: Final = Path(__file__).parent


def main() -> int:
    """Run until the time is over."""
    ends = time.monotonic() + 60 * float(sys.argv[1] if len(sys.argv) > 1 else MINUTES)
    rounds = 0
    while (left := ends - time.monotonic()) > 0:
        seed = secrets.randbelow(2**32)
        command = [sys.executable, "-m", "pytest", "-q", "-x", f"--hypothesis-seed={seed}", str(FOLDER)]
        try:
            done = subprocess.run([*command, "--hypothesis-profile=fuzz"], timeout=left, check=False)
        except subprocess.TimeoutExpired:
            break
        if done.returncode != 0:
            print(f"with --hypothesis-seed={seed} it comes again")
            return 1
        rounds += 1
    print(f"{rounds} rounds of {EXAMPLES} examples a property, and nothing found")
    return 0


if __name__ == "__main__":
    sys.exit(main())
