"""What a vendor's document asks a network to open: services, rules, sources.

Knows values that were validated at the edge (loader/) and nothing of files, sites or decisions.
"""

from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import Final

type Address = IPv4Address | IPv6Address
type Network = IPv4Network | IPv6Network


class Tier(StrEnum):
    """How much breaks without it, the most severe first. `none`: nothing documented breaks (never in a policy)."""

    CORE = "core"
    AUXILIARY = "auxiliary"
    ANALYTICS = "analytics"
    NONE = "none"

    @property
    def severity(self) -> int:
        """0 for the most severe tier; sorts verdicts and reports."""
        return _SEVERITY[self]


_SEVERITY = {tier: rank for rank, tier in enumerate(Tier)}


class Evidence(StrEnum):
    """How well a value is founded, the strongest first."""

    STATED = "stated"
    INFERRED = "inferred"
    UNSPECIFIED = "unspecified"

    def at_least(self, least: "Evidence") -> bool:
        """Whether this is as strong as `least`, or stronger."""
        return _STRENGTH[self] <= _STRENGTH[least]


_STRENGTH = {evidence: rank for rank, evidence in enumerate(Evidence)}


class Transport(StrEnum):
    """The transport of a rule or attempt."""

    TCP = "tcp"
    UDP = "udp"


class Direction(StrEnum):
    """`egress`: out of the customer's network. `inbound`: from the vendor to the customer, never admitted as egress."""

    EGRESS = "egress"
    INBOUND = "inbound"


class Protocol(StrEnum):
    """What a service speaks, as far as a middlebox can tell it apart."""

    HTTPS = "https"
    WEBSOCKET = "websocket"
    HTTP_REDIRECT = "http-redirect"
    TLS_OTHER = "tls-other"
    STUN = "stun"
    MEDIA = "media"
    XMPP = "xmpp"
    WEBHOOK = "webhook"
    SFTP = "sftp"
    ANY = "any"
    UNSPECIFIED = "unspecified"


WEB: Final = frozenset({Protocol.HTTPS, Protocol.WEBSOCKET, Protocol.HTTP_REDIRECT, Protocol.WEBHOOK})
"""What begins with TLS or HTTP. At a destination of any other service, anything may be spoken."""


@dataclass(frozen=True, slots=True)
class Ports:
    """An inclusive range of ports of one transport, 1 to 65535."""

    transport: Transport
    first: int
    last: int

    def cover(self, transport: Transport, port: int) -> bool:
        """Whether the port of that transport is in the range."""
        return self.transport is transport and self.first <= port <= self.last

    def __str__(self) -> str:
        """`tcp/443`, `udp/49152-65535`, `tcp/any`: as policies and sites spell it."""
        if (self.first, self.last) == (1, 65535):
            return f"{self.transport}/any"
        return f"{self.transport}/{self.first}" + (f"-{self.last}" if self.last != self.first else "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where a fact stands: the document's title, its section, and its address where one is known."""

    document: str
    section: str
    url: str | None = None

    def __str__(self) -> str:
        return f"{self.document}, {self.section}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """A function of the product that rules serve."""

    id: str
    title: str
    protocol: Protocol
    tier: Tier
    symptom: str
    """What users see without it: the document's substance in our words, one or two sentences."""
    source: Source
    optional: bool = False
    """The document itself calls the service optional (a contract, a feature that may be off)."""
    tier_word: str | None = None
    """The document's own word that stands for the tier, such as `Required`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """Hosts or networks and ports that serve one or more services."""

    id: str
    services: tuple[str, ...]
    hosts: tuple[str, ...] = ()
    """Exact names or a leading `*.`, normalised (lower case, A-labels)."""
    networks: tuple[Network, ...] = ()
    ports: tuple[Ports, ...] = ()
    direction: Direction = Direction.EGRESS
    evidence: Evidence = Evidence.STATED
    """That of the rule's weakest value."""
    unspecified: tuple[str, ...] = ()
    """The values that the document has a row for but leaves empty: `hosts`, `ports`, `networks`, `protocol`."""
    why: str | None = None
    """Why an inferred value is needed although the document does not state it."""
    source: Source
    category: str | None = None
    region: str | None = None
    note: str | None = None
    optional: bool = False
    """The document itself calls the row optional."""
    anywhere: bool = False
    """The document asks for every destination on these ports: kept and shown, never admitted by the policy."""
    asns: tuple[int, ...] = ()
    """Autonomous systems that the document names, which does not say which networks those are."""
    paths: tuple[str, ...] = ()
    """Paths that the document has behind the hosts; a network sees the hosts alone."""
    probe: tuple[str, ...] = ()
    """Names that exist below the rule's wildcards, for whoever tries whether they can be reached."""

    def serves(self, transport: Transport, port: int) -> bool:
        """Whether one of the rule's ports covers this one."""
        return any(ports.cover(transport, port) for ports in self.ports)


@dataclass(frozen=True, slots=True, kw_only=True)
class CitedDocument:
    """A document that a policy's facts are taken from."""

    id: str
    title: str
    url: str | None = None
    retrieved: str | None = None
    """The day on which it was read, as ISO 8601 has it."""
    form: str | None = None
    """How a program reads it, where one can: the form that `tierwall import` was given."""
    only: tuple[str, ...] = ()
    """Which of its rows the policy is about, as `tierwall import --only` has it; all where there is none."""
    map: str | None = None
    """The file that says what the columns of its tables mean, beside the policy's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """Rules that together are enough."""

    title: str
    rules: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Ways of which a network needs one: a wildcard, say, or single names where wildcards are not possible."""

    id: str
    ways: tuple[Way, ...]
    source: Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A rung of a ladder: the rules by which it works."""

    title: str
    rules: tuple[str, ...]
    remains: str | None = None
    """What users still notice where this is the best that works; None where that is nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ladder:
    """What a product falls back to, the best first: UDP, then TURN by TCP, then TURN by TLS."""

    id: str
    steps: tuple[Step, ...]
    source: Source


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Vendor:
    """One vendor policy. Compared by identity: a reload makes new ones."""

    id: str
    title: str
    services: tuple[Service, ...]
    rules: tuple[Rule, ...]
    addresses_unusable: str | None = None
    """Why the vendor's document rules out allowlisting by address; None where it does not. Lint upholds it."""
    path: str | None = None
    """The file that it came from, for messages."""
    documents: tuple[CitedDocument, ...] = ()
    choices: tuple[Choice, ...] = ()
    ladders: tuple[Ladder, ...] = ()

    def service(self, service_id: str) -> Service:
        """The service of that id. Raises KeyError where there is none (the loader rejects such files)."""
        for service in self.services:
            if service.id == service_id:
                return service
        raise KeyError(service_id)


@dataclass(frozen=True, slots=True, eq=False)
class Catalogue:
    """All loaded vendor policies, by unique id. Compared by identity: a reload makes a new one."""

    vendors: tuple[Vendor, ...]

    def vendor(self, vendor_id: str) -> Vendor:
        """The vendor of that id. Raises KeyError where there is none."""
        for vendor in self.vendors:
            if vendor.id == vendor_id:
                return vendor
        raise KeyError(vendor_id)
