"""What every behaviour has: a name, where it acts, whom it hits, and a scope.

Knows the frozen shape of a specification. Whether one acts on an attempt is effects.py's, what it then does proxy's.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar, Final

from tierwall.policy.behaviour.parameters import HostPattern
from tierwall.policy.model import Network, Ports, Protocol, Tier, Transport


class Sees(StrEnum):
    """How deep a middlebox must look to do what it does."""

    OCTETS = "octets"
    """At the connection and its octets: nothing is decrypted."""
    NAMES = "names"
    """At names on their way to an address, in DNS answers and in the proxy's own look-ups."""
    HELLO = "hello"
    """At the ClientHello, which nobody encrypts."""
    REQUESTS = "requests"
    """At HTTP requests. Inside TLS it inspects: certificates of the lab CA, which the client must trust."""
    TLS = "tls"
    """At the inside of TLS, whatever that is: it inspects."""
    DATAGRAMS = "datagrams"
    """At UDP, which only some modes carry."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Which attempts a behaviour acts on. The keys are ANDed; None means all."""

    vendor: str | None = None
    """Only destinations that this vendor asks for."""
    tiers: frozenset[Tier] | None = None
    """Only destinations that serve a service of these tiers."""
    services: frozenset[str] | None = None
    """Only destinations that serve one of these services."""
    protocols: frozenset[Protocol] | None = None
    """Only destinations that serve a service that speaks one of these."""
    hosts: tuple[HostPattern, ...] | None = None
    """Only destinations that were named so: exact, or `*.` before a name."""
    networks: tuple[Network, ...] | None = None
    """Only destinations at these addresses, as far as they are known. Beside `hosts`: one of the two is enough."""
    ports: tuple[Ports, ...] | None = None
    """Only these ports, with their transport."""
    transport: Transport | None = None
    """Only `tcp` or `udp`."""

    @property
    def asks_for_services(self) -> bool:
        """Whether it is about what a destination serves."""
        return any(key is not None for key in (self.vendor, self.tiers, self.services, self.protocols))


EVERYTHING: Final = Scope()


@dataclass(frozen=True, slots=True, kw_only=True)
class Spec:
    """One behaviour of a middlebox. Subclasses add its parameters."""

    NAME: ClassVar[str]
    """As site files and events spell it."""
    SEES: ClassVar[Sees]
    TRANSPORTS: ClassVar[frozenset[Transport]] = frozenset({Transport.TCP})
    HITS: ClassVar[frozenset[Protocol]]
    """What it breaks: services that speak one of these, among those that the destination serves."""

    scope: Scope = EVERYTHING


EVERY_PROTOCOL: Final = frozenset(Protocol)

LASTING: Final = EVERY_PROTOCOL - {Protocol.HTTPS, Protocol.HTTP_REDIRECT, Protocol.WEBHOOK, Protocol.SFTP}
"""What keeps one connection or flow for long. A browser opens another where an HTTPS connection went away."""

INSIDE_TLS: Final = frozenset({Protocol.HTTPS, Protocol.WEBSOCKET, Protocol.TLS_OTHER, Protocol.XMPP, Protocol.ANY})

NOT_HTTP: Final = frozenset(
    {Protocol.TLS_OTHER, Protocol.XMPP, Protocol.STUN, Protocol.MEDIA, Protocol.SFTP, Protocol.ANY}
)
"""What is no HTTP inside its TLS, or no TLS at all."""

UDP_ONLY: Final = frozenset({Transport.UDP})
BOTH_TRANSPORTS: Final = frozenset(Transport)
