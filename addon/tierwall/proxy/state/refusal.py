"""What a denied client sees, by what it spoke and what the site wants: bytes to say goodbye with, RST or silence.

Knows wire formats and wording. Refuses to decide: the verdict is given, and the front door sends what comes out.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, assert_never

from tierwall.policy.attempt import Reason, Verdict
from tierwall.policy.site import ConnectRefusal, HttpRefusal, OtherRefusal, Refusals, SocksRefusal, TlsRefusal
from tierwall.proxy.state.block_page import FIELDS, Refused, explanation, page

ACCESS_DENIED: Final = bytes.fromhex("15 03 03 00 02 02 31")
"""A fatal TLS alert access_denied (49), RFC 8446 section 6.2; record version 0x0303 as section 5.1 has it."""

SOCKS_NO_METHOD: Final = b"\x05\xff"
SOCKS_NO_AUTHENTICATION: Final = b"\x05\x00"
SOCKS_NAME_AND_PASSWORD: Final = b"\x05\x02"
SOCKS_WELCOME: Final = b"\x01\x00"
"""RFC 1929 section 2: the name and the password are taken."""

_CLOSE: Final = "Connection: close\r\n"
_STAYS: Final = "Connection: keep-alive\r\n"

_REMEMBERED: Final = 1024
_before: Final[dict[int, tuple[Verdict, str, str, str]]] = {}
"""By the verdict's identity, of which most come out of a cache: it, the destination, the site, and what was said. It
holds the verdict, so that its id stays its own."""


@dataclass(frozen=True, slots=True)
class Farewell:
    """These bytes, then FIN."""

    octets: bytes


class Reset:
    """RST."""


class Silence:
    """Nothing, until the client gives up."""


type Refusal = Farewell | Reset | Silence

UNAVAILABLE: Final = Farewell(
    b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nX-Tierwall-Reason: behaviour\r\n"
    b"Cache-Control: no-store\r\nConnection: close\r\n\r\n"
)
"""The proxy has no room for the client."""


class Spoken(StrEnum):
    """What the client speaks when it is refused."""

    CONNECT = "connect"
    HTTP = "http"
    SOCKS = "socks"
    TLS = "tls"
    OTHER = "other"


def refuse(spoken: Spoken, wants: Refusals, refused: Refused) -> tuple[str, Refusal]:
    """How the site refuses what was spoken: its name for the journal, and what the client sees."""
    match spoken:
        case Spoken.CONNECT:
            return str(wants.connect), _connect(wants.connect, refused)
        case Spoken.HTTP:
            return str(wants.http), _http(wants.http, refused)
        case Spoken.SOCKS:
            return str(wants.socks), _socks(wants.socks)
        case Spoken.TLS:
            return str(wants.tls), _tls(wants.tls)
        case Spoken.OTHER:
            return str(wants.other), _other(wants.other)
        case _:
            assert_never(spoken)


def unreachable(spoken: Spoken, refused: Refused, cause: str, *, timed_out: bool) -> Refusal:
    """What an admitted client sees when the dial failed."""
    match spoken:
        case Spoken.CONNECT | Spoken.HTTP:
            status = "504 Gateway Timeout" if timed_out else "502 Bad Gateway"
            return Farewell(_text(status, refused, (("cause", cause),)))
        case Spoken.SOCKS:
            return Farewell(socks_reply(0x06 if timed_out else 0x05 if "refused" in cause else 0x04))
        case Spoken.TLS | Spoken.OTHER:
            return Reset()
        case _:
            assert_never(spoken)


def unreached(spoken: Spoken, refused: Refused, cause: str, *, timed_out: bool) -> tuple[str, Refusal]:
    """The same with its name, for events."""
    names = {Spoken.CONNECT: ("502", "504"), Spoken.HTTP: ("502", "504"), Spoken.SOCKS: ("unreachable", "expired")}
    name = names.get(spoken, ("reset", "reset"))[timed_out]
    return name, unreachable(spoken, refused, cause, timed_out=timed_out)


def not_http(refused: Refused, *, too_large: bool = False) -> tuple[str, Refusal]:
    """What makes no sense, sent to a port that speaks HTTP, or a head that takes too much (RFC 6585 section 5)."""
    if too_large:
        return "431", Farewell(_text("431 Request Header Fields Too Large", refused))
    return "400", Farewell(_text("400 Bad Request", refused))


def challenge(refused: Refused, offered: Iterable[str], *, stays: bool) -> bytes:
    """A name and a password are wanted. `offered`: how; `stays`: the client may answer on the same connection."""
    fields = "".join(f"Proxy-Authenticate: {each}\r\n" for each in offered)
    return _text("407 Proxy Authentication Required", refused, extra=fields + (_STAYS if stays else _CLOSE))


def basic_of(realm: str) -> str:
    """The value of Proxy-Authenticate (RFC 7617 section 2)."""
    return f'Basic realm="{_quoted(realm)}", charset="UTF-8"'


def digest_of(realm: str, nonce: str) -> str:
    """The same of RFC 7616 section 3.3."""
    return f'Digest realm="{_quoted(realm)}", qop="auth", algorithm=MD5, nonce="{nonce}"'


def _quoted(text: str) -> str:
    return " ".join(text.split()).replace("\\", "\\\\").replace('"', '\\"')


def found(location: str) -> Farewell:
    """Another page instead of the one that was asked for. It is not to be remembered (RFC 9110 section 15.4.3)."""
    return Farewell(
        f"HTTP/1.1 302 Found\r\nLocation: {location}\r\nContent-Length: 0\r\nX-Tierwall-Reason: behaviour\r\n"
        f"Cache-Control: no-store\r\nConnection: close\r\n\r\n".encode()
    )


def conflict(refused: Refused) -> Farewell:
    """The name leads elsewhere than the client went; Squid's answer to it."""
    return Farewell(_text("409 Conflict", refused))


