"""What people write on a command line to ask about a destination -> the attempt that a client there would make.

Knows spellings of targets and what each scheme lets a proxy see. Never resolves anything and decides nothing.
"""

import re
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from typing import Final

from tierwall.policy.attempt import Attempt, GivenName, NameSource, Seen
from tierwall.policy.hostname import InvalidHost, normalise
from tierwall.policy.model import Address, Transport


class InvalidTarget(ValueError):
    """The text names no destination; the message says what to write instead."""


def attempt_for(target: str, *, sni: str | None = None, host: str | None = None) -> Attempt:
    """The attempt of a client that goes where the target says.

    `sni` and `host` are names that it gives besides, in its ClientHello and in its Host header. With them, a target
    that is a literal address is what a transparent gateway sees: an address to go to, and no name in a CONNECT.

    Raises:
        InvalidTarget: With what to write instead, a line for each fault.
    """
    faults: list[str] = []
    place = _or_fault(faults, _parsed, target)
    server_name = None if sni is None else _or_fault(faults, _server_name, sni)
    host_header = None if host is None else _or_fault(faults, _host_header, host)
    if place is None or faults:
        raise InvalidTarget("\n".join(faults))
    besides = {NameSource.SNI: server_name, NameSource.HOST: host_header}
    return Attempt(
        transport=place.scheme.transport,
        port=place.port,
        names=_names(place, {source: name for source, name in besides.items() if name is not None}),
        address=None if isinstance(place.host, str) else place.host,
        seen=place.scheme.seen or (_HANDSHAKE[place.scheme.transport] if sni is not None else None),
    )


def _or_fault[T](faults: list[str], read: Callable[[str], T], text: str) -> T | None:
    try:
        return read(text)
    except InvalidTarget as fault:
        faults.append(str(fault))
        return None


# Schemes


@dataclass(frozen=True, slots=True)
class _Scheme:
    """What a client of that scheme shows to a proxy."""

    transport: Transport
    seen: Seen | None
    port: int | None
    """Where the target says none; None: it must."""
    named_in: tuple[NameSource, ...]
    """Where such a client names its host."""


_TLS = (NameSource.CONNECT, NameSource.SNI)
_SCHEMES: Final = {
    "https": _Scheme(Transport.TCP, Seen.TLS, 443, _TLS),
    "wss": _Scheme(Transport.TCP, Seen.TLS, 443, _TLS),
    "tls": _Scheme(Transport.TCP, Seen.TLS, None, _TLS),
    "http": _Scheme(Transport.TCP, Seen.HTTP, 80, (NameSource.HOST,)),
    "ws": _Scheme(Transport.TCP, Seen.HTTP, 80, (NameSource.HOST,)),
    "tcp": _Scheme(Transport.TCP, None, None, (NameSource.CONNECT,)),
    "udp": _Scheme(Transport.UDP, None, None, (NameSource.CONNECT,)),
    "quic": _Scheme(Transport.UDP, Seen.QUIC, 443, (NameSource.SNI,)),
}


@dataclass(frozen=True, slots=True)
class _Place:
    """A target, read."""

    scheme: _Scheme
    host: str | Address
    port: int


_HANDSHAKE: Final = {Transport.TCP: Seen.TLS, Transport.UDP: Seen.QUIC}
"""What a client that gives a server name speaks."""


def _names(place: _Place, besides: dict[NameSource, str | Address]) -> tuple[GivenName, ...]:
    """Every name, in the order CONNECT, SNI, Host: the target's own, and those that the client gives besides."""
    own = [GivenName(source, place.host) for source in _places_of_own_name(place, besides)]
    others = [GivenName(source, name) for source, name in besides.items()]
    order = list(NameSource)
    return tuple(sorted([*own, *others], key=lambda name: order.index(name.source)))


def _places_of_own_name(place: _Place, besides: Collection[NameSource]) -> Iterable[NameSource]:
    if isinstance(place.host, str):
        return (source for source in place.scheme.named_in if source is not NameSource.SNI or source not in besides)
    if besides or place.scheme.transport is Transport.UDP:
        return ()
    return (source for source in place.scheme.named_in if source is not NameSource.SNI)  # RFC 6066 section 3


# Spellings

