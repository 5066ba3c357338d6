"""A TCP connection to a place, straight or through a proxy (HTTP, HTTP in TLS, SOCKS5), and what the proxy said.

Knows CONNECT (RFC 9110 section 9.3.6); socks.py has the other one. Credentials go to the proxy alone, and into nothing
that is kept.
"""

import base64
import re
import socket
import ssl
import time
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

from tierwall.probe.wire import http1, socks
from tierwall.probe.wire.failure import word_for
from tierwall.probe.wire.inside import inside

CONNECT_S = 6.0
"""Seconds for a connection to stand, all addresses of a name together."""
ANSWER_S = 24.0
"""Seconds for a proxy to answer a CONNECT: it dials meanwhile, and many give up after 20."""


_PORTS = {"http": 8080, "https": 443, "socks5": 1080}


@dataclass(frozen=True)
class Proxy:
    """A proxy, and how it is spoken to."""

    host: str
    port: int
    credentials: str | None = field(default=None, repr=False)
    """`user:password`."""
    scheme: str = "http"
    """`http`, `https` (HTTP in TLS), or `socks5`, which is given names."""

    @property
    def url(self) -> str:
        """As it may be shown: without credentials."""
        return f"{self.scheme}://{bracketed(self.host)}:{self.port}"

    @property
    def without_credentials(self) -> "Proxy":
        """The same, asked as a client that has none."""
        return Proxy(self.host, self.port, scheme=self.scheme)


def read_proxy(text: str) -> Proxy:
    """`http://[user:password@]host:port`, or https or socks5. Raises ValueError, which says what is expected."""
    url = urlsplit(text if "//" in text else f"http://{text}")
    scheme = "socks5" if url.scheme in {"socks5h", "socks"} else url.scheme
    if scheme not in _PORTS:
        raise ValueError(f"{url.scheme}: proxies are spoken to by http://, https:// or socks5://HOST:PORT")
    if not url.hostname:
        raise ValueError(f"write {scheme}://HOST:PORT")
    credentials = None if url.username is None else f"{unquote(url.username)}:{unquote(url.password or '')}"
    return Proxy(url.hostname, url.port or _PORTS[scheme], credentials, scheme)


@dataclass(frozen=True)
class Reached:
    """A connection that stands."""

    sock: socket.socket
    ms: float


@dataclass(frozen=True)
class Failed:
    """How it did not come to one."""

    saw: str
    ms: float
    detail: dict[str, str] = field(default_factory=dict)


def connect(host: str, port: int, *, address: str | None = None, limit_s: float = CONNECT_S) -> Reached | Failed:
    """Straight to there; to this address where one is given."""
    began = time.monotonic()
    try:
        sock = socket.create_connection((address or host, port), timeout=limit_s)
    except socket.gaierror:
        return Failed("no-address", _ms(began))
    except OSError as fault:
        return Failed(word_for(fault), _ms(began))
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return Reached(sock, _ms(began))


def connect_to(proxy: Proxy) -> Reached | Failed:
    """To the proxy itself, inside TLS where it is spoken to so: the certificate must be one that this machine trusts,
    as the proxy may be given a password."""
    reached = connect(proxy.host, proxy.port)
    if isinstance(reached, Failed):
        return Failed(f"proxy {reached.saw}", reached.ms)
    reached.sock.settimeout(ANSWER_S)
    if proxy.scheme != "https":
        return reached
    began = time.monotonic()
    try:
        session = ssl.create_default_context().wrap_socket(reached.sock, server_hostname=proxy.host)
        sock = inside(session)
    except OSError as fault:
        reached.sock.close()
        untrusted = isinstance(fault, ssl.SSLCertVerificationError)
        return Failed(f"proxy {'untrusted' if untrusted else word_for(fault)}", reached.ms + _ms(began))
    sock.settimeout(ANSWER_S)
    return Reached(sock, reached.ms + _ms(began))


