"""One try by a client to reach a destination, and what is decided of it.

Knows values only: the shell fills an Attempt from what it saw, judge.py answers with a Verdict.
"""

from dataclasses import dataclass, field
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
    """Why an attempt is not let through, in the order in which it is asked: the first that holds wins."""

    CLIENT_REFUSED = "client-refused"
    """The client's address may not use the proxy: `clients` of the site, `--clients`."""
    MALFORMED = "malformed"
    """The opening or a name in it makes no sense, or broke a limit."""
    SELF_CONNECT = "self-connect"
    """The destination is the proxy itself."""
    SITE_DENIED = "site-denied"
    """The site's `deny` names it."""
    NAME_MISMATCH = "name-mismatch"
    """Of several names that were given, one is admitted and another is not; what breaks is that of the refused one."""
    PORT_CLOSED = "port-closed"
    """The host or network is listed, by the site or else by a vendor, with other ports or transport."""
    WILDCARD_GAP = "wildcard-gap"
    """An entry comes close and does not cover it as its dialect reads it: the apex, too many labels."""
    TIER_CLOSED = "tier-closed"
    """A vendor asks for it; the site does not admit that vendor, tier or rule."""
    NO_NAME = "no-name"
    """TLS without SNI and without any other name, to an address in no admitted network."""
    ADDRESS_ONLY = "address-only"
    """No name and no TLS, to an address in no admitted network."""
    UNLISTED = "unlisted"
    """No vendor asks for it, and the site does not admit it."""
    PROTOCOL_CLOSED = "protocol-closed"
    """Admitted for services that speak TLS or HTTP, and the client was seen to speak neither (ADR 14)."""
    PRIVATE_ADDRESS = "private-address"
    """Admitted, and what would be dialled is a loopback, private, shared or metadata address."""
    UNREACHABLE = "unreachable"
    """Admitted, and the dial failed; `error.message` says how."""
    NOT_HTTPS = "not-https"
    """`dpi-https-only` of the site broke it: it is not HTTPS."""
    INSPECTION_REJECTED = "inspection-rejected"
    """A behaviour that inspects broke it: the client did not accept the lab CA's certificate."""
    BEHAVIOUR = "behaviour"
    """Another behaviour of the site broke it; `tierwall.behaviour` names which."""
    ERROR = "error"
    """Our own failure: denied, because we fail closed."""


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
    _hash: int = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        said = (self.transport, self.port, self.names, self.address, self.dialled, self.redirected, self.client)
        object.__setattr__(self, "_hash", hash((said, self.seen, self.to_self, self.malformed)))

    def __hash__(self) -> int:
        """Reckoned once: an attempt is looked up several times a tunnel."""
        return self._hash


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
    """A behaviour of the site that acts on an attempt."""

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
    """Where it passes: the behaviours that act on it, in their order. Where it is denied: those that come before."""

    @property
    def passes(self) -> bool:
        """Whether the connection goes on (allow or inspect)."""
        return self.action is not Action.DENY

    @property
    def would_deny(self) -> bool:
        """Whether it passes only because the site observes."""
        return self.passes and self.reason is not None
