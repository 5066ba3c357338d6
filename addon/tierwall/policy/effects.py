"""Which behaviours of a site act on an attempt, in which order, and what each would break.

Knows scopes and what a behaviour is about; what it then does to octets or requests is proxy/middlebox's.
"""

from dataclasses import replace
from typing import assert_never

from tierwall.policy.access_rules import TlsDecision
from tierwall.policy.attempt import Attempt, Effect, Impact, NameSource, Reason, Seen, Verdict
from tierwall.policy.behaviour import (
    Basis,
    Behaviour,
    Buffering,
    CaptivePortal,
    ConnectionLimit,
    ConnectPorts,
    DialBlackhole,
    DnsFilter,
    DpiHttpsOnly,
    FqdnCacheExpiry,
    Headers,
    HostForgeryCheck,
    NoHttp2,
    NoIpConnect,
    NoQuic,
    NoUdp,
    NoWebsocket,
    OfTunnels,
    OneSegmentHello,
    ProxyAuth,
    Sees,
    SniRequired,
    SplitDns,
    StaleAddresses,
    TlsInspection,
    TlsMaxVersion,
    UdpTimeout,
)
from tierwall.policy.match.compiled import Compiled, CompiledPolicy
from tierwall.policy.match.coverage import plain
from tierwall.policy.match.index import Index
from tierwall.policy.model import Tier, Transport

HTTPS_PORT = 443


def effects_on(compiled: CompiledPolicy, attempt: Attempt, serves: tuple[Impact, ...]) -> tuple[Effect, ...]:
    """The behaviours that act on an attempt which passes, in their order. `serves`: what its destination serves.

    What a TLS inspection of the site leaves alone is inspected by nothing else either: the middlebox does not open it.
    """
    left_alone = _left_alone(compiled, attempt)
    return tuple(
        Effect(each.behaviour, _broken(compiled, each.behaviour, serves))
        for each in compiled.behaviours
        if not (left_alone and _inside_tls(attempt) and inspects(each.behaviour))
        if _in_reach(each.behaviour, attempt)
        if _is_about(each.behaviour, attempt)
        if _in_scope(compiled, each, attempt, serves)
    )


def asked_first(effects: tuple[Effect, ...], attempt: Attempt) -> tuple[Effect, ...]:
    """Those that come before a denial: who the user is, and for plain HTTP whether a portal's terms were accepted.

    A proxy asks before it looks at where the user wants to go, and a portal redirects whatever it can.
    """
    portal = attempt.seen is Seen.HTTP
    return tuple(
        each
        for each in effects
        if isinstance(each.behaviour, ProxyAuth) or (portal and isinstance(each.behaviour, CaptivePortal))
    )


def inspected(attempt: Attempt, effects: tuple[Effect, ...]) -> bool:
    """Whether the attempt's TLS has to be opened for one of them."""
    if attempt.transport is not Transport.TCP or not _inside_tls(attempt):
        return False
    return any(inspects(effect.behaviour) for effect in effects)


def inspects(behaviour: Behaviour) -> bool:
    """Whether it looks inside TLS, so that clients must trust the lab CA."""
    match behaviour.SEES:
        case Sees.TLS | Sees.REQUESTS:
            return not (isinstance(behaviour, DpiHttpsOnly) and behaviour.basis is Basis.ALPN)
        case Sees.OCTETS | Sees.NAMES | Sees.HELLO | Sees.DATAGRAMS:
            return False
        case _:
            assert_never(behaviour.SEES)


def reason_of(behaviour: Behaviour) -> Reason:
    """The reason of the events that it causes."""
    match behaviour:
        case TlsInspection():
            return Reason.INSPECTION_REJECTED
        case DpiHttpsOnly():
            return Reason.NOT_HTTPS
        case _:
            return Reason.BEHAVIOUR


def broken_by(verdict: Verdict, effect: Effect, detail: str) -> Verdict:
    """The verdict on an admitted attempt after the behaviour broke it: its reason, and what that breaks."""
    tier = effect.breaks[0].tier if effect.breaks else Tier.NONE
    reason = reason_of(effect.behaviour)
    return replace(verdict, reason=reason, detail=detail, tier=tier, breaks=effect.breaks, near=(), effects=())


# What it can see


def _in_reach(behaviour: Behaviour, attempt: Attempt) -> bool:
    """Whether the middlebox is on such a connection at all, and finds there what it looks at."""
    if attempt.transport not in behaviour.TRANSPORTS:
        return False
    match behaviour.SEES:
        case Sees.OCTETS | Sees.NAMES | Sees.DATAGRAMS:
            return True
        case Sees.HELLO | Sees.REQUESTS:
            return attempt.seen in {Seen.TLS, Seen.HTTP, None}
        case Sees.TLS:
            return _inside_tls(attempt) or isinstance(behaviour, DpiHttpsOnly)
        case _:
            assert_never(behaviour.SEES)


