"""Where names lead: `--resolve`, DNS, and which addresses are the proxy's own.

Knows names and addresses. Refuses to decide anything: what comes out is judged before it is dialled.
"""

import asyncio
import ipaddress
import re
import socket
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import lru_cache, partial
from typing import Final

from cachetools import LRUCache, TLRUCache

from tierwall.policy.hostname import InvalidHost, InvalidPattern, normalise, normalise_pattern, suffixes
from tierwall.policy.model import Address
from tierwall.proxy.state.address_pins import Pins
from tierwall.proxy.transport.addresses import socket_address

_LOCAL_CACHED: Final = 4096
_REDIRECTS_CACHED: Final = 4096
_LEARNED: Final = 65_536
_FOUND: Final = 4096
_FOUND_S: Final = 0.25
"""Seconds for which what the system's resolver answered is used again: too short to be felt when a name moves."""


class InvalidResolve(ValueError):
    """A `--resolve` that cannot be read; the message says what was expected."""


@dataclass(frozen=True, slots=True)
class Redirect:
    """One `--resolve HOST:PORT:ADDRESS[:PORT]`, as curl has it; HOST may be `*.name`, and PORT `*`."""

    host: str | Address
    port: int | None
    address: Address
    to_port: int | None


def parse_redirect(text: str) -> Redirect:
    """Read one `--resolve`. Raises InvalidResolve."""
    host, rest = _split_host(text)
    port, _, target = rest.partition(":")
    target_host, target_port = _split_host(target) if target else ("", "")
    try:
        return Redirect(
            host=normalise_pattern(host) if host.startswith("*.") else normalise(host),
            port=None if port == "*" else _port(port),
            address=_address(target_host),
            to_port=_port(target_port) if target_port else None,
        )
    except (InvalidHost, InvalidPattern, ValueError) as exc:
        raise InvalidResolve(
            f"--resolve {text!r}: expected HOST:PORT:ADDRESS[:PORT], e.g. vevox.app:443:127.0.0.1:8443 ({exc})"
        ) from None


@dataclass(frozen=True, slots=True)
class Destination:
    """Addresses to try in order, all for one port."""

    addresses: tuple[Address, ...]
    port: int
    redirected: bool = False
    """`--resolve` chose the address."""


