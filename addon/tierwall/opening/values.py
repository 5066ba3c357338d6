"""What the first bytes of a connection can turn out to be.

Knows values only. Hosts are as the client wrote them (hostname.normalise makes names of them); text is for people.
"""

from dataclasses import dataclass, field

type Octets = bytes | bytearray | memoryview


@dataclass(frozen=True, slots=True)
class NeedMore:
    """The bytes so far can still become several things."""

    octets: int
    """How many there must be, from the first one on, before anything but Malformed can be answered. Asking no sooner
    than that keeps a client that sends single octets from costing more than it sends."""
    may_pause: bool = False
    """Whether it is a line of text that nothing but its end could make one of HTTP. What pauses in it may go out as
    Opaque, as long as its end is read (following.py)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Connect:
    """A CONNECT request (RFC 9110 section 9.3.6). Its Host header is ignored: the target is what it asks for."""

    host: str
    port: int
    version: str
    """`HTTP/1.1`, as the client wrote it."""
    user_agent: str | None
    credentials: str | None = field(repr=False)
    """The value of Proxy-Authorization. Never to be written anywhere."""
    consumed: int
    """Octets of the head; what follows belongs to the tunnel."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlainHttp:
    """An HTTP/1 request that is not a CONNECT; no user information of its URL is kept."""

    method: str
    scheme: str
    """That of an absolute target, in lower case; otherwise `http`."""
    host: str | None
    """Whom the request asks for: an absolute target's host, otherwise that of its Host header."""
    port: int
    """The port beside that host, or the scheme's own. In a tunnel it is only what the client claims."""
    path: str
    """Path and query, or `*` (of OPTIONS)."""
    origin_form: bool
    """False where the target is absolute (`GET http://…`), as requests to a proxy are."""
    host_header: str | None
    """The Host header's host without its port, also where an absolute target overrides it."""
    user_agent: str | None
    upgrade: str | None
    version: str
    credentials: str | None = field(repr=False)
    """The value of Proxy-Authorization. Never to be written anywhere."""
    consumed: int
    """Octets of the head; what follows is its body, or the next request."""
    origin: str | None = None
    """Of which origin the page is that a browser sends this for (RFC 6454 section 7)."""
    fetch_site: str | None = None
    """How that origin stands to the one asked (Fetch Metadata's Sec-Fetch-Site)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SimpleRequest:
    """A request of HTTP/0.9 (RFC 1945 section 5): a line, whose answer ends with the connection. Nothing may follow it:
    there are servers that read header fields even so."""

    method: str
    host: str | None
    """Whom its URL names; None where it is a path."""
    consumed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientHello:
    """A TLS ClientHello (RFC 8446 section 4.1.2)."""

    sni: str | None
    """The server name; None where the extension is absent or its list is empty."""
    alpn: tuple[str, ...]
    versions: tuple[int, ...]
    """What the client offers, e.g. 0x0304; GREASE values among them."""
    offers_ech: bool
    """Whether it has an encrypted_client_hello extension, be it real or GREASE: from outside they look the same."""
    consumed: int
    """Octets of the records that hold it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Socks5Greeting:
    """The authentication methods that a SOCKS5 client offers (RFC 1928 section 3); 0 is none needed."""

    methods: tuple[int, ...]
    consumed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Socks5Login:
    """The name and password of a SOCKS5 client (RFC 1929 section 2)."""

    login: bytes = field(repr=False)
    """`name:password`. Never to be written anywhere."""
    consumed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Socks5Request:
    """What a SOCKS5 client asks for (RFC 1928 section 4)."""

    command: int
    """1 connect, 2 bind, 3 UDP associate; others are not for us to judge."""
    host: str
    """A name, or an address as text."""
    port: int
    consumed: int


@dataclass(frozen=True, slots=True)
class Opaque:
    """Neither TLS nor HTTP, and no further byte can change that."""


@dataclass(frozen=True, slots=True)
class Malformed:
    """It claims to be something that it is not, or broke a limit; no further byte can change that."""

    why: str
    """One clause, without anything that the client sent."""
    too_large: bool = False
    """Whether it is the head of a request that broke its limit (431, RFC 6585 section 5)."""


type Opening = (
    NeedMore
    | Connect
    | PlainHttp
    | SimpleRequest
    | ClientHello
    | Socks5Greeting
    | Socks5Login
    | Socks5Request
    | Opaque
    | Malformed
)
