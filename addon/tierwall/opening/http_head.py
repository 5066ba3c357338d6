"""The head of an HTTP request -> Connect or PlainHttp, or the line that HTTP/0.9 has instead.

Knows RFC 9112 sections 2 to 5 as a proxy must read them. Lenient only where servers are (bare LF, empty lines before
the request); whatever a server might read differently is Malformed: the name that we judge must be the one it serves.
"""

import re
from dataclasses import dataclass
from typing import Final

from tierwall.opening.values import Connect, Malformed, NeedMore, Octets, Opaque, PlainHttp, SimpleRequest
from tierwall.policy import limits

_METHODS: Final = frozenset({b"GET", b"HEAD", b"POST", b"PUT", b"DELETE", b"CONNECT", b"OPTIONS", b"TRACE", b"PATCH"})
"""RFC 9110 section 9 and RFC 5789. A NUL after one of these is HTTP gone wrong; after another word, another one."""

_SPACES: Final = rb"\t\n\v\f\r "
"""What lenient servers take for a space (RFC 9112 section 3)."""
_SPACES_AS_OCTETS: Final = frozenset(b"\t\n\v\f\r ")
_EMPTY_LINES = re.compile(rb"(?:\r?\n)*")
_BLANK = re.compile(rb"[%b]*" % _SPACES)
_WORD = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]*")
"""A method: any token (RFC 9110 section 9.1)."""
_NUL: Final = b"\0"
_CONTROL = re.compile(rb"[\x00-\x1f\x7f]")
_REQUEST_LINE = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+) ([^ ]+) (HTTP/1\.[0-9])")
_TARGET = re.compile(rb"/|\*|[A-Za-z][A-Za-z0-9+.-]{0,31}://")
_VERSION = re.compile(rb"[%b]HTTP/" % _SPACES, re.IGNORECASE)
"""What makes a line one of HTTP, however wrong it is otherwise."""
_SIMPLE_REQUEST = re.compile(rb"[%b]*([A-Z]+)[%b]+(/[^\0%b]*|https?://[^\0%b]*)[%b]*" % ((_SPACES,) * 5), re.IGNORECASE)
_HEAD_END = re.compile(rb"\n\r?\n")
_HEADER = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*((?:[^\x00-\x1f\x7f]|\t)*)")

_URL = re.compile(rb"([A-Za-z][A-Za-z0-9+.-]*)://(?:[^/?#\\@]*@)?([^/?#\\@]*)([/?#].*)?")
"""User information ends at the one `@`. A second one, or a backslash, is where URL parsers are known to disagree."""

_AUTHORITY = re.compile(rb"(?:\[([0-9A-Fa-f:.]+(?:%[^\[\]]*)?)\]|([^\[\]:/?#@\\ ]+))(?::([0-9]{0,5}))?")
_DEFAULT_PORTS: Final = {"http": 80, "ws": 80, "https": 443, "wss": 443, "ftp": 21}

_NO_REQUEST_LINE: Final = Malformed("the request line is not METHOD target HTTP/1.x")
_TOO_LARGE: Final = Malformed(
    f"the request head takes more than {limits.REQUEST_HEAD_OCTETS // 1024} KiB", too_large=True
)


def read_any_request(data: Octets) -> NeedMore | Connect | PlainHttp | Opaque | Malformed:
    """A request to a proxy: CONNECT, or another method with a target in any form."""
    head = _head(bytes(data[: limits.REQUEST_HEAD_OCTETS]))
    match head:
        case _Head(method="CONNECT"):
            return _connect(head)
        case _Head():
            return _plain(head)
        case _:
            return head


def read_request_to_origin(data: Octets) -> NeedMore | PlainHttp | SimpleRequest | Opaque | Malformed:
    """A request as an origin server gets it. To whom a CONNECT would lead on, nobody could judge."""
    opening = read_any_request(data)
    match opening:
        case Connect():
            return Malformed("a CONNECT inside a tunnel")
        case Opaque():
            return _simple(bytes(data[: limits.REQUEST_HEAD_OCTETS]))
        case _:
            return opening


def host_in(authority: bytes) -> str | None:
    """The host of `host`, `host:port` or `[address]:port`, as it is spelled; None where it is none of these."""
    found = _authority(authority)
    return found.host if found else None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Head:
    method: str
    target: bytes
    version: str
    fields: dict[bytes, bytes]
    """The first value of each header, by lower-case name."""
    consumed: int

    def text(self, name: bytes) -> str | None:
        value = self.fields.get(name)
        return None if value is None else _text(value)

    def octets(self, name: bytes) -> str | None:
        """The same, from which `encode("utf-8", "surrogateescape")` makes the very octets that came."""
        value = self.fields.get(name)
        return None if value is None else value.decode("utf-8", "surrogateescape")


def _head(data: bytes) -> NeedMore | _Head | Opaque | Malformed:
    line = _request_line(data)
    if not isinstance(line, _Line):
        return _too_large_if_full(line, data)
    end = _HEAD_END.search(data, line.feed_at)
    if end is None:
        return _too_large_if_full(NeedMore(len(data) + 1), data)
    fields = _fields(data[line.feed_at + 1 : end.start()])
    if isinstance(fields, Malformed):
        return fields
    return _Head(method=line.method, target=line.target, version=line.version, fields=fields, consumed=end.end())


def _too_large_if_full[T](answer: T, data: bytes) -> T | Malformed:
    return _TOO_LARGE if isinstance(answer, NeedMore) and len(data) == limits.REQUEST_HEAD_OCTETS else answer


@dataclass(frozen=True, slots=True)
class _Line:
    method: str
    target: bytes
    version: str
    feed_at: int
    """Where its line feed is."""


