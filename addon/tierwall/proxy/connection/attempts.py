"""What the front door saw becomes an Attempt: names normalised once, what makes no sense said.

Knows openings and attempts. Refuses to decide.
"""

from dataclasses import replace
from functools import lru_cache
from typing import Final

from tierwall.opening import ClientHello, Malformed, Opaque, Opening, PlainHttp, SimpleRequest
from tierwall.policy.attempt import Attempt, GivenName, NameSource, Seen
from tierwall.policy.hostname import InvalidHost, normalise
from tierwall.policy.model import Address, Transport
from tierwall.proxy.state.active_policy import ActivePolicy
from tierwall.proxy.state.destinations import Destinations

_REMEMBERED: Final = 4096
"""Attempts of each kind. One that comes again is the same object: not built anew, and its verdict found at once."""


def named(source: NameSource, host: str, port: int, destinations: Destinations) -> Attempt:
    """An attempt at the host that a client named, in whatever spelling."""
    try:
        value = normalise(host)
    except InvalidHost as fault:
        return Attempt(transport=Transport.TCP, port=port, malformed=f"host: {fault}")
    redirected = destinations.redirect(value, port) is not None
    if isinstance(value, str):
        return _at(source, value, port, redirected)
    return Attempt(
        transport=Transport.TCP,
        port=port,
        names=(GivenName(source, value),),
        address=value,
        redirected=redirected,
        to_self=not redirected and destinations.is_self(value, port),
    )


@lru_cache(_REMEMBERED)
def _at(source: NameSource, name: str, port: int, redirected: bool) -> Attempt:
    return Attempt(transport=Transport.TCP, port=port, names=(GivenName(source, name),), redirected=redirected)


@lru_cache(_REMEMBERED)
def dialling(attempt: Attempt, address: Address, redirected: bool, to_self: bool) -> Attempt:
    """The attempt as it would be dialled."""
    return replace(attempt, dialled=address, redirected=redirected, to_self=to_self)


def at_address(address: Address, port: int, transport: Transport, destinations: Destinations) -> Attempt:
    """An attempt at an address that a client chose without naming it; a name that our own DNS gave it counts."""
    learned = destinations.name_of(address)
    redirected = destinations.redirect(address, port) is not None
    to_self = not redirected and transport is Transport.TCP and destinations.is_self(address, port)
    return _at_address(address, port, transport, learned, redirected, to_self)


@lru_cache(_REMEMBERED)
def _at_address(  # noqa: PLR0913, PLR0917 - all that it is made of
    address: Address, port: int, transport: Transport, learned: str | None, redirected: bool, to_self: bool
) -> Attempt:
    names = (GivenName(NameSource.DNS, learned),) if learned else ()
    return Attempt(transport=transport, port=port, names=names, address=address, redirected=redirected, to_self=to_self)


def asked_for(host: str, port: int, transport: Transport, destinations: Destinations) -> Attempt:
    """An attempt at what mitmproxy was asked for: a name, or the text of an address that nobody named."""
    attempt = named(NameSource.CONNECT, host, port, destinations)
    if attempt.address is not None:
        return at_address(attempt.address, port, transport, destinations)
    return replace(attempt, transport=transport)


def to_dial(attempt: Attempt, destinations: Destinations, active_policy: ActivePolicy) -> str | Address | None:
    """What is to be dialled: the name that the client asked for, or the address that it chose itself.

    In that address's place: the name, where `--resolve` sends it elsewhere, or where it is only claimed and the site
    resolves such names. What our own DNS answered for the name is no claim.
    """
    if attempt.address is None:
        return next((name.value for name in attempt.names), None)
    named_first = next((name.value for name in attempt.names if isinstance(name.value, str)), None)
    if named_first is not None and destinations.redirect(named_first, attempt.port) is not None:
        return named_first
    claim = active_policy.claim(attempt)
    if claim is None or not claim.resolves or destinations.name_of(claim.address) == claim.name:
        return attempt.address
    return claim.name


def reached(attempt: Attempt, address: Address | None, redirected: bool = False) -> Attempt:
    """The attempt as it is told of: with what was dialled, where that is not the address that the client chose."""
    if attempt.address is None or address is None or address == attempt.address:
        return attempt
    return dialling(attempt, address, redirected, to_self=False)


def with_opening(attempt: Attempt, opening: Opening | None) -> Attempt:
    """The attempt with the names that the opening gives, and what it was seen to be."""
    match opening:
        case ClientHello(sni=sni):
            return with_name(attempt, NameSource.SNI, sni, Seen.TLS)
        case PlainHttp():
            attempt = with_name(attempt, NameSource.HOST, opening.host_header, Seen.HTTP)
            # An absolute target (`GET http://name/`) overrides the Host header (RFC 9112 section 3.2.2): both count.
            return attempt if opening.origin_form else _with_target(attempt, opening.host)
        case SimpleRequest(host=host):
            return with_name(attempt, NameSource.HOST, host, Seen.HTTP)
        case Malformed(why=why):
            return replace(attempt, malformed=why)
        case Opaque():
            return replace(attempt, seen=Seen.OPAQUE)
        case _:
            return attempt


def with_name(attempt: Attempt, source: NameSource, host: str | None, seen: Seen | None = None) -> Attempt:
    """The attempt with one more name, in whatever spelling; a name that a client gave makes one from DNS moot."""
    seen = seen or attempt.seen
    if host is None:
        return attempt if seen is attempt.seen else replace(attempt, seen=seen)
    try:
        value = normalise(host)
    except InvalidHost as fault:
        return replace(attempt, seen=seen, malformed=f"{source}: {fault}")
    return _with(attempt, source, value, seen)


@lru_cache(_REMEMBERED)
def _with(attempt: Attempt, source: NameSource, value: str | Address, seen: Seen | None) -> Attempt:
    given = tuple(name for name in attempt.names if name.source is not NameSource.DNS)
    return replace(attempt, seen=seen, names=(*given, GivenName(source, value)))


def _with_target(attempt: Attempt, host: str | None) -> Attempt:
    named_too = with_name(attempt, NameSource.HOST, host)
    known = len(named_too.names) > 1 and any(name.value == named_too.names[-1].value for name in named_too.names[:-1])
    return attempt if known else named_too
