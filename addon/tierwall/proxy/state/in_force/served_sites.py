"""Which of several sites serves a client: by the listener that it came in by, or by the network that it is in.

Knows `--serve` and the choice. What a site says is the policy's; who is in no network gets the first site.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import ip_address, ip_network
from itertools import combinations
from typing import Final

from tierwall.policy.model import Address, Network

_CLIENTS_CACHED: Final = 4096
_AT: Final = re.compile(r"(?:\[(?P<six>[^\]]+)\]|(?P<four>[^:/\[\]]+)):(?P<port>[0-9]{1,5})")
_LAST_PORT: Final = 65535


class InvalidServe(ValueError):
    """A `--serve` that cannot be read, or two that overlap; one line each."""


@dataclass(frozen=True, slots=True)
class Served:
    """One `--serve SITE@HOST:PORT` or `--serve SITE@NETWORK`."""

    site: str
    listen: tuple[Address, int] | None = None
    network: Network | None = None

    @property
    def spec(self) -> str | None:
        """The mode that listens there, as mitmproxy spells it."""
        if self.listen is None:
            return None
        address, port = self.listen
        return f"regular@{f'[{address}]' if address.version == 6 else address}:{port}"

    @property
    def where(self) -> str:
        """As people write it."""
        return str(self.network) if self.spec is None else self.spec.removeprefix("regular@")


def parse_serve(text: str) -> Served:
    """Read one. Raises InvalidServe."""
    site, at, where = text.rpartition("@")
    expected = (
        f"--serve {text!a}: expected SITE@HOST:PORT or SITE@NETWORK, as in acme@127.0.0.1:8081 or acme@10.1.0.0/16"
    )
    if not (site and at and where):
        raise InvalidServe(expected)
    try:
        if (found := _AT.fullmatch(where)) is None:
            return Served(site, network=ip_network(where))
        if int(found["port"]) > _LAST_PORT:
            raise InvalidServe(f"--serve {text!a}: the port is a number from 0 to {_LAST_PORT}")
        return Served(site, listen=(ip_address(found["six"] or found["four"]), int(found["port"])))
    except InvalidServe:
        raise
    except ValueError as fault:
        raise InvalidServe(f"{expected} ({fault})") from None


def parse_serves(texts: Sequence[str]) -> tuple[Served, ...]:
    """Read all, of which no two may be meant by one client. Raises InvalidServe with every fault."""
    faults: list[str] = []
    found: list[Served] = []
    for text in texts:
        try:
            found.append(parse_serve(text))
        except InvalidServe as fault:
            faults.append(str(fault))
    faults += [
        f"--serve {one.site}@{one.where} and --serve {other.site}@{other.where} overlap"
        for one, other in combinations(found, 2)
        if _overlap(one, other)
    ]
    if faults:
        raise InvalidServe("\n".join(faults))
    return tuple(found)


class Choice[T]:
    """Of one thing a site, the one that serves a client."""

    def __init__(self, first: T, by_spec: Mapping[str, T], by_network: Sequence[tuple[Network, T]]) -> None:
        """`first`: for whom no other is meant."""
        self.first = first
        self._by_spec, self._by_network = by_spec, tuple(by_network)
        self._in_network = lru_cache(_CLIENTS_CACHED)(self._find)

    def of(self, client: Address | None, spec: str) -> T:
        """For a client of this listener."""
        if self._by_spec and (found := self._by_spec.get(spec)) is not None:
            return found
        return self._in_network(client) if self._by_network and client is not None else self.first

    @property
    def alone(self) -> bool:
        """Whether there is no choice."""
        return not (self._by_spec or self._by_network)

    def _find(self, client: Address) -> T:
        return next((found for network, found in self._by_network if client in network), self.first)


def _overlap(one: Served, other: Served) -> bool:
    if one.network is not None and other.network is not None:
        return one.network.version == other.network.version and one.network.overlaps(other.network)
    if one.listen is None or other.listen is None or one.listen[1] != other.listen[1]:
        return False
    (here, port), (there, _) = one.listen, other.listen
    return here == there or (port != 0 and (here.is_unspecified or there.is_unspecified))
