"""File descriptors: as many as this process may have, and when to refuse because few are left.

Knows the kernel's limit. A tunnel takes two. Some are kept back, so that what stands already can still dial, and the
journal turn over its file.
"""

import resource
import time
from typing import Final

_KEPT_BACK: Final = 16
_SAY_EVERY_S: Final = 60.0
_FEW: Final = 512


def raise_limit() -> None:
    """Allow this process all that the machine allows it: the usual 1024 would end at five hundred tunnels."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


class Descriptors:
    """Whether few are left, and what to say of it."""

    def __init__(self) -> None:
        self._said_at: float | None = None
        self._looks_from = 0
        """Below that many it is not looked how many there may be."""
        self._turned_away = 0

    def are_scarce(self, newest: int) -> bool:
        """Whether that one, just opened, is among the last: the kernel gives the lowest number that is free."""
        if newest < self._looks_from:
            return False
        limit, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
        self._looks_from = _FEW if limit == resource.RLIM_INFINITY else min(_FEW, limit - _KEPT_BACK)
        return limit != resource.RLIM_INFINITY and newest >= limit - _KEPT_BACK

    def complaint(self) -> str | None:
        """For each connection that is turned away; None where the last complaint is recent."""
        self._turned_away += 1
        now = time.monotonic()
        if self._said_at is not None and now - self._said_at < _SAY_EVERY_S:
            return None
        self._said_at, count, self._turned_away = now, self._turned_away, 0
        limit, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
        refused = "new connections are refused" if count == 1 else f"{count} connections were refused"
        return f"of {limit} file descriptors hardly any is free: {refused} (ulimit -n)"
