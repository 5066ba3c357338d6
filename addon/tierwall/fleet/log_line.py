"""One line of the access log that an exported Envoy writes: what was attempted, and what Envoy made of it.

Knows the fields of fleet/envoy/access_log.py and Envoy's words for denials and failures. What a client sent is data: a
line that makes no sense is said, never guessed at.
"""

import re
from enum import Enum
from functools import lru_cache
from typing import Final, NamedTuple

from msgspec import DecodeError, Struct
from msgspec.json import Decoder

from tierwall.fleet.envoy.access_log import Seam
from tierwall.policy.attempt import Attempt, GivenName, NameSource, Seen
from tierwall.policy.hostname import InvalidHost, normalise
from tierwall.policy.model import Address, Transport


class Line(Struct, frozen=True, kw_only=True):
    """The fields, as Envoy writes them; what is empty is left out there."""

    tierwall: Seam
    time: str
    site: str | None = None
    client: str | None = None
    authority: str | None = None
    asked: str | None = None
    address: str | None = None
    sni: str | None = None
    protocol: str | None = None
    method: str | None = None
    agent: str | None = None
    code: int = 0
    detail: str | None = None
    reason: str | None = None
    tier: str | None = None
    termination: str | None = None
    flags: str = "-"
    failure: str | None = None
    upstream: str | None = None
    ms: int = 0
    sent: int = 0
    received: int = 0


class NoLine(ValueError):
    """The line is none of ours; the message says why, in one clause."""


class Did(Enum):
    """What Envoy made of it."""

    PASSED = "let through"
    DENIED = "denied"
    FAILED = "failed to reach"
    NOTHING = "without anything to judge"
    """A tunnel without an octet in it; a connection whose requests have lines of their own."""


class Made(NamedTuple):
    """What Envoy made of it, and the reason that its rule was named after."""

    did: Did
    reason: str | None = None
    led: str | None = None
    """Where the name led, if that was the reason: an address of the network that the rule is about."""


_DECODER: Final = Decoder(Line)
_RULE: Final = re.compile(r"rbac_access_denied_matched_policy\[([a-z-]+)/[a-z]+(?:[ _]([0-9a-f.:]+)/\d+)?\]")
_FAILED: Final = frozenset({"UF", "UH", "UC", "UT", "UR", "UO", "URX", "DF", "LH", "UPE", "NC"})
_SPOKEN: Final = {"tls": Seen.TLS, "http": Seen.HTTP, "raw": Seen.OPAQUE}


def read(line: bytes) -> Line:
    """Raises NoLine."""
    try:
        return _DECODER.decode(line)
    except (DecodeError, UnicodeError) as wrong:
        raise NoLine(str(wrong)) from None


def made_of(line: Line) -> Made:
    """A denial is named by the answer's header, or by the rule that closed it."""
    if line.reason is not None and line.detail == "direct_response":
        return Made(Did.DENIED, line.reason)
    for text in (line.termination, line.detail):
        if text is not None and (rule := _RULE.search(text)) is not None:
            return Made(Did.DENIED, rule[1], rule[2])
    flags = set(line.flags.split(","))
    if "DPE" in flags or (line.code >= 400 and line.upstream is None and not flags & _FAILED):
        return Made(Did.DENIED, "malformed")
    if "NR" in flags:  # no chain takes it: neither TLS nor HTTP, where nothing else is let through
        return Made(Did.DENIED, "protocol-closed")
    if flags & _FAILED and line.detail != "via_upstream":
        return Made(Did.FAILED)
    if line.method is None and (line.protocol == "http" or (line.upstream is None and line.protocol is None)):
        return Made(Did.NOTHING)
    return Made(Did.PASSED)


def attempt_of(line: Line, led: str | None = None) -> Attempt:
    """What the client attempted; of the same destination, the same object."""
    return _attempt(
        line.tierwall,
        line.authority,
        line.asked,
        line.address,
        line.sni,
        line.protocol if line.method is None else line.method,
        led or line.upstream,
    )


@lru_cache(maxsize=65536)
def _attempt(  # noqa: PLR0913, PLR0917 - the key of a cache
    seam: Seam,
    authority: str | None,
    asked: str | None,
    address: str | None,
    sni: str | None,
    spoken: str | None,
    led: str | None,
) -> Attempt:
    try:
        match seam:
            case Seam.REQUEST:
                tunnel = spoken == "CONNECT"
                host, port = _split(authority, None if tunnel else 80)
                names = [GivenName(NameSource.CONNECT if tunnel else NameSource.HOST, host)]
                return _at(names, port, None if tunnel else Seen.HTTP, None, led)
            case Seam.TUNNEL:
                host, port = _split(authority, None)
                names = [GivenName(NameSource.CONNECT, host), *_sni(sni)]
                return _at(names, port, _SPOKEN.get(spoken or "raw"), None, led)
            case Seam.INSIDE:
                host, port = _split(asked, None)
                within, _ = _split(authority, port)
                names = [GivenName(NameSource.CONNECT, host), GivenName(NameSource.HOST, within)]
                return _at(names, port, Seen.HTTP, None, led)
            case Seam.DIRECT:
                chosen, port = _split(address, None)
                return _at([*_sni(sni)], port, _SPOKEN.get(spoken or "raw"), chosen, led)
            case Seam.DIRECT_REQUEST:
                chosen, port = _split(address, None)
                host, _ = _split(authority, port)
                return _at([GivenName(NameSource.HOST, host)], port, Seen.HTTP, chosen, led)
    except InvalidHost as fault:
        return Attempt(transport=Transport.TCP, port=0, malformed=str(fault))


def _sni(name: str | None) -> list[GivenName]:
    return [] if name is None else [GivenName(NameSource.SNI, normalise(name))]


def _at(names: list[GivenName], port: int, seen: Seen | None, chosen: str | Address | None, led: str | None) -> Attempt:
    literal = next((name.value for name in names if not isinstance(name.value, str)), None)
    address = chosen if chosen is not None and not isinstance(chosen, str) else literal if chosen is None else None
    return Attempt(
        transport=Transport.TCP,
        port=port,
        names=tuple(names),
        address=address,
        dialled=_dialled(led),
        seen=seen,
    )


def _dialled(text: str | None) -> Address | None:
    """None where Envoy dialled nothing yet, or its own listener for tunnels."""
    if text is None or text.startswith("envoy://"):
        return None
    host, _ = (
        (normalise(text), 0) if ":" in text and not text.startswith("[") and text.count(":") > 1 else _split(text, 0)
    )
    return None if isinstance(host, str) else host


def _split(text: str | None, otherwise: int | None) -> tuple[str | Address, int]:
    """`host:port`. Raises InvalidHost."""
    if text is None:
        raise InvalidHost("no destination was named")
    host, colon, port = text.rpartition(":")
    if not colon or (text.startswith("[") and text.endswith("]")):
        host, port = text, ""
    if not port:
        if otherwise is None:
            raise InvalidHost("no port was named")
        return normalise(host), otherwise
    if not port.isascii() or not port.isdigit() or int(port[:6]) > 65535:
        raise InvalidHost("the port is no number up to 65535")
    return normalise(host), int(port)
