"""Which client patterns show whether a vendor's services work under a site, and which of them cannot be shown here.

Knows services' protocols, behaviours' times, and what this machine allows; pure. No result is foretold here.
"""

from collections.abc import Collection, Iterator
from dataclasses import replace
from ipaddress import IPv6Address
from math import ceil
from typing import Final, assert_never

from tierwall.policy.attempt import Attempt, Effect, GivenName, NameSource, Seen
from tierwall.policy.behaviour import (
    Buffering,
    DnsFilter,
    FqdnCacheExpiry,
    HostForgeryCheck,
    IdleTimeout,
    MaxLifetime,
    OneSegmentHello,
    ProxyAuth,
    Reset,
    SplitDns,
    StaleAddresses,
    Stall,
    UdpTimeout,
)
from tierwall.policy.behaviour.parameters import AuthScheme
from tierwall.policy.judge import judge
from tierwall.policy.model import Address, Catalogue, Protocol, Transport
from tierwall.policy.projections.impact import Try, tries_of
from tierwall.policy.site import DnsMode, Site
from tierwall.reproduce.addresses import addresses_of
from tierwall.reproduce.check import Check, Means, Pattern, Wanted, Way

HOLD_S: Final = 2.0
"""Seconds that persistent connections are held silent where nothing asks for longer."""

_BEYOND_S: Final = 2.0
"""Seconds beyond the time of a behaviour, after which it must have struck."""
_HELD: Final = {Pattern.SOCKET, Pattern.NATIVE, Pattern.PINNED}
_RELAYED: Final = 49152
"""Ports from here on are a TURN server's relays (RFC 8656 section 7.2), where nobody allocates."""
_HTTPS_PORT: Final = 443
_UDP_STATE_S: Final = 58.0
"""mitmproxy forgets a UDP flow that was silent for longer."""


def checks_of(catalogue: Catalogue, site: Site, wanted: Wanted, means: Means) -> Iterator[Check]:
    """Every check of the vendor, in the order of its services. What is not run says so."""
    tries = [each for each in tries_of(catalogue, wanted.vendor) if not wanted.only or each.service.id in wanted.only]
    addresses = addresses_of(str(each.host) for each in tries if isinstance(each.host, str))
    once: set[tuple[str, Pattern]] = set()
    for each in tries:
        if each.transport is Transport.TCP:
            yield from _through_the_proxy(catalogue, site, each, wanted)
        for pattern in _through_the_gateway(site, each):
            effects = judge(site, catalogue, _attempt(each, pattern, addresses)).effects
            check = _at_the_gateway(each, pattern, effects, means, wanted.longest_s)
            if pattern in _SAMPLED:
                if _SAMPLED[pattern] not in check.meets or (each.service.id, pattern) in once:
                    continue
                once.add((each.service.id, pattern))
            yield check


# With the proxy configured


def _through_the_proxy(catalogue: Catalogue, site: Site, each: Try, wanted: Wanted) -> Iterator[Check]:
    effects = judge(site, catalogue, each.attempt).effects
    patterns = _patterns(each)
    if Pattern.PAGE in patterns and Buffering.NAME in _meets(each, effects):
        patterns += (Pattern.EVENTS,)
    for pattern in patterns:
        of = _apart(each) if pattern is Pattern.PINNED else each
        hold_s = _hold_s(effects) if pattern in _HELD else 0.0
        strike = [effect for effect in effects if hold_s or _needed(effect) is None]
        too_long = f"would take {hold_s:,.0f} s: --longest allows more" if hold_s > wanted.longest_s else None
        check = Check(of=of, pattern=pattern, hold_s=hold_s, meets=_meets(each, strike), not_run=too_long)
        yield check
        if any(isinstance(effect.behaviour, ProxyAuth) for effect in effects):
            yield replace(check, logs_in=True, not_run=too_long or _no_login(site))


def login_of(site: Site) -> str | None:
    """`name:password` of a user that the site's proxy lets in by Basic; None where it has none."""
    for behaviour in site.behaviours:
        if isinstance(behaviour, ProxyAuth) and AuthScheme.BASIC in behaviour.schemes:
            users = sorted((user.name, user.password) for user in behaviour.users)
            return ":".join(users[0]) if users else None
    return None


def _no_login(site: Site) -> str | None:
    if login_of(site) is not None:
        return None
    return "the proxy lets nobody in by Basic, and the clients here know no other way"


def _apart(each: Try) -> Try:
    """The same at a name of its own, where the rule leaves that open."""
    if isinstance(each.host, str) and each.host.startswith(f"{each.service.id}."):
        return replace(each, host=f"own-cas-{each.host}")
    return each


def _patterns(each: Try) -> tuple[Pattern, ...]:
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
        case Protocol.ANY:
            return (Pattern.NATIVE, Pattern.SOCKET, Pattern.PAGE)
        case Protocol.STUN | Protocol.MEDIA | Protocol.XMPP | Protocol.SFTP | Protocol.UNSPECIFIED:
            return (Pattern.NATIVE,)
        case _:
            assert_never(each.service.protocol)