@dataclass(slots=True)
class Destinations:
    """All that the dialler and the hooks ask about addresses."""

    redirects: tuple[Redirect, ...] = ()
    listening: set[tuple[Address, int]] = field(default_factory=set)
    """Addresses and TCP ports that the proxy itself listens on; `0.0.0.0` and `::` for all."""
    pins: Pins = field(default_factory=Pins)
    """What names led to when they were first used, for sites that never look again."""
    _learned: TLRUCache[Address, tuple[str, float, float]] = field(
        default_factory=lambda: TLRUCache(_LEARNED, ttu=lambda _, learned, now: now + learned[1])
    )
    _redirected: Callable[[str | Address, int], Destination | None] = field(init=False, repr=False, compare=False)
    _found: dict[str | Address, tuple[tuple[Address, ...], float]] = field(default_factory=dict)
    """What names were found to lead to, and when, the oldest first."""
    _asking: dict[str, "asyncio.Future[tuple[Address, ...]]"] = field(default_factory=dict)
    """Names that the system's resolver is asked for now: once each, however many want to know."""
    _local: LRUCache[Address, bool] = field(default_factory=lambda: LRUCache(_LOCAL_CACHED))

    def __post_init__(self) -> None:
        self._redirected = lru_cache(_REDIRECTS_CACHED)(self._find_redirect)

    def redirect(self, host: str | Address, port: int) -> Destination | None:
        """Where `--resolve` sends this host and port; an exact name goes before a wildcard, the longest first."""
        return self._redirected(host, port) if self.redirects else None

    def known(self, host: str | Address, port: int) -> Destination | None:
        """All addresses of the host, where nobody has to be asked for them."""
        if (sent_elsewhere := self.redirect(host, port)) is not None:
            return sent_elsewhere
        return None if isinstance(host, str) else Destination((host,), port)

    def lately(self, host: str | Address, port: int) -> Destination | None:
        """The same, or what the name was found to lead to a moment ago: who opens many tunnels to one name at
        once has it looked up once."""
        if (known := self.known(host, port)) is not None:
            return known
        found = self._found.get(host)
        if found is None or time.monotonic() - found[1] >= _FOUND_S:
            return None
        return Destination(found[0], port)

    async def find(self, host: str | Address, port: int) -> Destination:
        """All addresses of the host, `--resolve` first. Raises OSError (socket.gaierror) where there are none."""
        if (known := self.known(host, port)) is not None or not isinstance(host, str):
            return known or Destination((), port)
        asking = self._asking.get(host)
        if asking is None:
            asking = self._asking[host] = asyncio.ensure_future(self._ask(host))
            asking.add_done_callback(partial(self._asked, host))
        return Destination(await asyncio.shield(asking), port)  # who gives up leaves the others their answer

    async def _ask(self, host: str) -> tuple[Address, ...]:
        infos = await asyncio.get_running_loop().getaddrinfo(host, None, type=socket.SOCK_STREAM)
        found = tuple(dict.fromkeys(socket_address(str(info[4][0])) for info in infos))
        self._found.pop(host, None)
        while len(self._found) >= _FOUND:
            del self._found[next(iter(self._found))]
        self._found[host] = found, time.monotonic()
        return found

    def _asked(self, host: str, asking: "asyncio.Future[tuple[Address, ...]]") -> None:
        self._asking.pop(host, None)
        if not asking.cancelled():
            asking.exception()  # whoever waited was told; where nobody does any more, it is no news

    def is_self(self, address: Address, port: int) -> bool:
        """Whether dialling it would reach this proxy: a loop that mitmproxy does not see."""
        for listening, listening_port in self.listening:
            if port != listening_port:
                continue
            if address == listening or address.is_unspecified or (listening.is_unspecified and self._is_ours(address)):
                return True
        return False

    def learn(self, address: Address, name: str, ttl_s: float) -> None:
        """Our own DNS gave this address for the name."""
        self._learned[address] = (name, ttl_s, time.monotonic())

    def name_of(self, address: Address) -> str | None:
        """The name that our own DNS last gave the address for, while that answer holds."""
        learned = self._learned.get(address)
        return learned[0] if learned else None

    def learned_at(self, address: Address) -> float | None:
        """When our own DNS last gave that address for a name, on the monotonic clock, while that answer holds."""
        learned = self._learned.get(address)
        return learned[2] if learned else None

    def listen(self, addresses: Iterable[tuple[str, int]]) -> None:
        """Note what the proxy listens on."""
        self.listening.update((socket_address(host), port) for host, port in addresses)

    def _find_redirect(self, host: str | Address, port: int) -> Destination | None:
        spellings = [host] if not isinstance(host, str) else _spellings(host)
        for spelling in spellings:
            for entry in self.redirects:
                if entry.host == spelling and entry.port in (None, port):
                    return Destination((entry.address,), entry.to_port or port, redirected=True)
        return None

    def _is_ours(self, address: Address) -> bool:
        """Whether this machine would answer at the address: only then can a socket be bound to it."""
        known = self._local.get(address)
        if known is None:
            family = socket.AF_INET if address.version == 4 else socket.AF_INET6
            known = address.is_unspecified
            with socket.socket(family, socket.SOCK_STREAM) as probe:
                try:
                    probe.bind((str(address), 0))
                    known = True
                except OSError:
                    pass
            self._local[address] = known
        return known


def _spellings(host: str) -> list[str | Address]:
    return [host, *(f"*.{suffix}" for labels, suffix in suffixes(host) if labels)]


def _split_host(text: str) -> tuple[str, str]:
    if text.startswith("["):
        host, _, rest = text[1:].partition("]")
        return host, rest.removeprefix(":")
    host, _, rest = text.partition(":")
    return host, rest


def _address(text: str) -> Address:
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        raise ValueError(f"{text!a} is no IP address" if text else "an address is missing") from None


def _port(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,5}", text):
        raise ValueError(f"{text!a} is no port" if text else "a port is missing")
    port = int(text)
    if not 1 <= port <= 65535:
        raise ValueError(f"port {port} is out of range (1-65535)")
    return port
