"""Looks for another bundle every now and then, at times that many gateways do not share.

Knows time. What a look does is taking_up.py's.
"""

import random
import threading
from collections.abc import Callable

from tierwall.bundle.fetching import CannotFetch
from tierwall.bundle.taking_up import NotTakenUp, Source, take_up


class Polling:
    """A thread, until the process ends."""

    def __init__(
        self, source: Source, every_s: float, say: Callable[[str], None], journal: Callable[[str], None]
    ) -> None:
        """`say` is told what changes, `journal` what is refused; of the same trouble each hears once."""
        self._source, self._every_s, self._say, self._journal = source, every_s, say, journal
        self._told: str | None = None
        self._ends = threading.Event()

    def start(self) -> None:
        """Look from now on."""
        threading.Thread(target=self._run, name="bundle", daemon=True).start()

    def _run(self) -> None:
        while not self._ends.wait(self._every_s * random.uniform(0.8, 1.2)):  # noqa: S311 - jitter
            self.look()

    def look(self) -> None:
        """Once."""
        try:
            taken = take_up(self._source)
        except CannotFetch as fault:
            self._tell(f"bundle {self._source.address}: {fault}; what is in force stays", self._say)
        except NotTakenUp as fault:
            self._tell(f"bundle {fault}\nwhat is in force stays", self._say, self._journal)
        except Exception as failure:  # noqa: BLE001 - one look that fails must not be the last
            self._tell(f"bundle {self._source.address}: {failure!r}", self._say, self._journal)
        else:
            self._told = None
            if taken is not None:
                self._say(f"bundle revision {taken.revision} taken up, built {taken.created}")

    def _tell(self, what: str, *whom: Callable[[str], None]) -> None:
        if what != self._told:
            self._told = what
            for each in whom:
                each(what)