def _connect(how: ConnectRefusal, refused: Refused) -> Refusal:
    match how:
        case ConnectRefusal.FORBIDDEN:
            return Farewell(_text("403 Forbidden", refused))
        case ConnectRefusal.BAD_GATEWAY:
            return Farewell(_text("502 Bad Gateway", refused))
        case ConnectRefusal.PROXY_AUTH:
            challenge = 'Proxy-Authenticate: Basic realm="proxy"\r\n'
            return Farewell(_text("407 Proxy Authentication Required", refused, extra=challenge + _CLOSE))
        case ConnectRefusal.RESET:
            return Reset()
        case ConnectRefusal.DROP:
            return Silence()
        case _:
            assert_never(how)


def _http(how: HttpRefusal, refused: Refused) -> Refusal:
    match how:
        case HttpRefusal.PAGE:
            fields = "".join(f"{name}: {value}\r\n" for name, value in FIELDS.items())
            shown = _response("403 Forbidden", "text/html; charset=utf-8", page(refused), refused, fields + _CLOSE)
            return Farewell(shown)
        case HttpRefusal.FORBIDDEN:
            return Farewell(_response("403 Forbidden", "text/plain; charset=utf-8", b"", refused))
        case HttpRefusal.RESET:
            return Reset()
        case HttpRefusal.DROP:
            return Silence()
        case _:
            assert_never(how)


def _tls(how: TlsRefusal) -> Refusal:
    match how:
        case TlsRefusal.ALERT | TlsRefusal.PAGE:  # the page is mitmproxy's to show; where it cannot, an alert
            return Farewell(ACCESS_DENIED)
        case TlsRefusal.RESET:
            return Reset()
        case TlsRefusal.DROP:
            return Silence()
        case _:
            assert_never(how)


def _socks(how: SocksRefusal) -> Refusal:
    match how:  # RFC 1928 section 6
        case SocksRefusal.RULESET:
            return Farewell(socks_reply(0x02))
        case SocksRefusal.FAILURE:
            return Farewell(socks_reply(0x01))
        case SocksRefusal.DROP:
            return Silence()
        case _:
            assert_never(how)


def _other(how: OtherRefusal) -> Refusal:
    match how:
        case OtherRefusal.RESET:
            return Reset()
        case OtherRefusal.DROP:
            return Silence()
        case _:
            assert_never(how)


def socks_reply(code: int) -> bytes:
    """A SOCKS5 reply with an unspecified bound address."""
    return bytes((5, code, 0, 1, 0, 0, 0, 0, 0, 0))


def headers(verdict: Verdict) -> dict[str, str]:
    """What machines read of a refusal."""
    return {"X-Tierwall-Reason": str(verdict.reason), "X-Tierwall-Tier": str(verdict.tier)}


def _text(
    status: str,
    refused: Refused,
    more: Sequence[tuple[str, str]] = (),
    extra: str = _CLOSE,
) -> bytes:
    text = _worded(refused)
    for term, said in more:
        text += f"{term}: {said}\n"
    if refused.event:
        text += f"event: {refused.event}\n"
    return _response(status, "text/plain; charset=utf-8", text.encode(), refused, extra)


def _worded(refused: Refused) -> str:
    """What is said of each attempt with the same verdict."""
    verdict, target, site = refused.verdict, refused.target, refused.site
    known = _before.get(id(verdict))
    if known is not None and known[1:3] == (target, site):
        return known[3]
    what = "is let through, and does not answer" if verdict.reason is Reason.UNREACHABLE else "is not let through"
    reason, *breaks = explanation(verdict)
    rows = (reason, ("tier", str(verdict.tier)), *breaks)
    text = f"tierwall: {target} {what} (site {site})\n" + "".join(f"{term}: {said}\n" for term, said in rows)
    if len(_before) >= _REMEMBERED:
        _before.clear()
    _before[id(verdict)] = (verdict, target, site, text)
    return text


def _response(status: str, content_type: str, body: bytes, refused: Refused, extra: str = _CLOSE) -> bytes:
    fields = "".join(f"{name}: {value}\r\n" for name, value in headers(refused.verdict).items())
    head = (
        f"HTTP/1.1 {status}\r\nContent-Type: {content_type}\r\nContent-Length: {len(body)}\r\n"
        f"{fields}Cache-Control: no-store\r\n{extra}\r\n"
    )
    return head.encode() + body
