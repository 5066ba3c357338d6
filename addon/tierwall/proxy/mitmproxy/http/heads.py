"""Octets of HTTP/1 heads -> mitmproxy's Request and Response, and back.

Knows what `opening` reads: the front door judges by the same reader, so that nothing is read in two ways. Refuses to
know connections.
"""

import re
import time
from base64 import b64encode
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote_to_bytes

from mitmproxy.http import Headers, Request, Response

from tierwall.opening import Connect, Malformed, NeedMore, PlainHttp
from tierwall.opening.http_head import read_any_request, read_request_to_origin
from tierwall.policy.limits import REQUEST_HEAD_OCTETS
from tierwall.proxy.mitmproxy.http.fields import as_lines

RESPONSE_HEAD_OCTETS: Final = REQUEST_HEAD_OCTETS

_TARGET: Final = re.compile(rb"(?:([A-Za-z][A-Za-z0-9+.-]*)://(?:([^/?#\\@]*)@)?([^/?#\\@]*))?([^#]*)")
_STATUS_LINE: Final = re.compile(rb"(HTTP/1\.[0-9]) ([1-9][0-9]{2})(?:[ \t]+([^\x00-\x08\x0a-\x1f\x7f]*))?[ \t]*")
_FIELD: Final = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+)[ \t]*:[ \t]*((?:[^\x00-\x08\x0a-\x1f\x7f])*)")
_HEAD_END: Final = re.compile(rb"\n\r?\n")
_EMPTY_LINES: Final = re.compile(rb"(?:\r?\n)*")
_PROXIED: Final = frozenset({"http", "https"})


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A head that makes no sense, and what its sender is answered."""

    why: str
    """One clause, without anything that was received."""
    status: int = 400


@dataclass(frozen=True, slots=True)
class Read[M: (Request, Response)]:
    """A head."""

    message: M
    consumed: int


def read_request(octets: bytes, *, to_proxy: bool) -> NeedMore | Unreadable | Read[Request]:
    """A request as a proxy's client sends it, or (not `to_proxy`) as an origin's does."""
    opening = read_any_request(octets) if to_proxy else read_request_to_origin(octets)
    match opening:
        case NeedMore():
            return opening
        case Connect(host=host, port=port):
            request = _request(octets, opening.consumed, path=b"")
            request.data.host, request.data.port = host, port
            request.authority = octets[: opening.consumed].split(b" ", 2)[1].decode()
            return Read(request, opening.consumed)
        case PlainHttp(origin_form=True) if to_proxy:
            return Unreadable("a request to the proxy itself, not through it, after others of its connection")
        case PlainHttp(scheme=scheme) if scheme not in _PROXIED:
            return Unreadable("no proxy serves URLs of its scheme")
        case PlainHttp():
            return Read(_plain(octets, opening), opening.consumed)
        case Malformed(why=why):
            return Unreadable(why, 431 if opening.too_large else 400)
        case _:
            return Unreadable("what follows is no request of HTTP/1")


def read_response(octets: bytes) -> NeedMore | Unreadable | Read[Response]:
    """An answer's head. RFC 9112 says where to be lenient: bare LF (2.2), space before a colon (5.1), folds (5.2)."""
    start = _start(octets)
    feed_at = octets.find(b"\n", start)
    status = _STATUS_LINE.fullmatch(octets[start:feed_at].removesuffix(b"\r")) if feed_at >= 0 else None
    if feed_at >= 0 and status is None:
        return Unreadable("its first line is no status of HTTP/1")
    end = _HEAD_END.search(octets, feed_at) if feed_at >= 0 else None
    if status is None or end is None or end.end() > RESPONSE_HEAD_OCTETS:
        too_large = len(octets) >= RESPONSE_HEAD_OCTETS
        return Unreadable(f"its head takes more than {RESPONSE_HEAD_OCTETS // 1024} KiB") if too_large else _MORE
    lines = [line.removesuffix(b"\r") for line in octets[start : end.start()].split(b"\n")]
    fields: list[tuple[bytes, bytes]] = []
    for line in lines[1:]:
        if line[:1] in {b" ", b"\t"} and fields:
            fields[-1] = fields[-1][0], b"%s %s" % (fields[-1][1], line.strip())
        elif (field := _FIELD.fullmatch(line)) is not None:
            fields.append((field[1], field[2].rstrip(b" \t")))
        else:
            return Unreadable("a line of its head is not Name: value")
    message = Response(
        http_version=status[1],
        status_code=int(status[2]),
        reason=status[3] or b"",
        headers=Headers(fields),
        content=None,
        trailers=None,
        timestamp_start=time.time(),
        timestamp_end=None,
    )
    return Read(message, end.end())


def request_head(request: Request) -> bytes:
    """As it is sent: HTTP/1.1, whatever its client spoke (RFC 9110 section 2.5)."""
    data = request.data
    target = b"%s://%s%s" % (data.scheme, data.authority, data.path) if data.authority else data.path
    return b"%s %s HTTP/1.1\r\n%s\r\n" % (data.method, target, as_lines(data.headers))


def response_head(response: Response, headers: Headers) -> bytes:
    """As it is sent, with these fields."""
    return b"HTTP/1.1 %d %s\r\n%s\r\n" % (response.status_code, response.data.reason, as_lines(headers))


_MORE: Final = NeedMore(1)


def _plain(octets: bytes, opening: PlainHttp) -> Request:
    found = _TARGET.match(_line(octets).split(b" ")[1])
    scheme, user, authority, path = found.groups() if found else (None, None, None, b"/")
    if not path.startswith((b"/", b"*")):
        asks_all = opening.method == "OPTIONS" and not path  # RFC 9112 section 3.2.4
        path = b"*" if asks_all else b"/" + path
    request = _request(octets, opening.consumed, path=path)
    if scheme:
        request.data.host, request.data.port = opening.host or "", opening.port
        request.data.scheme = opening.scheme.encode()
    request.data.authority = (authority or b"").removesuffix(b":")
    if user and "authorization" not in request.headers:
        request.headers["Authorization"] = f"Basic {b64encode(unquote_to_bytes(user)).decode()}"
    return request


def _request(octets: bytes, consumed: int, *, path: bytes) -> Request:
    method, _, version = _line(octets).split(b" ")
    _, _, block = octets[_start(octets) : consumed].partition(b"\n")
    fields = [line.rstrip(b"\r").partition(b":") for line in block.split(b"\n") if line.rstrip(b"\r")]
    return Request(
        host="",
        port=0,
        method=method,
        scheme=b"",
        authority=b"",
        path=path,
        http_version=version,
        headers=Headers([(name, value.strip(b" \t")) for name, _, value in fields]),
        content=None,
        trailers=None,
        timestamp_start=time.time(),
        timestamp_end=None,
    )


def _start(octets: bytes) -> int:
    found = _EMPTY_LINES.match(octets)
    return found.end() if found else 0


def _line(octets: bytes) -> bytes:
    start = _start(octets)
    return octets[start : octets.index(b"\n", start)].removesuffix(b"\r")
