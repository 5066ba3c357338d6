"""What a site admits of the catalogue, what observing and inspecting sites make of it, and what a verdict says."""

from dataclasses import replace

import pytest

from tests.policy.catalogues import (
    CATALOGUE,
    connect,
    denied,
    everything,
    listed,
    only,
    rule,
    service,
    to,
    vendor,
)
from tierwall.policy.attempt import Action, Attempt, NameSource, Reason, Seen
from tierwall.policy.behaviour import TlsInspection
from tierwall.policy.judge import judge
from tierwall.policy.judgement.verdicts import NEAR_AT_MOST
from tierwall.policy.model import Catalogue, Evidence, Tier, Transport
from tierwall.policy.site import Site, VendorEntry

REFERENCE = Site(id="reference", admit=(everything(),))
OBSERVING = Site(id="observing", enforce=False, admit=(only("8x8"),), deny=(denied("files.corp.example"),))
INSPECTING = replace(REFERENCE, behaviours=(TlsInspection(excepted=("*.vevox.app", "api.amplitude.com")),))
TURN = "168.138.110.244"


# What a site admits


@pytest.mark.parametrize(
    ("entry", "host", "admitted"),
    [
        pytest.param(everything(), "8x8.vc", True, id="no keys: everything"),
        pytest.param(only("8x8"), "8x8.vc", True, id="the vendor"),
        pytest.param(only("vevox"), "8x8.vc", False, id="another vendor"),
        pytest.param(only(tiers=[Tier.CORE]), "8x8.vc", True, id="the tier, of any vendor"),
        pytest.param(only(tiers=[Tier.CORE]), "api.amplitude.com", False, id="another tier"),
        pytest.param(only(services=["meetings"]), "8x8.vc", True, id="the service"),
        pytest.param(only(rules=["8x8.vc"]), "8x8.vc", True, id="the rule"),
        pytest.param(only(rules=["api.amplitude.com"]), "8x8.vc", False, id="another rule"),
        pytest.param(only("vevox", rules=["8x8.vc"]), "8x8.vc", False, id="keys are ANDed"),
        pytest.param(only(services=["meetings"], tiers=[Tier.CORE]), "cdn.8x8.com", True, id="one service has both"),
        pytest.param(
            only(services=["analytics"], tiers=[Tier.CORE]), "cdn.8x8.com", False, id="tier and service of two services"
        ),
        pytest.param(only(tiers=[]), "8x8.vc", False, id="an empty list selects nothing"),
    ],
)
def test_the_keys_of_a_vendor_entry_select_rules(entry: VendorEntry, host: str, admitted: bool) -> None:
    assert judge(Site(id="s", admit=(entry,)), CATALOGUE, connect(host)).passes is admitted


@pytest.mark.parametrize(
    ("least", "host", "port", "passes"),
    [
        pytest.param(Evidence.INFERRED, "a.vevox.app", 443, True, id="inferred admits stated"),
        pytest.param(Evidence.INFERRED, "vevox.app", 443, True, id="inferred admits inferred"),
        pytest.param(Evidence.INFERRED, "chat.vsee.net", 5222, False, id="inferred does not admit unspecified"),
        pytest.param(Evidence.STATED, "a.vevox.app", 443, True, id="stated admits stated"),
        pytest.param(Evidence.STATED, "vevox.app", 443, False, id="stated does not admit inferred"),
        pytest.param(Evidence.UNSPECIFIED, "chat.vsee.net", 5222, False, id="unspecified is never admitted"),
    ],
)
def test_a_site_admits_no_weaker_evidence_than_it_says(least: Evidence, host: str, port: int, passes: bool) -> None:
    site = Site(id="s", admit=(everything(),), evidence=least)

    assert judge(site, CATALOGUE, connect(host, port)).passes is passes


@pytest.mark.parametrize("spelling", ["*", "a.*.example", "www*.example", "*."])
def test_a_spelling_that_the_dialect_rejects_admits_nothing(spelling: str) -> None:
    site = Site(id="s", admit=(listed(spelling),))

    assert judge(site, CATALOGUE, connect("a.b.example")).reason is Reason.UNLISTED


@pytest.mark.parametrize("transport", Transport)
def test_inbound_rules_are_never_admitted(transport: Transport) -> None:
    hooks = Site(id="s", admit=(everything(), only("8x8", rules=["hooks"])))

    assert not judge(hooks, CATALOGUE, to("129.146.1.1", over=transport)).passes


# Observing