def connect_through(proxy: Proxy, host: str, port: int) -> Reached | Failed:
    """By CONNECT. A refusal's `saw` is its status, of SOCKS5 its word."""
    began = time.monotonic()
    reached = connect_to(proxy)
    if isinstance(reached, Failed):
        return reached
    sock = reached.sock
    if proxy.scheme == "socks5":
        return _by_socks(sock, proxy, host, port)
    place = f"{bracketed(host)}:{port}"
    lines = [f"CONNECT {place} HTTP/1.1", f"Host: {place}", *authorization(proxy), "", ""]
    try:
        sock.sendall("\r\n".join(lines).encode("latin-1"))
        answer = http1.read_head(sock)
    except OSError as fault:
        sock.close()
        return Failed(word_for(fault), _ms(began))
    if 200 <= answer.status < 300:
        return Reached(sock, _ms(began))
    told = http1.read_some(sock, answer)
    sock.close()
    return Failed(str(answer.status), _ms(began), said_by(answer, told))


def _by_socks(sock: socket.socket, proxy: Proxy, host: str, port: int) -> Reached | Failed:
    began = time.monotonic()
    try:
        saw = socks.refusal(sock, host, port, proxy.credentials)
    except OSError as fault:
        saw = word_for(fault)
    if not saw:
        return Reached(sock, _ms(began))
    sock.close()
    return Failed(saw, _ms(began))


def authorization(proxy: Proxy) -> list[str]:
    """The header that the proxy's password goes in, if there is one."""
    if proxy.credentials is None:
        return []
    return ["Proxy-Authorization: Basic " + base64.b64encode(proxy.credentials.encode()).decode()]


def said_by(answer: http1.Answer, told: bytes = b"") -> dict[str, str]:
    """What a refusal says of whoever sent it: its product, what it asks for, its page's title."""
    detail: dict[str, str] = {}
    product = product_of(answer, told)
    if product:
        detail["product"] = product
    asked = answer.header("proxy-authenticate")
    if asked:
        detail["scheme"] = asked.split()[0]
        realm = re.search(r'realm="([^"]*)"', asked)
        if realm:
            detail["realm"] = realm.group(1)[:200]
    title = re.search(rb"(?is)<title>\s*(.{1,200}?)\s*</title>", told)
    if title:
        detail["title"] = title.group(1).decode("utf-8", "replace")
    return detail


_PRODUCTS = (
    ("tierwall", "tierwall"),
    ("squid", "Squid"),
    ("zscaler", "Zscaler"),
    ("blue ?coat|proxysg|symantec", "Symantec ProxySG"),
    ("forti(gate|guard|net|proxy)", "Fortinet FortiGate"),
    ("palo ?alto|pan-os", "Palo Alto Networks"),
    ("cisco|ironport|umbrella|opendns", "Cisco"),
    ("mcafee|skyhigh", "Skyhigh (McAfee) Web Gateway"),
    ("forcepoint|websense", "Forcepoint"),
    ("netskope", "Netskope"),
    ("sophos", "Sophos"),
    ("barracuda", "Barracuda"),
    ("check ?point", "Check Point"),
    ("iboss", "iboss"),
    ("cloudflare gateway|warp", "Cloudflare Gateway"),
    ("tinyproxy", "tinyproxy"),
    ("mitmproxy", "mitmproxy"),
)


def product_of(answer: http1.Answer, told: bytes = b"") -> str:
    """The product that an answer names, in its headers or its page; empty where it names none."""
    names = ("server", "via", "x-squid-error", "proxy-agent", "proxy-authenticate", "x-cache", "location")
    text = " ".join(answer.header(name) for name in names) + " " + told.decode("utf-8", "replace")
    return next((product for pattern, product in _PRODUCTS if re.search(pattern, text, re.IGNORECASE)), "")


def bracketed(host: str) -> str:
    """The host as URLs write it."""
    return f"[{host}]" if ":" in host else host


def _ms(began: float) -> float:
    return (time.monotonic() - began) * 1000
