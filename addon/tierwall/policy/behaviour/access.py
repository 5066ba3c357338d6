"""Behaviours at the proxy's own door: who may use it, for what, and how often.

Knows specifications only; proxy/middlebox/access acts. They come first, before anything is dialled.
"""

from dataclasses import dataclass
from typing import ClassVar, Final

from tierwall.policy.behaviour.parameters import AuthScheme, Count, Credential, HostName, PortNumber, Seconds
from tierwall.policy.behaviour.spec import EVERY_PROTOCOL, Sees, Spec
from tierwall.policy.model import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionLimit(Spec):
    """A client may have only so many connections at a time; the next one is reset, or in an HTTP proxy answered 503.

    Counted are connections that were let through, until they end. Several workers count each for itself.
    """

    NAME: ClassVar[str] = "connection-limit"
    SEES: ClassVar[Sees] = Sees.OCTETS
    HITS: ClassVar[frozenset[Protocol]] = EVERY_PROTOCOL

    most: Count
    """How many connections a client's address may have at a time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProxyAuth(Spec):
    """The proxy asks for a name and a password (407), for CONNECT and plain HTTP.

    It asks before it looks at where the client wants to go, so that denied names are asked about too. A client may
    answer on the same connection or on a new one; it is journalled when its connection ends without. SOCKS5 clients
    give theirs before they say what they want (RFC 1929), or get reply 0x02. Nobody asks in transparent modes.
    """

    NAME: ClassVar[str] = "proxy-auth"
    SEES: ClassVar[Sees] = Sees.OCTETS
    HITS: ClassVar[frozenset[Protocol]] = EVERY_PROTOCOL

    users: frozenset[Credential]
    """A file with a `name:password` on each line, relative to the site's."""
    realm: str = "corporate proxy"
    """What the browser shows when it asks."""
    schemes: tuple[AuthScheme, ...] = (AuthScheme.BASIC,)
    """How it may be answered, in the order in which they are offered. Apps that know only Basic fail where a customer's
    proxy offers `negotiate` and `ntlm` alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CaptivePortal(Spec):
    """Until the user has accepted the terms, HTTP is redirected to a page of the network's own and all else is cut.

    Plain HTTP is redirected whatever it asks for, so that systems notice a portal (each asks for a page of its
    maker's); once accepted, the page leads back to what was asked for. Of all else it stops what the site admits; what
    it does not is denied as ever. `/api` of the portal's host is RFC 8908's. All of that host is served by the proxy
    itself, on plain HTTP and by TLS with a certificate of the lab CA, whatever the site admits. In transparent modes
    clients must have an address for the portal's name, whichever it is, and the network must lead it here: the lab's
    DNS gives them one.
    """

    NAME: ClassVar[str] = "captive-portal"
    SEES: ClassVar[Sees] = Sees.OCTETS
    HITS: ClassVar[frozenset[Protocol]] = EVERY_PROTOCOL

    portal: HostName = HostName("portal.tierwall.test")  # noqa: RUF009 - a name of text
    """The host that the page is served as, by the proxy itself."""
    lasts: Seconds = Seconds(3600.0)  # noqa: RUF009
    """How long an acceptance lasts, for the client's address."""


_HTTPS_PORT: Final = PortNumber(443)


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectPorts(Spec):
    """CONNECT is allowed to some ports only; to others it is answered 403 (Squid's `SSL_ports`)."""

    NAME: ClassVar[str] = "connect-ports"
    SEES: ClassVar[Sees] = Sees.OCTETS
    HITS: ClassVar[frozenset[Protocol]] = EVERY_PROTOCOL

    ports: tuple[PortNumber, ...] = (_HTTPS_PORT,)
    """The ports that are allowed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NoIpConnect(Spec):
    """CONNECT to a literal address is answered 403: only names are allowed."""

    NAME: ClassVar[str] = "no-ip-connect"
    SEES: ClassVar[Sees] = Sees.OCTETS
    HITS: ClassVar[frozenset[Protocol]] = EVERY_PROTOCOL


AtAccess = ConnectionLimit | ProxyAuth | CaptivePortal | ConnectPorts | NoIpConnect
