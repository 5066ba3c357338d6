"""Which client patterns show whether a vendor's services work under a site, and which of them cannot be shown here.

Knows services' protocols and behaviours' times; pure. No result is foretold here.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final, assert_never

from tierwall.policy.attempt import Effect
from tierwall.policy.behaviour import (
    FqdnCacheExpiry,
    HostForgeryCheck,
    IdleTimeout,
    MaxLifetime,
    OneSegmentHello,
    Reset,
    StaleAddresses,
    Stall,
)
from tierwall.policy.judge import judge
from tierwall.policy.model import Catalogue, Protocol, Transport
from tierwall.policy.projections.impact import Try, tries_of
from tierwall.policy.site import Site

HOLD_S: Final = 2.0
"""Seconds that persistent connections are held silent where nothing asks for longer."""

_BEYOND_S: Final = 2.0
"""Seconds beyond the time of a behaviour, after which it must have struck."""


class Pattern(StrEnum):
    """What a client does."""

    PAGE = "https page"
    SOCKET = "websocket, held"
    NATIVE = "tls session, held"
    """A protocol inside TLS that is not HTTP, by a client that trusts what this machine trusts, the lab CA included."""
    PINNED = "the same, own CAs"
    """The same by a client that trusts the vendor's certificate alone."""
    REDIRECT = "http redirect"
    DATAGRAMS = "udp"


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One client pattern at one place of a service."""

    of: Try
    pattern: Pattern
    hold_s: float = 0.0
    not_run: str | None = None
    """Why it cannot be shown here."""


def checks_of(catalogue: Catalogue, site: Site, vendor: str, longest_s: float) -> Iterator[Check]:
    """Every check of the vendor. What would take longer than `longest_s` is not run, and says so."""
    for each in tries_of(catalogue, vendor):
        effects = judge(site, catalogue, each.attempt).effects
        for pattern in _patterns(each):
            of = _apart(each) if pattern is Pattern.PINNED else each
            hold_s = _hold_s(effects) if pattern in {Pattern.SOCKET, Pattern.NATIVE, Pattern.PINNED} else 0.0
            yield Check(of=of, pattern=pattern, hold_s=hold_s, not_run=_why_not(pattern, effects, hold_s, longest_s))


def _apart(each: Try) -> Try:
    """The same at a name of its own, where the rule leaves that open: the journal tells the two clients apart by it."""
    if isinstance(each.host, str) and each.host.startswith(f"{each.service.id}."):
        return replace(each, host=f"own-cas-{each.host}")
    return each


def _patterns(each: Try) -> tuple[Pattern, ...]:
    if each.transport is Transport.UDP:
        return (Pattern.DATAGRAMS,)
    if each.port == 80:
        return (Pattern.REDIRECT,)
    match each.service.protocol:
        case Protocol.HTTPS | Protocol.WEBHOOK:
            return (Pattern.PAGE,)
        case Protocol.WEBSOCKET:
            return (Pattern.SOCKET,)
        case Protocol.HTTP_REDIRECT:
            return (Pattern.REDIRECT,)
        case Protocol.TLS_OTHER:
            return (Pattern.NATIVE, Pattern.PINNED)
        case Protocol.STUN | Protocol.MEDIA | Protocol.XMPP | Protocol.SFTP | Protocol.ANY | Protocol.UNSPECIFIED:
            return (Pattern.NATIVE,)
        case _:
            assert_never(each.service.protocol)


def _hold_s(effects: tuple[Effect, ...]) -> float:
    """As long as the slowest behaviour needs to strike."""
    return max((needed + _BEYOND_S for needed in map(_needed, effects) if needed is not None), default=HOLD_S)


def _needed(effect: Effect) -> float | None:
    match effect.behaviour:
        case IdleTimeout(after=after) | MaxLifetime(after=after) | FqdnCacheExpiry(after=after):
            return after
        case Stall(after=after) | Reset(after=after):
            return after
        case _:
            return None


def _why_not(pattern: Pattern, effects: tuple[Effect, ...], hold_s: float, longest_s: float) -> str | None:
    if pattern is Pattern.DATAGRAMS:
        return "UDP does not go through an explicit proxy: `tierwall gateway` shows it"
    if hold_s > longest_s:
        return f"would take {hold_s:,.0f} s: --longest allows more"
    return next((why for effect in effects if (why := _needs_a_network(effect)) is not None), None)


def _needs_a_network(effect: Effect) -> str | None:
    match effect.behaviour:
        case StaleAddresses():
            return f"{effect.behaviour.NAME}: no name moves on loopback"
        case HostForgeryCheck():
            return f"{effect.behaviour.NAME}: stand-ins have addresses of their own"
        case OneSegmentHello():
            return f"{effect.behaviour.NAME}: on loopback every ClientHello comes in one segment"
        case _:
            return None
