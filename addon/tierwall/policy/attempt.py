"""One try by a client to reach a destination, and what is decided of it.

Knows values only: the shell fills an Attempt from what it saw, judge.py answers with a Verdict.
"""

from dataclasses import dataclass
from enum import StrEnum

from tierwall.policy.behaviour import Behaviour
from tierwall.policy.model import Address, Evidence, Tier, Transport


class NameSource(StrEnum):
    """Where a name was given; `address` where a destination had none."""

    CONNECT = "connect"
    SOCKS = "socks"
    SNI = "sni"
    HOST = "host"
    DNS = "dns"
    ADDRESS = "address"


class Seen(StrEnum):
    """What the client was seen to speak to its destination."""

    TLS = "tls"
    HTTP = "http"
    QUIC = "quic"
    DNS = "dns"
    OPAQUE = "opaque"


class Reason(StrEnum):
    """Why an attempt is not let through: the closed list of DESIGN.md, in its order."""

    CLIENT_REFUSED = "client-refused"
    MALFORMED = "malformed"
    SELF_CONNECT = "self-connect"
    SITE_DENIED = "site-denied"
    NAME_MISMATCH = "name-mismatch"
    PORT_CLOSED = "port-closed"
    WILDCARD_GAP = "wildcard-gap"
    TIER_CLOSED = "tier-closed"
    NO_NAME = "no-name"
    ADDRESS_ONLY = "address-only"
    UNLISTED = "unlisted"
    PROTOCOL_CLOSED = "protocol-closed"
    PRIVATE_ADDRESS = "private-address"
    UNREACHABLE = "unreachable"
    NOT_HTTPS = "not-https"
    INSPECTION_REJECTED = "inspection-rejected"
    BEHAVIOUR = "behaviour"
    ERROR = "error"


class Action(StrEnum):
    """What happens to the connection."""

    ALLOW = "allow"
    INSPECT = "inspect"
    DENY = "deny"


@dataclass(frozen=True, slots=True)
class GivenName:
    """A name that the client gave, normalised; an address where it wrote a literal in that place."""

    source: NameSource
    value: str | Address


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One try to reach a destination. Hashable, and without the client's port, so that verdicts can be cached."""

    transport: Transport
    port: int
    names: tuple[GivenName, ...] = ()
    """Every name that was given, in the order CONNECT or SOCKS, SNI, Host, DNS."""
    address: Address | None = None
    """The destination's address where the client itself chose one: a literal, or the original destination."""
    dialled: Address | None = None
    """What would be dialled, once that is known; None before resolving, and where a parent proxy resolves."""
    redirected: bool = False
    """`--resolve` covers the destination, so that a private address is meant."""
    client: Address | None = None
    seen: Seen | None = None
    to_self: bool = False
    """The destination is the proxy itself."""
    malformed: str | None = None
    """What makes no sense in the opening, or which limit it broke."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Impact:
    """A service of a vendor that a destination serves, by the rule that says so."""

    vendor: str
    service: str
    tier: Tier
    rule: str
    evidence: Evidence
    source: str
    symptom: str


@dataclass(frozen=True, slots=True)
class Effect:
    """A behaviour of the site that acts on an admitted attempt."""

    behaviour: Behaviour
    breaks: tuple[Impact, ...]
    """What it breaks where it strikes: services whose protocol it hits, among those that the destination serves."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What judge decided of an attempt."""

    action: Action
    reason: Reason | None = None
    """Why it is denied. With `allow` or `inspect`: why it would have been, were the site not observing only."""
    detail: str | None = None
    """One clause for people: which entry came close and what would cover it, which name was refused."""
    tier: Tier = Tier.NONE
    """The most severe tier of `breaks`."""
    admitted_by: str | None = None
    """The catalogue rule (`vendor/rule`) or the site's entry that admits it."""
    breaks: tuple[Impact, ...] = ()
    """What a denial breaks, the most severe first; on allow, what the destination serves."""
    near: tuple[Impact, ...] = ()
    """Rules that come close (other port, apex, inbound, unspecified) and break nothing."""
    name: str | None = None
    """The name that decided, or the address where no name was given."""
    name_source: NameSource = NameSource.ADDRESS
    effects: tuple[Effect, ...] = ()
    """Where it passes: the behaviours that act on it, in their order."""

    @property
    def passes(self) -> bool:
        """Whether the connection goes on (allow or inspect)."""
        return self.action is not Action.DENY

    @property
    def would_deny(self) -> bool:
        """Whether it passes only because the site observes."""
        return self.passes and self.reason is not None