def _request_line(data: bytes) -> NeedMore | _Line | Opaque | Malformed:
    """Looks at octets in their order, so that the first wrong one decides, whether or not more came with it."""
    start = _end_of(_BLANK, data, 0)
    after = _end_of(_WORD, data, start)
    if after == len(data):
        begun = start < after and any(method.startswith(data[start:]) for method in _METHODS)
        return NeedMore(len(data) + 1, may_pause=not begun)
    feed_at = data.find(b"\n", after)
    rest = data[after:feed_at] if feed_at >= 0 else data[after:]
    ends_word = data[after] in _SPACES_AS_OCTETS
    if _NUL in (rest if ends_word else rest[:1]):
        return _NO_REQUEST_LINE if data[start:after] in _METHODS else Opaque()
    if after == start or not ends_word:
        return Opaque()
    if feed_at < 0:
        return NeedMore(len(data) + 1, may_pause=data[start:after] not in _METHODS)
    line = data[_end_of(_EMPTY_LINES, data, 0) : feed_at].removesuffix(b"\r")
    found = _REQUEST_LINE.fullmatch(line)
    if found and not _CONTROL.search(line) and (found[1] == b"CONNECT" or _TARGET.match(found[2])):
        return _Line(_text(found[1]), found[2], _text(found[3]), feed_at)
    return _NO_REQUEST_LINE if _VERSION.search(rest) else Opaque()


def _simple(data: bytes) -> SimpleRequest | Opaque | Malformed:
    """What is not HTTP/1, by its first line."""
    feed_at = data.find(b"\n", _end_of(_BLANK, data, 0))
    found = _SIMPLE_REQUEST.fullmatch(data[: feed_at + 1])
    if found is None or found[1].upper() not in _METHODS:
        return Opaque()
    asked = None if found[2].startswith(b"/") else _absolute(found[2])
    if isinstance(asked, Malformed):
        return asked
    host = asked.authority.host if asked and asked.authority else None
    return SimpleRequest(method=_text(found[1]), host=host, consumed=feed_at + 1)


def _end_of(pattern: re.Pattern[bytes], data: bytes, start: int) -> int:
    found = pattern.match(data, start)
    return found.end() if found else start


def _fields(block: bytes) -> dict[bytes, bytes] | Malformed:
    """Folded lines (RFC 9112 section 5.2) and spaces before the colon (5.1) are faults, as is a second Host (3.2)."""
    fields: dict[bytes, bytes] = {}
    for line in block.split(b"\n") if block else ():
        field = _HEADER.fullmatch(line.removesuffix(b"\r"))
        if field is None:
            return Malformed("a header line is not Name: value")
        name = field[1].lower()
        if name == b"host" and name in fields:
            return Malformed("the request has more than one Host header")
        fields.setdefault(name, field[2].rstrip(b" \t"))
    return fields


def _connect(head: _Head) -> Connect | Malformed:
    authority = _authority(head.target)
    if authority is None or authority.port is None:
        return Malformed("the CONNECT target is not host:port")
    return Connect(
        host=authority.host,
        port=authority.port,
        version=head.version,
        user_agent=head.text(b"user-agent"),
        credentials=head.octets(b"proxy-authorization"),
        consumed=head.consumed,
    )


def _plain(head: _Head) -> PlainHttp | Malformed:
    named = _authority(head.fields[b"host"]) if head.fields.get(b"host") else None
    if named is None and head.fields.get(b"host"):
        return Malformed("the Host header names no host")
    origin_form = head.target.startswith(b"/") or head.target == b"*"
    asked = _Asked("http", named, _path(head.target)) if origin_form else _absolute(head.target)
    if isinstance(asked, Malformed):
        return asked
    port = asked.authority.port if asked.authority else None
    port = port or _DEFAULT_PORTS.get(asked.scheme)
    if port is None:
        return Malformed("the target has no port, and its scheme is unknown")
    return PlainHttp(
        method=head.method,
        scheme=asked.scheme,
        host=asked.authority.host if asked.authority else None,
        port=port,
        path=asked.path,
        origin_form=origin_form,
        host_header=named.host if named else None,
        user_agent=head.text(b"user-agent"),
        upgrade=head.text(b"upgrade"),
        version=head.version,
        credentials=head.octets(b"proxy-authorization"),
        consumed=head.consumed,
        origin=head.text(b"origin"),
        fetch_site=head.text(b"sec-fetch-site"),
    )


@dataclass(frozen=True, slots=True)
class _Authority:
    host: str
    port: int | None


@dataclass(frozen=True, slots=True)
class _Asked:
    scheme: str
    authority: _Authority | None
    path: str


def _absolute(target: bytes) -> _Asked | Malformed:
    url = _URL.fullmatch(target)
    authority = _authority(url[2]) if url else None
    if url is None or authority is None:
        return Malformed("the target of the request names no host")
    return _Asked(_text(url[1]).lower(), authority, _path(url[3] or b"/"))


def _path(target: bytes) -> str:
    """Path and query. A fragment is never sent by a client that knows what it does, and would tell what was read."""
    path = _text(target.partition(b"#")[0])
    return path if path.startswith(("/", "*")) else f"/{path}"


def _authority(octets: bytes) -> _Authority | None:
    """`host`, `host:port`, `[address]:port`; None where it is none of these. An empty port is no port."""
    found = _AUTHORITY.fullmatch(octets)
    if found is None:
        return None
    port = int(found[3]) if found[3] else None
    try:
        host = (found[1] or found[2]).decode()
    except UnicodeDecodeError:
        return None
    return _Authority(host, port) if port is None or 0 < port < 65536 else None


def _text(octets: bytes) -> str:
    return octets.decode("utf-8", "backslashreplace")
