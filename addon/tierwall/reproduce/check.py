"""One client pattern at one place of a service, as a value; and what is asked for, and what a machine allows.

Knows names and addresses of clients. Which checks there are is checks.py's.
"""

from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv6Address
from typing import Final

from tierwall.policy.projections.impact import Try


class Way(StrEnum):
    """How the client reaches the proxy."""

    PROXY = "proxy"
    """It has it configured: CONNECT, on loopback."""
    GATEWAY = "gateway"
    """It knows of none: in network namespaces TCP is redirected, UDP goes by tun, DNS by the gateway's resolver."""


class Pattern(StrEnum):
    """What a client does."""

    PAGE = "https page"
    SOCKET = "websocket, held"
    NATIVE = "tls session, held"
    """A protocol inside TLS that is not HTTP, by a client that trusts what this machine trusts, the lab CA included."""
    PINNED = "the same, own CAs"
    """The same by a client that trusts the vendor's certificate alone."""
    REDIRECT = "http redirect"
    EVENTS = "server-sent events"
    """A page's stream of events, which whoever holds responses back holds to its end."""
    DATAGRAMS = "udp, echoed"
    QUIC = "quic"
    TURN_UDP = "turn over udp"
    """Allocates a relay and sends media through it."""
    TURN_TCP = "turn over tcp"
    LOOK_UP = "dns look-up"
    LARGE_HELLO = "https, large hello"
    """A ClientHello of several TCP segments, as post-quantum key shares make it."""
    OTHER_ADDRESS = "https, other address"
    """Another DNS than the proxy's gave the client its address, as it does where answers differ by place."""
    MOVED = "https, name moved"
    """The name leads elsewhere than when it was first used."""


_PATTERNS: Final = tuple(Pattern)
_OF_NETWORK: Final = "10.77.1"
_OF_NETWORK_6: Final = "fd77:1:"
_OF_LOOPBACK: Final = "127.77.1"
_QUIC_CLIENT: Final = 2
"""The client's first address: QUIC's library takes whichever the kernel chooses."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One client pattern at one place of a service."""

    of: Try
    pattern: Pattern
    way: Way = Way.PROXY
    logs_in: bool = False
    """The client answers 407 with the password, as browsers do once their users typed it."""
    hold_s: float = 0.0
    meets: tuple[str, ...] = ()
    """Behaviours of the site that would break the service there."""
    not_run: str | None = None
    """Why it cannot be shown here."""

    @property
    def label(self) -> str:
        """What the client does, for people."""
        return f"{self.pattern}, with password" if self.logs_in else self.pattern.value

    @property
    def client(self) -> str:
        """The address that it comes from, which no other kind of client has: the journal tells them apart by it."""
        number = 10 + _PATTERNS.index(self.pattern) + (100 if self.logs_in else 0)
        if self.way is Way.PROXY:
            return f"{_OF_LOOPBACK}.{number}"
        if self.pattern is Pattern.QUIC:
            number = _QUIC_CLIENT
        return f"{_OF_NETWORK_6}:{number}" if self.is_ipv6 else f"{_OF_NETWORK}.{number}"

    @property
    def is_ipv6(self) -> bool:
        """Whether it goes to an address of IPv6; names lead to IPv4 here."""
        return isinstance(self.of.host, IPv6Address)


@dataclass(frozen=True, slots=True, kw_only=True)
class Means:
    """What this machine allows, each None where it does, else why not."""

    no_network: str | None = None
    """Namespaces with a gateway between them."""
    no_udp: str | None = None
    no_turn: str | None = None
    no_quic: str | None = None
    no_ipv6: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is asked for."""

    vendor: str
    longest_s: float = 120.0
    """What would hold a connection for longer is not run."""
    only: frozenset[str] = frozenset()
    """Services; all where it is empty."""