_URL = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://([^/\\?#]*).*", re.DOTALL)
_HOST_AND_PORT = re.compile(r"(\[[^\]]*\]|[^:]*)(?::(.*))?", re.DOTALL)
_PORT = re.compile(r"[0-9]{1,5}")
_LAST_PORT: Final = 65535


def _parsed(target: str) -> _Place:
    text = target.strip()
    if url := _URL.fullmatch(text):
        return _of_url(text, url[1].lower(), url[2].rpartition("@")[2])
    bare = re.split(r"[/\\?#]", text)[0]
    if bare != text:
        raise InvalidTarget(f"{_quoted(target)} has a path and no scheme: write {_quoted('https://' + text)}")
    word, _, rest = bare.partition(":")
    if rest and word.lower() in _SCHEMES:
        raise InvalidTarget(f"{_quoted(target)}: two slashes follow a scheme: write {_quoted(f'{word}://{rest}')}")
    if _is_bare_ipv6(bare):
        raise InvalidTarget(f"{_quoted(target)} is an address without a port: write {_quoted(f'[{bare}]:443')}")
    host, port = _split(target, bare)
    value = _host(target, host)
    if port is None:
        instead = f"{_quoted('https://' + bare)} or {_quoted(bare + ':443')}"
        raise InvalidTarget(f"{_quoted(target)} has neither scheme nor port: write {instead}")
    return _Place(_SCHEMES["tcp"], value, _port(target, port))


def _server_name(raw: str) -> str:
    name = _flag("--sni", raw)
    if not isinstance(name, str):
        raise InvalidTarget(f"--sni {_quoted(raw)}: a server name is never an address (RFC 6066, section 3)")
    return name


def _host_header(raw: str) -> str | Address:
    return _flag("--host", raw)


def _flag(flag: str, raw: str) -> str | Address:
    try:
        return normalise(raw)
    except InvalidHost as fault:
        raise InvalidTarget(f"{flag} {_quoted(raw)} is no host: {fault}") from None


def _is_bare_ipv6(text: str) -> bool:
    if text.count(":") < 2 or text.startswith("["):
        return False
    try:
        normalise(text)
    except InvalidHost:
        return False
    return True


def _of_url(target: str, name: str, authority: str) -> _Place:
    scheme = _SCHEMES.get(name)
    if scheme is None:
        known = ", ".join(_SCHEMES)
        raise InvalidTarget(f"{_quoted(target)}: unknown scheme {_quoted(name)} (known: {known})")
    host, port = _split(target, authority)
    value = _host(target, host)
    if port:
        return _Place(scheme, value, _port(target, port))
    if scheme.port is None:
        raise InvalidTarget(f"{_quoted(target)} needs a port: write {_quoted(f'{name}://{host}:443')}, say")
    return _Place(scheme, value, scheme.port)


def _split(target: str, authority: str) -> tuple[str, str | None]:
    parts = _HOST_AND_PORT.fullmatch(authority)
    if parts is None:  # only after a bracket: everything else is a host, or a colon and a port
        raise InvalidTarget(
            f"{_quoted(target)}: expected a colon and a port behind the bracket, as in `[2001:db8::1]:443`"
        )
    return parts[1], parts[2]


def _host(target: str, raw: str) -> str | Address:
    if "*" in raw:
        raise InvalidTarget(f"{_quoted(target)} is a pattern: ask about one host that it covers")
    try:
        return normalise(raw)
    except InvalidHost as fault:
        raise InvalidTarget(f"{_quoted(target)} names no host: {fault}") from None


def _port(target: str, raw: str) -> int:
    if not _PORT.fullmatch(raw) or not 1 <= int(raw) <= _LAST_PORT:
        raise InvalidTarget(f"{_quoted(target)}: the port is a number from 1 to {_LAST_PORT}, not {_quoted(raw)}")
    return int(raw)


def _quoted(text: str) -> str:
    """Cut, without a query, which may be a meeting's key; nothing in it reaches a terminal as a control character."""
    text = text.partition("?")[0]
    shown = text if len(text) <= 80 else text[:79] + "…"
    return "`" + "".join(c if c.isprintable() else ascii(c)[1:-1] for c in shown) + "`"
