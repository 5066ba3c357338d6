"""Until when whose acceptance of a portal's terms holds, known to all workers of a run at once.

Knows memory that forked processes share, and clocks only as numbers. What an acceptance means is portal.py's.
"""

import mmap
from collections.abc import Iterator
from hashlib import blake2b
from struct import Struct
from typing import Final

from tierwall.policy.model import Address

_SLOT: Final = Struct("=Qd")
"""Who, and until when; nobody where that is over."""
_SLOTS: Final = 4096
_TRIED: Final = 16
"""Slots that may hold one acceptance. Where all are taken, the one that ends first is forgotten."""

_SHARED: Final = mmap.mmap(-1, _SLOT.size * _SLOTS)
"""Made when this is first imported, and so before workers are forked."""


class Acceptances:
    """What is remembered. `memory` is another one for tests."""

    def __init__(self, memory: mmap.mmap | bytearray = _SHARED) -> None:
        self._memory = memory

    def until(self, portal: str, client: Address) -> float:
        """When the acceptance ends or ended, in seconds of a clock that processes share; 0 where there is none."""
        who = _who(portal, client)
        return next((until for _, found, until in self._slots(who) if found == who), 0.0)

    def accept(self, portal: str, client: Address, until: float) -> None:
        """Remember it."""
        who = _who(portal, client)
        slots = list(self._slots(who))
        own = (at for at, found, _ in slots if found == who)
        at = next(own, None)
        if at is None:
            at, _, _ = min(slots, key=lambda slot: slot[2])
        _SLOT.pack_into(self._memory, at, who, until)

    def _slots(self, who: int) -> Iterator[tuple[int, int, float]]:
        for number in range(who, who + _TRIED):
            at = number % _SLOTS * _SLOT.size
            found, until = _SLOT.unpack_from(self._memory, at)
            yield at, found, until


def _who(portal: str, client: Address) -> int:
    return int.from_bytes(blake2b(f"{portal} {client}".encode(), digest_size=8).digest())