@pytest.mark.parametrize(
    ("attempt", "reason"),
    [
        pytest.param(connect("files.corp.example"), Reason.SITE_DENIED, id="4"),
        pytest.param(connect("8x8.vc", sni="evil.example"), Reason.NAME_MISMATCH, id="5"),
        pytest.param(connect("8x8.vc", 80), Reason.PORT_CLOSED, id="6"),
        pytest.param(connect("a.8x8.vc"), Reason.WILDCARD_GAP, id="7"),
        pytest.param(connect("a.vevox.app"), Reason.TIER_CLOSED, id="8"),
        pytest.param(connect("chat.vsee.net"), Reason.PORT_CLOSED, id="9"),
        pytest.param(to("198.51.100.1", seen=Seen.TLS), Reason.NO_NAME, id="10"),
        pytest.param(to("198.51.100.1"), Reason.ADDRESS_ONLY, id="11"),
        pytest.param(connect("example.com"), Reason.UNLISTED, id="12"),
        pytest.param(connect("8x8.vc", dialled="127.0.0.1"), Reason.PRIVATE_ADDRESS, id="13"),
    ],
)
def test_an_observing_site_lets_through_what_it_would_deny(attempt: Attempt, reason: Reason) -> None:
    enforcing = judge(replace(OBSERVING, enforce=True), CATALOGUE, attempt)

    observed = judge(OBSERVING, CATALOGUE, attempt)

    assert (enforcing.action, enforcing.reason) == (Action.DENY, reason)
    assert observed == replace(enforcing, action=Action.ALLOW)
    assert observed.would_deny


@pytest.mark.parametrize(
    ("attempt", "reason"),
    [
        pytest.param(connect("8x8.vc", client="192.0.2.9"), Reason.CLIENT_REFUSED, id="1"),
        pytest.param(replace(connect("8x8.vc"), malformed="NUL"), Reason.MALFORMED, id="2"),
        pytest.param(replace(connect("8x8.vc"), to_self=True), Reason.SELF_CONNECT, id="3"),
    ],
)
def test_an_observing_site_still_denies_what_no_site_could_serve(attempt: Attempt, reason: Reason) -> None:
    verdict = judge(OBSERVING, CATALOGUE, attempt)

    assert (verdict.action, verdict.reason) == (Action.DENY, reason)


# Inspecting


@pytest.mark.parametrize(
    ("attempt", "action"),
    [
        pytest.param(connect("8x8.vc"), Action.INSPECT, id="nothing seen yet"),
        pytest.param(connect("8x8.vc", seen=Seen.TLS), Action.INSPECT, id="TLS"),
        pytest.param(connect("8x8.vc", seen=Seen.HTTP), Action.ALLOW, id="plain HTTP holds no TLS"),
        pytest.param(to(TURN, seen=Seen.OPAQUE), Action.ALLOW, id="neither TLS nor HTTP"),
        pytest.param(to(TURN, seen=Seen.TLS), Action.INSPECT, id="an address without a name"),
        pytest.param(to(TURN, 50000, over=Transport.UDP), Action.ALLOW, id="UDP"),
        pytest.param(connect("api.amplitude.com"), Action.ALLOW, id="an excepted name"),
        pytest.param(connect("a.vevox.app"), Action.ALLOW, id="a name under an excepted wildcard"),
        pytest.param(connect("vevox.app"), Action.INSPECT, id="the apex of an excepted wildcard"),
        pytest.param(connect("8x8.vc", sni="api.amplitude.com"), Action.ALLOW, id="any of the names is excepted"),
        pytest.param(connect("example.com"), Action.DENY, id="what is denied is not inspected"),
    ],
)
def test_an_inspecting_site_inspects_admitted_tls_over_tcp(attempt: Attempt, action: Action) -> None:
    assert judge(INSPECTING, CATALOGUE, attempt).action is action


def test_an_observing_site_does_not_inspect_what_it_would_deny() -> None:
    site = replace(INSPECTING, enforce=False)

    assert judge(site, CATALOGUE, connect("example.com")).action is Action.ALLOW


# What a verdict says


@pytest.mark.parametrize(
    ("admit", "attempt", "admitted_by"),
    [
        pytest.param((everything(),), connect("8x8.vc"), "8x8/8x8.vc", id="a vendor's rule"),
        pytest.param((listed("*.corp.example"),), connect("a.corp.example"), "admit[1] *.corp.example", id="a pattern"),
        pytest.param(
            (listed("10.0.0.0/8"),), connect("10.1.1.1", dialled="10.1.1.1"), "admit[1] 10.0.0.0/8", id="a net"
        ),
        pytest.param((listed("8x8.vc"), everything()), connect("8x8.vc"), "admit[1] 8x8.vc", id="the site's order"),
        pytest.param((listed("*.vc"), everything()), connect("8x8.vc"), "8x8/8x8.vc", id="the most specific first"),
        pytest.param((everything(),), connect("8x8.vc", 80), None, id="nothing"),
        pytest.param((everything(),), connect("8x8.vc", dialled="10.0.0.1"), "8x8/8x8.vc", id="admitted, but private"),
    ],
)
def test_a_verdict_says_what_admits(admit: tuple[VendorEntry, ...], attempt: Attempt, admitted_by: str | None) -> None:
    assert judge(Site(id="s", admit=admit), CATALOGUE, attempt).admitted_by == admitted_by


