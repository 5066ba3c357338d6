"""Where the stand-ins' names lead in the network namespaces: an address for each, and another for when it moves.

Pure. Addresses for benchmarks in laboratories (RFC 2544 section C.2.2): nobody in the world has them.
"""

from collections.abc import Iterable
from ipaddress import IPv4Network
from typing import Final

from tierwall.policy.model import Address

STANDS: Final = IPv4Network("198.18.0.0/17")
MOVED: Final = IPv4Network("198.18.128.0/17")


def addresses_of(names: Iterable[str]) -> dict[str, Address]:
    """By name, the same whenever the same names are asked about. Raises ValueError beyond 32,766 of them."""
    distinct = sorted(set(names))
    if len(distinct) > STANDS.num_addresses - 2:
        raise ValueError(f"{len(distinct)} names, and only {STANDS.num_addresses - 2} addresses to give them")
    return dict(zip(distinct, STANDS.hosts(), strict=False))


def moved(address: Address) -> Address:
    """Where the name of this address leads later."""
    return MOVED[int(address) - int(STANDS.network_address)]