def _is_about(behaviour: Behaviour, attempt: Attempt) -> bool:  # noqa: C901, PLR0912 - one row a kind
    """Whether there is anything for it to do on such an attempt."""
    if isinstance(behaviour, OfTunnels):
        return True  # octets pass on every connection
    match behaviour:
        case ConnectPorts():
            return _connects(attempt) and attempt.port not in behaviour.ports
        case NoIpConnect():
            return _connects(attempt) and not isinstance(attempt.names[0].value, str)
        case SniRequired():
            return attempt.seen is Seen.TLS and not any(name.source is NameSource.SNI for name in attempt.names)
        case OneSegmentHello():
            return _inside_tls(attempt)
        case HostForgeryCheck(strict=False):
            return False  # what does not agree goes to the address that the client chose, as it would without
        case HostForgeryCheck():
            return attempt.address is not None or any(not isinstance(name.value, str) for name in attempt.names)
        case SplitDns():
            answered = {name for name, _ in behaviour.answers}
            return any(name.value in answered for name in attempt.names)
        case DnsFilter() | StaleAddresses() | FqdnCacheExpiry():
            return any(isinstance(name.value, str) for name in attempt.names)
        case DpiHttpsOnly():
            return attempt.port == HTTPS_PORT
        case NoQuic():
            return attempt.seen is Seen.QUIC or (attempt.seen is None and attempt.port == HTTPS_PORT)
        case ConnectionLimit() | ProxyAuth() | CaptivePortal() | DialBlackhole():
            return True
        case TlsInspection() | TlsMaxVersion() | NoHttp2() | NoWebsocket() | Buffering() | Headers():
            return True
        case NoUdp() | UdpTimeout():
            return True
        case _:
            assert_never(behaviour)


def _connects(attempt: Attempt) -> bool:
    return bool(attempt.names) and attempt.names[0].source is NameSource.CONNECT


# What its scope says


def _in_scope(compiled: CompiledPolicy, each: Compiled, attempt: Attempt, serves: tuple[Impact, ...]) -> bool:
    scope = each.behaviour.scope
    if scope.transport is not None and scope.transport is not attempt.transport:
        return False
    if scope.ports is not None and not any(ports.cover(attempt.transport, attempt.port) for ports in scope.ports):
        return False
    if each.within is not None and not _names_or_addresses(each.within, attempt, addresses=True):
        return False
    if isinstance(each.behaviour, TlsInspection) and _excepts(each, attempt):
        return False
    return not scope.asks_for_services or any(_selects(compiled, each.behaviour, impact) for impact in serves)


def _left_alone(compiled: CompiledPolicy, attempt: Attempt) -> bool:
    return any(_excepts(each, attempt) for each in compiled.behaviours) or _spliced(compiled, attempt)


def _spliced(compiled: CompiledPolicy, attempt: Attempt) -> bool:
    """Whether a configuration with rules about TLS leaves it alone, by the last name that was given: the SNI's."""
    value = plain(attempt.names[-1].value) if attempt.names else attempt.address
    rules = [decider.tls(value, attempt) for _, decider in compiled.deciders if decider.opens_tls]
    return bool(rules) and not any(rule is not None and rule.decision is TlsDecision.BUMP for rule in rules)


def _excepts(each: Compiled, attempt: Attempt) -> bool:
    """By any name that was given; by address only what has no name (a TURN server by address, say)."""
    if each.excepted is None:
        return False
    unnamed = not any(isinstance(name.value, str) for name in attempt.names)
    return _names_or_addresses(each.excepted, attempt, addresses=unnamed)


def _names_or_addresses(index: Index[None], attempt: Attempt, *, addresses: bool) -> bool:
    known = [plain(name.value) for name in attempt.names]
    if addresses:
        known += [plain(address) for address in (attempt.address, attempt.dialled) if address is not None]
    return any(hit.covers for value in known for hit in index.find(value))


def _inside_tls(attempt: Attempt) -> bool:
    return attempt.seen in {Seen.TLS, None}


# What it breaks


def _broken(compiled: CompiledPolicy, behaviour: Behaviour, serves: tuple[Impact, ...]) -> tuple[Impact, ...]:
    return tuple(
        impact
        for impact in serves
        if compiled.protocols[impact.vendor, impact.service] in behaviour.HITS and _selects(compiled, behaviour, impact)
    )


def _selects(compiled: CompiledPolicy, behaviour: Behaviour, impact: Impact) -> bool:
    """Vendor, tier, service and protocol must be those of one and the same service."""
    scope = behaviour.scope
    return (
        (scope.vendor is None or scope.vendor == impact.vendor)
        and (scope.tiers is None or impact.tier in scope.tiers)
        and (scope.services is None or impact.service in scope.services)
        and (scope.protocols is None or compiled.protocols[impact.vendor, impact.service] in scope.protocols)
    )
