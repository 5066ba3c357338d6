"""A site: the corporate network being reproduced, as its file says, once validated.

Knows what the site lists and wants; whether an attempt passes is judge.py's, what acts on it is proxy's.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from ipaddress import ip_network

from tierwall.policy.access_rules import AccessRules
from tierwall.policy.behaviour import Behaviour
from tierwall.policy.dialect import Dialect
from tierwall.policy.model import Address, Evidence, Network, Ports, Tier, Transport

HTTPS_PORTS = (Ports(Transport.TCP, 443, 443),)
"""The ports of an entry that lists hosts and says none."""

ALL_TCP_PORTS = (Ports(Transport.TCP, 1, 65535),)
"""What a proxy is asked for."""

LOOPBACK_CLIENTS: tuple[Network, ...] = (ip_network("127.0.0.0/8"), ip_network("::1/128"))
"""Who may use the proxy where the site does not say."""

PRIVATE_CLIENTS: tuple[Network, ...] = (
    *(ip_network(text) for text in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10")),
    *(ip_network(text) for text in ("fc00::/7", "fe80::/10")),
)
"""What gateway modes (transparent, wireguard, tun, dns) add to the default clients."""


class ConnectRefusal(StrEnum):
    """How a denied CONNECT is answered."""

    FORBIDDEN = "403"
    BAD_GATEWAY = "502"
    PROXY_AUTH = "407"
    RESET = "reset"
    DROP = "drop"


class HttpRefusal(StrEnum):
    """How a denied plain HTTP request is answered: a readable page, a bare 403, or not at all."""

    PAGE = "page"
    FORBIDDEN = "403"
    RESET = "reset"
    DROP = "drop"


class TlsRefusal(StrEnum):
    """How a denied ClientHello is answered. `page` inspects, so that the client must trust the lab CA."""

    ALERT = "alert"
    RESET = "reset"
    DROP = "drop"
    PAGE = "page"


class SocksRefusal(StrEnum):
    """How a denied SOCKS5 request is answered (RFC 1928 section 6: 0x02, 0x01)."""

    RULESET = "ruleset"
    FAILURE = "failure"
    DROP = "drop"


class DnsRefusal(StrEnum):
    """How a denied name is answered where the site filters DNS."""

    NXDOMAIN = "nxdomain"
    REFUSED = "refused"
    SINKHOLE = "sinkhole"
    DROP = "drop"


class OtherRefusal(StrEnum):
    """How a connection that speaks neither HTTP, TLS nor SOCKS5 is refused."""

    RESET = "reset"
    DROP = "drop"


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusals:
    """How denials look to clients, by what the client spoke. Denied UDP is always silent."""

    connect: ConnectRefusal = ConnectRefusal.FORBIDDEN
    http: HttpRefusal = HttpRefusal.PAGE
    tls: TlsRefusal = TlsRefusal.ALERT
    socks: SocksRefusal = SocksRefusal.RULESET
    dns: DnsRefusal = DnsRefusal.NXDOMAIN
    sinkhole: Address | None = None
    """Where `dns: sinkhole ADDRESS` points; set with it, and only with it."""
    other: OtherRefusal = OtherRefusal.RESET


class DnsMode(StrEnum):
    """`answer`: names are judged when they are used. `filter`: denied names are refused in DNS already."""

    ANSWER = "answer"
    FILTER = "filter"


class Names(StrEnum):
    """What is dialled for a client that chose an address itself and only claims a name (SNI, Host).

    `trust`: that address, as most firewalls do. `resolve`: what the name leads to, as an explicit proxy does.
    """

    TRUST = "trust"
    RESOLVE = "resolve"


@dataclass(frozen=True, slots=True, kw_only=True)
class VendorEntry:
    """Admits rules of the catalogue; the keys are ANDed, None means all."""

    vendor: str | None = None
    tiers: frozenset[Tier] | None = None
    services: frozenset[str] | None = None
    rules: frozenset[str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ListEntry:
    """The customer's own entries: host spellings as that dialect reads them, or networks, with ports."""

    label: str
    """How messages call the entry, e.g. `admit[2]` or `acme-allowlist.txt`."""
    hosts: tuple[str, ...] = ()
    networks: tuple[Network, ...] = ()
    ports: tuple[Ports, ...] = HTTPS_PORTS
    dialect: Dialect = Dialect.LITERAL
    any_protocol: bool = True
    """Whether more than TLS and HTTP may be spoken there, as a customer's firewall sees it (ADR 14)."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RuledEntry:
    """A configuration of the customer's proxy: what its rules allow, the first that holds deciding."""

    label: str
    """As messages call it: `squid.conf`."""
    rules: AccessRules
    ports: tuple[Ports, ...] = ALL_TCP_PORTS
    """What the site admits of that; the rules look at ports themselves."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Site:
    """One corporate network. Compared by identity: a reload makes a new one."""

    id: str
    title: str = ""
    enforce: bool = True
    """False: observe only, let through and write what would have been denied."""
    admit: tuple[VendorEntry | ListEntry | RuledEntry, ...] = ()
    deny: tuple[ListEntry | RuledEntry, ...] = ()
    """Wins over admit. Entries of `deny` that list hosts without ports deny every port."""
    evidence: Evidence = Evidence.INFERRED
    """The least that is admitted; never `unspecified`."""
    dialect: Dialect = Dialect.LITERAL
    """How vendors' patterns are read when this site admits them."""
    refuse: Refusals = field(default_factory=Refusals)
    dns: DnsMode = DnsMode.ANSWER
    names: Names = Names.TRUST
    clients: tuple[Network, ...] | None = None
    """Who may use the proxy; None: loopback, and in gateway modes the private ranges too."""
    behaviours: tuple[Behaviour, ...] = ()
    revision: str | None = None
    """Of the bundle that it came in."""
    paths: tuple[str, ...] = ()
    """The files that it was read from (itself, what it extends, its lists), for reloading."""
