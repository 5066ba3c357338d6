"""Which behaviours act on an attempt, in which order, and what each would break."""

from collections.abc import Callable
from dataclasses import replace
from ipaddress import ip_network

import pytest

from tests.policy.catalogues import CATALOGUE, connect, everything, to
from tierwall.policy.attempt import Action, Attempt, Effect, GivenName, NameSource, Reason, Seen
from tierwall.policy.behaviour import (
    BY_NAME,
    KINDS,
    Basis,
    Behaviour,
    Buffering,
    CaptivePortal,
    ConnectionLimit,
    ConnectPorts,
    DialBlackhole,
    DpiHttpsOnly,
    Headers,
    HostForgeryCheck,
    IdleTimeout,
    Inspecting,
    Latency,
    NoHttp2,
    NoIpConnect,
    NoQuic,
    NoUdp,
    NoWebsocket,
    OneSegmentHello,
    ProxyAuth,
    Scope,
    SniRequired,
    TlsInspection,
    TlsMaxVersion,
)
from tierwall.policy.behaviour.parameters import Count, HostPattern, PortNumber, Seconds
from tierwall.policy.effects import broken_by, inspects, reason_of
from tierwall.policy.judge import judge
from tierwall.policy.model import Protocol, Tier, Transport
from tierwall.policy.site import Site

LATENCY = Latency(delay=Seconds(0.3))
TLS_TO_8X8 = connect("8x8.vc", sni="8x8.vc", seen=Seen.TLS)
TLS_TO_VEVOX = connect("acme.vevox.app", sni="acme.vevox.app", seen=Seen.TLS)
TURN = to("168.138.110.244", seen=Seen.TLS)


def effects(attempt: Attempt, *behaviours: Behaviour) -> tuple[Effect, ...]:
    return judge(Site(id="lab", admit=(everything(),), behaviours=behaviours), CATALOGUE, attempt).effects


def acting(attempt: Attempt, *behaviours: Behaviour) -> list[str]:
    return [effect.behaviour.NAME for effect in effects(attempt, *behaviours)]


def test_they_act_in_the_order_of_their_kinds_whatever_the_site_says_first() -> None:
    found = acting(TLS_TO_8X8, LATENCY, TlsInspection(), ProxyAuth(users=frozenset()))

    assert found == ["proxy-auth", "tls-inspection", "latency"]
    assert [kind.NAME for kind in KINDS] == list(BY_NAME)


@pytest.mark.parametrize(
    ("scope", "acts"),
    [
        (Scope(), True),
        (Scope(vendor="8x8"), True),
        (Scope(vendor="vevox"), False),
        (Scope(tiers=frozenset({Tier.CORE})), True),
        (Scope(tiers=frozenset({Tier.ANALYTICS})), False),
        (Scope(services=frozenset({"meetings"})), True),
        (Scope(services=frozenset({"turn"})), False),
        (Scope(protocols=frozenset({Protocol.HTTPS})), True),
        (Scope(protocols=frozenset({Protocol.STUN})), False),
        (Scope(hosts=(HostPattern("8x8.vc"),)), True),
        (Scope(hosts=(HostPattern("*.8x8.vc"),)), False),
        (Scope(transport=Transport.TCP), True),
        (Scope(transport=Transport.UDP), False),
        (Scope(vendor="8x8", hosts=(HostPattern("*.vevox.app"),)), False),
    ],
)
def test_a_scope_is_what_all_its_keys_agree_on(scope: Scope, *, acts: bool) -> None:
    assert bool(acting(TLS_TO_8X8, Latency(delay=Seconds(0.3), scope=scope))) is acts


def test_what_it_breaks_are_services_whose_protocol_it_hits() -> None:
    (latency,) = effects(TLS_TO_8X8, LATENCY)
    (upgrades,) = effects(TLS_TO_8X8, NoWebsocket())

    assert [impact.service for impact in latency.breaks] == ["meetings"]
    assert upgrades.breaks == ()  # the catalogue's meetings are HTTPS


def test_a_scope_of_one_service_leaves_the_others_of_the_same_host_unbroken() -> None:
    attempt = connect("cdn.8x8.com", sni="cdn.8x8.com", seen=Seen.TLS)
    (effect,) = effects(attempt, Latency(delay=Seconds(0.3), scope=Scope(services=frozenset({"analytics"}))))

    assert [impact.service for impact in effect.breaks] == ["analytics"]


@pytest.mark.parametrize(
    ("behaviour", "attempt", "acts"),
    [
        (ConnectPorts(), connect("8x8.vc"), False),
        (ConnectPorts(ports=(PortNumber(8443),)), connect("8x8.vc"), True),
        (NoIpConnect(), connect("8x8.vc"), False),
        (NoIpConnect(), connect("168.138.110.244"), True),
        (SniRequired(), TLS_TO_8X8, False),
        (SniRequired(), TURN, True),
        (OneSegmentHello(), TLS_TO_8X8, True),
        (OneSegmentHello(), connect("8x8.vc", seen=Seen.OPAQUE), False),
        (HostForgeryCheck(strict=True), TLS_TO_8X8, False),
        (HostForgeryCheck(strict=True), TURN, True),
        (HostForgeryCheck(strict=True), connect("168.138.110.244", seen=Seen.TLS), True),
        (HostForgeryCheck(), TURN, False),
        (ConnectPorts(ports=(PortNumber(8443),)), TURN, False),
        (NoIpConnect(), TURN, False),
        (DialBlackhole(), connect("8x8.vc"), True),
        (NoUdp(), TLS_TO_8X8, False),
        (NoUdp(), to("168.138.110.244", 50000, over=Transport.UDP, seen=Seen.OPAQUE), True),
        (NoQuic(), to("168.138.110.244", 50000, over=Transport.UDP, seen=Seen.OPAQUE), False),
        (NoHttp2(), connect("8x8.vc", seen=Seen.OPAQUE), False),
        (DpiHttpsOnly(), to("168.138.110.244", seen=Seen.OPAQUE), True),
        (DpiHttpsOnly(), connect("acme.vevox.app", 80, seen=Seen.HTTP), False),
        (LATENCY, to("168.138.110.244", seen=Seen.OPAQUE), True),
    ],
)
def test_it_acts_where_there_is_something_for_it_to_do(behaviour: Behaviour, attempt: Attempt, *, acts: bool) -> None:
    assert bool(acting(attempt, behaviour)) is acts


