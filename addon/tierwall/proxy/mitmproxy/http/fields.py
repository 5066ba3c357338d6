"""Header fields as a proxy passes them on: what ends at this hop, what it adds, and what trailers may not hold.

Knows RFC 9110 sections 6.5 and 7.6. Refuses to know connections.
"""

from collections.abc import Iterator
from typing import Final

from mitmproxy.http import Headers, Message, Request

PSEUDONYM: Final = "tierwall"
"""RFC 9110 section 7.6.3: what a proxy calls itself in `Via`."""

_HOP_BY_HOP: Final = ("connection", "proxy-connection", "keep-alive", "te", "upgrade")
"""RFC 9110 section 7.6.1, without those that frame a message or tell a proxy who asks."""

_KEPT: Final = frozenset({"host", "content-length", "transfer-encoding"})
"""Fields by which a message is judged or framed: naming them in Connection does not take them away."""

_NO_TRAILERS: Final = frozenset(
    {
        *_HOP_BY_HOP,
        *_KEPT,
        "trailer",
        "expect",
        "max-forwards",
        "range",
        "authorization",
        "cookie",
        "set-cookie",
        "proxy-authorization",
        "proxy-authenticate",
        "www-authenticate",
        "content-encoding",
        "content-type",
        "content-range",
        "cache-control",
        "via",
    }
)
"""RFC 9110 section 6.5.1: fields that frame, route, authenticate or describe a message are no trailers."""

_SECRET: Final = frozenset({b"authorization", b"cookie", b"proxy-authorization"})


def tokens(headers: Headers, name: str) -> list[str]:
    """The members of a list field, in lower case."""
    return [token.strip().lower() for value in headers.get_all(name) for token in value.split(",") if token.strip()]


def becomes_websocket(headers: Headers) -> bool:
    """Whether a request would become a WebSocket (RFC 6455 section 4.1)."""
    return "websocket" in tokens(headers, "upgrade") and "upgrade" in tokens(headers, "connection")


def became_websocket(headers: Headers) -> bool:
    """Whether a 101 says so, and nothing else (RFC 6455 section 4.2.2): octets of it are nobody's to read."""
    return tokens(headers, "upgrade") == ["websocket"] and "upgrade" in tokens(headers, "connection")


def expects_continue(headers: Headers) -> bool:
    """Whether its sender waits for a 100 before the body (RFC 9110 section 10.1.1)."""
    return tokens(headers, "expect") == ["100-continue"]


def wants_close(version: str, headers: Headers) -> bool:
    """Whether the connection ends with this message (RFC 9112 section 9.3)."""
    options = tokens(headers, "connection")
    return "close" in options or (version == "HTTP/1.0" and "keep-alive" not in options)


def take_hop_by_hop(headers: Headers, *, websocket: bool) -> None:
    """Take away what ends here; a change to `websocket` is asked of the next hop too, and of nothing else."""
    for name in (*tokens(headers, "connection"), *_HOP_BY_HOP):
        if name not in _KEPT:
            headers.pop(name, None)
    if websocket:
        headers["Connection"], headers["Upgrade"] = "Upgrade", "websocket"


def add_via(message: Message) -> None:
    """Say that the message came through here (RFC 9110 section 7.6.3)."""
    version = message.http_version.removeprefix("HTTP/")
    ours = f"{version.removesuffix('.0') if message.is_http2 or message.is_http3 else version} {PSEUDONYM}"
    before = message.headers.get("via")
    message.headers["Via"] = f"{before}, {ours}" if before else ours


def take_via(headers: Headers) -> None:
    """Take that back: a site's proxy may hide itself."""
    before, _, _ = headers.get("via", "").rpartition(",")
    if before:
        headers["Via"] = before
    else:
        headers.pop("via", None)


def may_trail(trailers: Headers) -> Headers:
    """Those of the trailers that go on."""
    return Headers([(name, value) for name, value in trailers.fields if name.lower().decode() not in _NO_TRAILERS])


def as_lines(headers: Headers) -> bytes:
    """The fields as HTTP/1 writes them."""
    return b"".join(_lines(headers))


def _lines(headers: Headers) -> Iterator[bytes]:
    for name, value in headers.fields:
        yield b"%s: %s\r\n" % (name, value)


def trace(request: Request) -> bytes:
    """The request as it came here, for TRACE (RFC 9110 section 9.3.8): without what is secret."""
    told = Headers([(name, value) for name, value in request.headers.fields if name.lower() not in _SECRET])
    line = f"{request.method} {request.path} {request.http_version}\r\n"
    return line.encode("utf-8", "surrogateescape") + as_lines(told) + b"\r\n"
