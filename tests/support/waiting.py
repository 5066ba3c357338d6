"""Waiting, for tests: by looking, for what nothing announces; by the kernel's word, for the end of a process.

One place, so that every wait has a limit. What says itself that it happened (a line of output, an event of asyncio) is
waited for where it is said; `tests/support/endpoints.until` lets a loop turn meanwhile.
"""

import os
import select
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Final

LIMIT_S: Final = 5.0
_LOOK_EVERY_S: Final = 0.02


class NotInTime(AssertionError):
    """What was waited for did not come."""


def eventually[T](
    look: Callable[[], T | None], limit_s: float = LIMIT_S, *, ended: Callable[[], bool] = lambda: False
) -> T:
    """What is found in the end. Once `ended` holds, one look more is enough. Raises NotInTime."""
    until = time.monotonic() + limit_s
    while True:
        is_over = ended()
        if found := look():
            return found
        if is_over or time.monotonic() > until:
            raise NotInTime("it has ended" if is_over else f"not within {limit_s:g} s")
        time.sleep(_LOOK_EVERY_S)


def until_ended(pid: int, limit_s: float = LIMIT_S) -> None:
    """Until that process has ended, whosever child it is, buried or not. Raises NotInTime."""
    with suppress(ProcessLookupError):
        descriptor = os.pidfd_open(pid)
        try:
            if not select.select([descriptor], [], [], limit_s)[0]:
                raise NotInTime(f"process {pid} did not end within {limit_s:g} s")
        finally:
            os.close(descriptor)
