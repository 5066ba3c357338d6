"""What the proxy's own port serves to the clients that may use it: a PAC file, the lab CA's certificate, a status page.

Knows paths and HTTP answers. Asks nobody and changes nothing; what the pages say is report's.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple
from urllib.parse import parse_qs

from tierwall.opening import PlainHttp
from tierwall.policy.hostname import InvalidHost, normalise
from tierwall.policy.model import Address
from tierwall.policy.projections.pac_targets import steering
from tierwall.proxy.state.active_policy import ActivePolicy
from tierwall.report.pac import MEDIA_TYPE, Word, pac_for_everything, pac_for_listed
from tierwall.report.run.recent import Recent
from tierwall.report.run.status import Status, status_page

METHODS: Final = ("GET", "HEAD")
METHOD_NOT_ALLOWED: Final = (
    b"HTTP/1.1 405 Method Not Allowed\r\nAllow: GET, HEAD\r\nContent-Length: 0\r\nCache-Control: no-store\r\n"
    b"Connection: close\r\n\r\n"
)
MISDIRECTED: Final = (
    b"HTTP/1.1 421 Misdirected Request\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: 108\r\n"
    b"X-Tierwall-Reason: malformed\r\nCache-Control: no-store\r\nConnection: close\r\n\r\n"
    b"tierwall is not called that. Ask by its address, by its machine's host name, or by a name in its --resolve.\n"
)
"""RFC 9110 section 15.5.20."""

ASKED_BY_ITSELF: Final = (
    "/favicon.ico",
    "/apple-touch-icon.png",
    "/apple-touch-icon-precomposed.png",
    "/robots.txt",
    "/.well-known/appspecific/com.chrome.devtools.json",
)
"""What browsers and crawlers ask of every server, whoever sits before them: there is none, and nobody was denied."""

_HTTP_PORT: Final = 80
_CERTIFICATE_OCTETS: Final = 64 * 1024
"""More than any certificate has."""

_HTML_ALONE: Final = (
    "Content-Security-Policy: default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'none'\r\n"
)


class ReachedAt(NamedTuple):
    """How the client reached this proxy: what it is to use again."""

    host: str | Address
    port: int
    secure: bool = False
    """By TLS to the proxy itself."""


@dataclass(frozen=True, slots=True)
class _Page:
    media_type: str
    body: bytes
    status: str = "200 OK"
    more: str = ""


@dataclass(frozen=True, slots=True)
class Pages:
    """The pages of one proxy."""

    active_policy: ActivePolicy
    recent: Recent
    ca: Path
    """The certificate, never the key; it may not be there yet."""

    def has(self, opening: PlainHttp) -> bool:
        """Whether a request in origin form is for one of them, whatever its method."""
        return _path(opening) in _PAGES

    def answer(self, opening: PlainHttp, listening: ReachedAt) -> bytes:
        """The response to a GET or HEAD for one of them, whole, after which the connection ends.

        `listening` is the address that the client is connected to; its Host header says better how it got here. Who
        asks by a name that is not ours was refused before.
        """
        page = _PAGES[_path(opening)](self, opening, _reached_at(opening, listening))
        head = (
            f"HTTP/1.1 {page.status}\r\nContent-Type: {page.media_type}\r\nContent-Length: {len(page.body)}\r\n"
            f"{page.more}X-Content-Type-Options: nosniff\r\n"
            "Cross-Origin-Resource-Policy: same-origin\r\nCache-Control: no-store\r\nConnection: close\r\n\r\n"
        )
        return head.encode() + (page.body if opening.method != "HEAD" else b"")

    def _status(self, opening: PlainHttp, reached_at: ReachedAt) -> _Page:  # noqa: ARG002  # as the others
        page = status_page(Status(self.active_policy.site, self.active_policy.catalogue, self.recent))
        return _Page("text/html; charset=utf-8", page.encode(), more=_HTML_ALONE)

    def _pac(self, opening: PlainHttp, reached_at: ReachedAt) -> _Page:
        listed = None
        if "all" not in parse_qs(opening.path.partition("?")[2], keep_blank_values=True):
            listed = steering(self.active_policy.site, self.active_policy.catalogue)
        at = reached_at.host, reached_at.port
        word: Word = "HTTPS" if reached_at.secure else "PROXY"
        pac = pac_for_everything(at, word) if listed is None else pac_for_listed(listed, at, word)
        return _Page(MEDIA_TYPE, pac.encode())

    def _ca(self, opening: PlainHttp, reached_at: ReachedAt) -> _Page:  # noqa: ARG002  # as the others
        try:
            with self.ca.open("rb") as file:
                return _Page("application/x-x509-ca-cert", file.read(_CERTIFICATE_OCTETS))
        except OSError:
            return _Page("text/plain; charset=utf-8", b"there is no lab CA\n", status="404 Not Found")

    def _nothing(self, opening: PlainHttp, reached_at: ReachedAt) -> _Page:  # noqa: ARG002  # as the others
        return _Page("text/plain; charset=utf-8", b"there is none\n", status="404 Not Found")


_PAGES: Final[dict[str, Callable[[Pages, PlainHttp, ReachedAt], _Page]]] = {
    "/": Pages._status,  # noqa: SLF001  # a table of this module's own
    "/proxy.pac": Pages._pac,  # noqa: SLF001
    "/ca.pem": Pages._ca,  # noqa: SLF001
    **dict.fromkeys(ASKED_BY_ITSELF, Pages._nothing),  # noqa: SLF001
}


def _path(opening: PlainHttp) -> str:
    return opening.path.partition("?")[0]


def _reached_at(opening: PlainHttp, listening: ReachedAt) -> ReachedAt:
    if opening.host_header is None:
        return listening
    try:
        host = normalise(opening.host_header)
    except InvalidHost:
        return listening
    says_none = listening.secure and opening.port == _HTTP_PORT  # what plain HTTP means by no port at all
    return ReachedAt(host, listening.port if says_none else opening.port, listening.secure)