BEFORE_THE_RELAY = (
    lambda scope: ConnectionLimit(most=Count(1), scope=scope),
    lambda scope: ProxyAuth(users=frozenset(), scope=scope),
    lambda scope: CaptivePortal(scope=scope),
    lambda scope: ConnectPorts(ports=(PortNumber(1),), scope=scope),
    lambda scope: DialBlackhole(scope=scope),
)


@pytest.mark.parametrize("made", BEFORE_THE_RELAY)
def test_what_stops_one_vendor_before_the_relay_lets_the_others_by(made: Callable[[Scope], Behaviour]) -> None:
    behaviour = made(Scope(vendor="8x8"))

    assert acting(connect("8x8.vc"), behaviour) == [behaviour.NAME]
    assert acting(connect("acme.vevox.app"), behaviour) == []


def test_what_inspection_leaves_alone_nothing_else_inspects() -> None:
    excepting = TlsInspection(excepted=(HostPattern("*.vevox.app"),))

    assert acting(TLS_TO_VEVOX, excepting, NoWebsocket(), LATENCY) == ["latency"]
    assert acting(TLS_TO_8X8, excepting, NoWebsocket()) == ["tls-inspection", "no-websocket"]


def test_an_address_is_left_alone_only_where_no_name_was_given() -> None:
    excepting = TlsInspection(excepted=(ip_network("168.138.110.244/32"),))
    named = replace(TURN, names=(GivenName(NameSource.SNI, "8x8.vc"),))

    assert acting(TURN, excepting, NoHttp2()) == []
    assert acting(named, excepting, NoHttp2()) == ["tls-inspection", "no-http2"]


INSPECTING = (TlsInspection, DpiHttpsOnly, TlsMaxVersion, NoHttp2, NoWebsocket, Buffering, Headers)


@pytest.mark.parametrize("kind", INSPECTING)
def test_what_inspects_one_vendor_leaves_the_others_alone(kind: type[Inspecting]) -> None:
    one = kind(scope=Scope(vendor="8x8"))

    assert acting(TLS_TO_8X8, one) == [kind.NAME]
    assert acting(TLS_TO_VEVOX, one) == []


def test_only_what_looks_inside_inspects() -> None:
    site = Site(id="lab", admit=(everything(),), behaviours=(LATENCY, DpiHttpsOnly(basis=Basis.ALPN)))

    assert judge(site, CATALOGUE, TLS_TO_8X8).action is Action.ALLOW
    assert inspects(DpiHttpsOnly())
    assert inspects(NoWebsocket())


def test_a_denial_has_no_effects() -> None:
    site = Site(id="lab", behaviours=(LATENCY,))

    assert judge(site, CATALOGUE, TLS_TO_8X8).effects == ()


def test_a_struck_verdict_says_why_and_what_breaks() -> None:
    idle = IdleTimeout(after=Seconds(60.0))
    verdict = judge(Site(id="lab", admit=(everything(),), behaviours=(LATENCY,)), CATALOGUE, TLS_TO_8X8)

    after = broken_by(verdict, verdict.effects[0], "300 ms late")

    assert (after.reason, after.tier, after.detail) == (Reason.BEHAVIOUR, Tier.CORE, "300 ms late")
    assert reason_of(DpiHttpsOnly()) is Reason.NOT_HTTPS
    assert reason_of(TlsInspection()) is Reason.INSPECTION_REJECTED
    assert reason_of(idle) is Reason.BEHAVIOUR


ASKING = (ProxyAuth(users=frozenset()), CaptivePortal(), LATENCY, ConnectPorts())


@pytest.mark.parametrize(
    ("attempt", "first"),
    [
        (connect("a.example", seen=Seen.HTTP), ["proxy-auth", "captive-portal"]),
        (connect("a.example", seen=Seen.TLS), ["proxy-auth"]),
        (connect("a.example"), ["proxy-auth"]),
        (replace(connect("a.example", seen=Seen.HTTP), malformed="NUL"), []),
        (replace(connect("a.example", seen=Seen.HTTP), to_self=True), []),
    ],
)
def test_who_it_is_and_a_portal_come_before_a_denial_and_nothing_else_does(attempt: Attempt, first: list[str]) -> None:
    verdict = judge(Site(id="lab", behaviours=ASKING), CATALOGUE, attempt)

    assert verdict.action is Action.DENY
    assert [effect.behaviour.NAME for effect in verdict.effects] == first


def test_a_scope_holds_for_what_is_denied_too_and_a_site_that_observes_asks_nobody() -> None:
    asks = ProxyAuth(users=frozenset(), scope=Scope(vendor="vevox"))
    closed, observing = Site(id="lab", behaviours=(asks,)), Site(id="lab", behaviours=(asks,), enforce=False)

    assert judge(closed, CATALOGUE, TLS_TO_8X8).effects == ()
    assert [effect.behaviour for effect in judge(closed, CATALOGUE, TLS_TO_VEVOX).effects] == [asks]
    assert judge(observing, CATALOGUE, TLS_TO_VEVOX).effects == ()
