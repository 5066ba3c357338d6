"""The addresses that names had when they were first used, for sites whose allowlist was made from them once.

Knows names and addresses. Refuses to look anything up, and to decide what becomes of an address that is not pinned.
"""

from dataclasses import dataclass, field
from typing import Final

from cachetools import LRUCache

from tierwall.policy.model import Address

NAMES_PINNED: Final = 65_536
"""Names that are remembered before the one that was not used for longest is forgotten, and pinned anew."""


@dataclass(frozen=True, slots=True)
class Pinned:
    """What a name led to when it was first used."""

    addresses: frozenset[Address]
    found: frozenset[Address]
    """Those of them that a look-up of ours gave. Of another, which the client itself chose, nobody can say that the
    name has moved away from it."""


@dataclass(slots=True)
class Pins:
    """All of them, until the proxy ends."""

    _pinned: LRUCache[str, Pinned] = field(default_factory=lambda: LRUCache(NAMES_PINNED))

    def of(self, name: str) -> Pinned | None:
        """What is pinned, if anything."""
        return self._pinned.get(name)

    def pin(self, name: str, found: frozenset[Address], chosen: Address | None) -> Pinned:
        """Pin what look-ups found and, in modes where clients look up for themselves, what this one chose."""
        addresses = found if chosen is None else found | {chosen}
        pinned = self._pinned[name] = Pinned(addresses, found)
        return pinned