@pytest.mark.parametrize(
    ("site", "attempt", "detail"),
    [
        pytest.param(
            Site(id="s", admit=(everything(),), evidence=Evidence.STATED),
            connect("vevox.app"),
            "`*.vevox.app` does not cover the apex; add `vevox.app`",
            id="apex",
        ),
        pytest.param(
            REFERENCE, connect("eu.8x8.vc"), "`8x8.vc` does not cover names below it; add `eu.8x8.vc`", id="below"
        ),
        pytest.param(
            Site(id="s"),
            connect("jitsi.net"),
            "8x8 asks for `*.jitsi.net`, which does not cover the apex; add `jitsi.net`",
            id="a vendor's apex",
        ),
        pytest.param(REFERENCE, connect("8x8.vc", 80), "listed with tcp/443 only", id="port"),
        pytest.param(Site(id="s"), to(TURN, 80), "8x8 asks for tcp/443, udp/49152-65535 only", id="a vendor's port"),
        pytest.param(
            REFERENCE,
            connect("8x8.vc", sni="evil.example"),
            "SNI evil.example is not admitted, CONNECT 8x8.vc is",
            id="mismatch",
        ),
        pytest.param(
            OBSERVING, connect("files.corp.example"), "deny[0] files.corp.example covers files.corp.example", id="deny"
        ),
        pytest.param(Site(id="s"), connect("8x8.vc"), "8x8/8x8.vc (core) is not admitted", id="tier"),
        pytest.param(
            Site(id="s", admit=(only("vevox", rules=["vevox.app"]),), evidence=Evidence.STATED),
            connect("vevox.app"),
            "vevox/vevox.app is inferred, and the site admits nothing below stated",
            id="evidence",
        ),
        pytest.param(
            REFERENCE,
            to("198.51.100.1", seen=Seen.TLS),
            "TLS without a server name, and 198.51.100.1 is in no admitted network",
            id="no name",
        ),
    ],
)
def test_a_denial_says_in_a_clause_what_was_missing(site: Site, attempt: Attempt, detail: str) -> None:
    assert judge(site, CATALOGUE, attempt).detail == detail


@pytest.mark.parametrize(
    ("attempt", "name", "source"),
    [
        pytest.param(connect("8x8.vc", sni="8x8.vc"), "8x8.vc", NameSource.CONNECT, id="the first that gave it"),
        pytest.param(connect("8x8.vc", sni="evil.example"), "evil.example", NameSource.SNI, id="the refused one"),
        pytest.param(connect(TURN, sni="8x8.vc"), "8x8.vc", NameSource.SNI, id="a name before a literal"),
        pytest.param(to(TURN, sni="8x8.vc"), "8x8.vc", NameSource.SNI, id="a name before the address"),
        pytest.param(to(TURN), TURN, NameSource.ADDRESS, id="the address where there is no name"),
        pytest.param(connect(TURN), TURN, NameSource.CONNECT, id="a literal, and where it was given"),
        pytest.param(connect("a.example", sni="8x8.vc"), "a.example", NameSource.CONNECT, id="the refused CONNECT"),
        pytest.param(Attempt(transport=Transport.TCP, port=443), None, NameSource.ADDRESS, id="nothing was given"),
    ],
)
def test_a_verdict_says_which_name_decided(attempt: Attempt, name: str | None, source: NameSource) -> None:
    verdict = judge(REFERENCE, CATALOGUE, attempt)

    assert (verdict.name, verdict.name_source) == (name, source)


def test_services_are_sorted_by_tier_and_then_by_the_catalogue() -> None:
    verdict = judge(Site(id="s"), CATALOGUE, connect("cdn.8x8.com", sni="8x8.vc"))

    assert [(each.rule, each.service) for each in verdict.breaks] == [
        ("8x8.vc", "meetings"),
        ("cdn.8x8.com", "meetings"),
        ("cdn.8x8.com", "analytics"),
    ]
    assert verdict.tier is Tier.CORE


def test_an_impact_says_what_its_users_see_and_where_that_stands() -> None:
    (impact,) = judge(Site(id="s"), CATALOGUE, connect("8x8.vc")).breaks

    assert (impact.vendor, impact.service, impact.tier, impact.rule) == ("8x8", "meetings", Tier.CORE, "8x8.vc")
    assert (impact.evidence, impact.source) == (Evidence.STATED, "Document, Section")
    assert impact.symptom == "meetings does not work."


def test_a_rule_that_covers_is_not_near_as_well() -> None:
    both = vendor("v", [service("s")], [rule("both", "s", hosts=["a.example", "*.a.example"])])

    assert judge(REFERENCE, Catalogue((both,)), connect("a.example")).near == ()


def test_near_is_bounded() -> None:
    many = vendor("v", [service("s")], [rule(f"r{number}", "s", hosts=["a.example"]) for number in range(100)])

    assert len(judge(REFERENCE, Catalogue((many,)), connect("a.example", 80)).near) == NEAR_AT_MOST
