"""The names in a request: every one is judged, and it is sent out with one (RFC 9112 3.2.2, RFC 9113 8.3.1).

Knows where a request names a host. Refuses to decide whether one is admitted.
"""

import re
from typing import Final

from mitmproxy.connection import Server
from mitmproxy.http import Headers, Request

from tierwall.opening.http_head import host_in

_TOKEN: Final = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_PATH: Final = re.compile(rb"/[^\x00-\x20\x7f]*")
_ENDS_A_LINE: Final = re.compile(rb"[\x00\r\n]")
_DEFAULT_PORTS: Final = {"http": 80, "https": 443}


class Unsound(ValueError):
    """A request that no server should get; the message is one clause without anything that was received."""


def judge_by(request: Request) -> tuple[str, ...]:
    """Every host that it names. Raises Unsound where it cannot be read, or could be read in two ways."""
    if not _TOKEN.fullmatch(request.data.method):
        raise Unsound("its method is no token")
    asterisk = request.data.path == b"*"  # of OPTIONS (RFC 9112 section 3.2.4), or of what takes HTTP's form (M-SEARCH)
    if not (asterisk or _PATH.fullmatch(request.data.path)):
        raise Unsound("its path does not begin with a slash, or has a space or control character")
    for name, value in request.headers.fields:
        if not _TOKEN.fullmatch(name) or _ENDS_A_LINE.search(value):
            raise Unsound("a header field is not Name: value")
    given = [request.data.authority, *(value.strip() for value in _values(request.headers, b"host"))]
    return tuple(_read(name) for name in given if name)


def send_by(request: Request, known: Server | None, *, by_parent: bool) -> None:
    """Leave it one name: what it was addressed to. `known`: where its connection leads; None: where its target says.

    `by_parent`: a request for a parent proxy, which wants a URL.
    """
    addressed = request.authority or next(iter(request.headers.get_all("host")), "")
    if known is not None and known.address is not None:
        request.data.host, request.data.port = known.address[0], known.address[1]
        request.scheme = "https" if known.tls else "http"
        addressed = addressed or _spelled(request.scheme, known.address[0], known.address[1])
    if request.is_http2 or request.is_http3:
        request.headers.pop("host", None)
        request.authority = addressed
        return
    request.authority = addressed if by_parent and request.scheme == "http" else ""
    kept = [(name, value) for name, value in request.headers.fields if name.lower() != b"host"]
    request.headers = Headers([(b"Host", addressed.encode("utf-8", "surrogateescape")), *kept])


def _read(authority: bytes) -> str:
    host = host_in(authority)
    if host is None:
        raise Unsound("a name in it is no host")
    return host


def _values(headers: Headers, wanted: bytes) -> list[bytes]:
    return [value for name, value in headers.fields if name.lower() == wanted]


def _spelled(scheme: str, host: str, port: int) -> str:
    host = f"[{host}]" if ":" in host else host
    return host if port == _DEFAULT_PORTS.get(scheme) else f"{host}:{port}"