def _hold_s(effects: Collection[Effect]) -> float:
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


def _meets(each: Try, effects: Collection[Effect]) -> tuple[str, ...]:
    return tuple(
        effect.behaviour.NAME
        for effect in effects
        if any((impact.vendor, impact.service) == (each.vendor, each.service.id) for impact in effect.breaks)
    )


# With a gateway on the way


_SAMPLED: Final = {
    Pattern.LARGE_HELLO: OneSegmentHello.NAME,
    Pattern.OTHER_ADDRESS: HostForgeryCheck.NAME,
    Pattern.MOVED: StaleAddresses.NAME,
}
"""What a behaviour alone asks for: once for each service that meets it."""


def _through_the_gateway(site: Site, each: Try) -> Iterator[Pattern]:
    if each.transport is Transport.UDP:
        yield _of_udp(each)
        return
    if each.service.protocol is Protocol.STUN:
        yield Pattern.TURN_TCP
    if not isinstance(each.host, str):
        return
    kinds = {type(behaviour) for behaviour in site.behaviours}
    if site.dns is DnsMode.FILTER or kinds & {DnsFilter, SplitDns}:
        yield Pattern.LOOK_UP
    if each.attempt.seen is Seen.TLS:
        if OneSegmentHello in kinds:
            yield Pattern.LARGE_HELLO
        if HostForgeryCheck in kinds:
            yield Pattern.OTHER_ADDRESS
        if StaleAddresses in kinds:
            yield Pattern.MOVED


def _of_udp(each: Try) -> Pattern:
    match each.service.protocol:
        case Protocol.STUN if each.port < _RELAYED:
            return Pattern.TURN_UDP
        case Protocol.HTTPS | Protocol.WEBSOCKET if each.port == _HTTPS_PORT:
            return Pattern.QUIC
        case _:
            return Pattern.DATAGRAMS


def _at_the_gateway(each: Try, pattern: Pattern, effects: Collection[Effect], means: Means, longest_s: float) -> Check:
    not_run = means.no_network
    if not_run is None and each.transport is Transport.UDP:
        not_run = means.no_udp
    match pattern:
        case Pattern.TURN_UDP | Pattern.TURN_TCP:
            not_run = not_run or means.no_turn
        case Pattern.QUIC:
            not_run = not_run or means.no_quic
        case _:
            pass
    if isinstance(each.host, IPv6Address):
        not_run = not_run or means.no_ipv6
    hold_s = _silent_s(effects) if pattern is Pattern.DATAGRAMS else 0.0
    if hold_s > _UDP_STATE_S:
        not_run = not_run or f"would need a silence of {hold_s:,.0f} s, and what carries UDP here forgets it after 60 s"
    elif hold_s > longest_s:
        not_run = not_run or f"would take {hold_s:,.0f} s: --longest allows more"
    at_once = [effect for effect in effects if _needed(effect) is None]  # no connection is held there
    at_once = [effect for effect in at_once if hold_s or not isinstance(effect.behaviour, UdpTimeout)]
    meets = _of_names(effects) if pattern is Pattern.LOOK_UP else _meets(each, at_once)
    return Check(of=each, pattern=pattern, way=Way.GATEWAY, hold_s=hold_s, meets=meets, not_run=not_run)


def _silent_s(effects: Collection[Effect]) -> float:
    """How late a server must answer to find the flow forgotten; 0 where nothing forgets it."""
    after = [effect.behaviour.after for effect in effects if isinstance(effect.behaviour, UdpTimeout)]
    return float(ceil(max(after) + _BEYOND_S)) if after else 0.0


def _of_names(effects: Collection[Effect]) -> tuple[str, ...]:
    return tuple(each.behaviour.NAME for each in effects if isinstance(each.behaviour, DnsFilter | SplitDns))


def _attempt(each: Try, pattern: Pattern, addresses: dict[str, Address]) -> Attempt:
    """What the gateway gets to see of it."""
    address = addresses[each.host] if isinstance(each.host, str) else each.host
    names: tuple[GivenName, ...] = ()
    if isinstance(each.host, str):
        source = (
            NameSource.DNS if pattern in {Pattern.DATAGRAMS, Pattern.TURN_UDP, Pattern.TURN_TCP} else NameSource.SNI
        )
        names = (GivenName(source, each.host),)
    match pattern:
        case Pattern.QUIC:
            seen = Seen.QUIC
        case Pattern.DATAGRAMS | Pattern.TURN_UDP | Pattern.TURN_TCP:
            seen = Seen.OPAQUE
        case _:
            seen = Seen.TLS
    return Attempt(transport=each.transport, port=each.port, names=names, address=address, seen=seen)
