"""Which addresses names led to, and what is open or withheld there for how long.

Knows answers and times, both given. Refuses to know what the site admits (that is asked), and how it is written down.
"""

from collections.abc import Callable, Iterable, Iterator
from itertools import pairwise
from typing import Final

from tierwall.gateway.elements import Element
from tierwall.policy.model import Address, Ports, Transport
from tierwall.policy.projections.kernel_bypass import Led

LIVES_AT_LEAST_S: Final = 60.0
"""Clients use an address for longer than a TTL of zero lets them; a flow that stands needs no element any more."""

LIVES_AT_MOST_S: Final = 86_400.0

_SPARE_S: Final = 60.0
"""Seconds that an element gets besides, so that it is not written anew for each answer."""

ADDRESSES: Final = 32_768
"""Addresses that are remembered; each costs a few elements in the kernel."""


class Full(Exception):
    """There is no room for another address."""


class Names:
    """What the gateway's own DNS answered, as far as it matters to what goes straight."""

    def __init__(self, led: Callable[[str, Address], Led]) -> None:
        self._led = led
        self._until: dict[Address, dict[str, float]] = {}

    def heard(self, name: str, address: Address, ttl_s: float, now: float) -> bool:
        """An answer that leads there. Whether something has to be written for it. Raises Full."""
        lives = min(max(ttl_s, LIVES_AT_LEAST_S), LIVES_AT_MOST_S)
        if self._until.get(address, {}).get(name, now) - now >= lives:
            return False
        led = self._led(name, address)
        if not led.direct and not led.withheld:
            return False
        if address not in self._until and len(self._until) >= ADDRESSES:
            self._forget(now)
            if len(self._until) >= ADDRESSES:
                raise Full(f"{ADDRESSES} addresses that names led to are remembered, and no more")
        self._until.setdefault(address, {})[name] = now + lives + _SPARE_S
        return True

    def addresses(self) -> Iterable[Address]:
        """All that are remembered."""
        return tuple(self._until)

    def elements(self, address: Address, now: float) -> tuple[Element, ...]:
        """What is open and what is withheld there now. No two of a kind overlap."""
        opened: list[tuple[Ports, float]] = []
        withheld: list[tuple[Ports, float]] = []
        for name, until in self._until.get(address, {}).items():
            if until > now:
                led = self._led(name, address)
                opened += [(ports, until) for ports in led.direct]
                withheld += [(ports, until) for ports in led.withheld]
        return (*_apart(opened, withheld=False), *_apart(withheld, withheld=True))

    def _forget(self, now: float) -> None:
        for address, names in tuple(self._until.items()):
            for name in [name for name, until in names.items() if until <= now]:
                del names[name]
            if not names:
                del self._until[address]


def _apart(claims: Iterable[tuple[Ports, float]], *, withheld: bool) -> Iterator[Element]:
    """Stretches of ports, each for as long as the last of those who claim it."""
    claims = tuple(claims)
    cuts = sorted({cut for ports, _ in claims for cut in (ports.first, ports.last + 1)})
    for first, after in pairwise(cuts):
        if until := [until for ports, until in claims if ports.first <= first <= ports.last]:
            yield Element(withheld=withheld, ports=Ports(Transport.UDP, first, after - 1), until=max(until))
