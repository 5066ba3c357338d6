"""The bundled sites let through and deny what their names say, by the vendors' documents."""

from ipaddress import ip_address

import pytest

from tierwall.loader import load_site, site_names
from tierwall.policy.attempt import Attempt, GivenName, NameSource, Reason, Verdict
from tierwall.policy.judge import judge
from tierwall.policy.lint import Code, lint_site
from tierwall.policy.model import Catalogue, Evidence, Tier, Transport

SITES = site_names()
TCP, UDP = Transport.TCP, Transport.UDP


def verdict_of(catalogue: Catalogue, site: str, host: str, port: int = 443, transport: Transport = TCP) -> Verdict:
    """A host whose last label is a number is an address."""
    if host[-1].isdigit() or ":" in host:
        attempt = Attempt(transport=transport, port=port, address=ip_address(host), dialled=ip_address(host))
    else:
        attempt = Attempt(transport=transport, port=port, names=(GivenName(NameSource.CONNECT, host),))
    return judge(load_site(site, catalogue), catalogue, attempt)


@pytest.mark.parametrize(
    ("host", "port", "transport"),
    [
        ("8x8.vc", 443, TCP),
        ("frankfurt.8x8.vc", 443, TCP),
        ("api.amplitude.com", 443, TCP),
        ("168.138.110.244", 50000, UDP),
        ("168.138.111.200", 10000, UDP),
        ("158.101.192.6", 3478, UDP),
        ("2606:4700::1", 443, UDP),
        ("acme.display.vevox.com", 443, TCP),
        ("acme.vevox.com", 80, TCP),
        ("vevox.app", 443, TCP),
        ("clinic.vsee.qa", 443, TCP),
        ("turn.vsee.qa", 3478, UDP),
    ],
)
def test_reference_admits_what_the_documents_ask_for(
    catalogue: Catalogue, host: str, port: int, transport: Transport
) -> None:
    assert verdict_of(catalogue, "reference", host, port, transport).reason is None


@pytest.mark.parametrize(
    ("host", "port", "transport"),
    [
        ("evil8x8.com", 443, TCP),
        ("8x8.vc.evil.example", 443, TCP),
        ("vevox.com.evil.example", 443, TCP),
        ("vsee.qa", 443, TCP),
        ("8x8.vc", 80, TCP),
        ("acme.vevox.com", 443, UDP),
        ("168.138.110.244", 3478, UDP),
        ("52.26.201.32", 443, TCP),
        ("20.21.208.105", 443, TCP),
    ],
)
def test_reference_denies_what_no_document_asks_for(
    catalogue: Catalogue, host: str, port: int, transport: Transport
) -> None:
    assert not verdict_of(catalogue, "reference", host, port, transport).passes


def test_reference_admits_the_apex_of_the_attendee_app_by_inference(catalogue: Catalogue) -> None:
    verdict = verdict_of(catalogue, "reference", "vevox.app")

    assert verdict.admitted_by == "vevox/vevox.app"
    assert {impact.evidence for impact in verdict.breaks} == {Evidence.INFERRED}


def test_stated_only_shows_the_gap_that_the_wildcard_leaves_at_the_apex(catalogue: Catalogue) -> None:
    verdict = verdict_of(catalogue, "stated-only", "vevox.app")

    assert (verdict.reason, verdict.tier) == (Reason.WILDCARD_GAP, Tier.CORE)


@pytest.mark.parametrize("host", ["x.vsee.qa", "vevox.app"])
def test_stated_only_admits_nothing_that_is_inferred(catalogue: Catalogue, host: str) -> None:
    assert not verdict_of(catalogue, "stated-only", host).passes


@pytest.mark.parametrize(
    ("host", "tier"),
    [("api.amplitude.com", Tier.ANALYTICS), ("www.gravatar.com", Tier.AUXILIARY), ("acme.vevox.com", Tier.CORE)],
)
def test_8x8_core_only_closes_every_other_tier_and_vendor(catalogue: Catalogue, host: str, tier: Tier) -> None:
    verdict = verdict_of(catalogue, "8x8-core-only", host)

    assert (verdict.reason, verdict.tier) == (Reason.TIER_CLOSED, tier)


def test_a_closed_tier_names_the_rule_and_service_that_it_breaks(catalogue: Catalogue) -> None:
    (impact,) = verdict_of(catalogue, "8x8-core-only", "api.amplitude.com").breaks

    assert (impact.vendor, impact.rule, impact.service) == ("8x8", "api.amplitude.com", "analytics")


@pytest.mark.parametrize("host", ["8x8.vc", "acme.vevox.com", "x.vsee.qa"])
def test_core_only_admits_the_core_of_every_vendor(catalogue: Catalogue, host: str) -> None:
    assert verdict_of(catalogue, "core-only", host).passes


def test_core_only_closes_the_redirect(catalogue: Catalogue) -> None:
    verdict = verdict_of(catalogue, "core-only", "acme.vevox.com", 80)

    assert [impact.service for impact in verdict.breaks] == ["http-redirect"]
    assert not verdict.passes


def test_vevox_only_admits_vevox_and_no_other_vendor(catalogue: Catalogue) -> None:
    assert verdict_of(catalogue, "vevox-only", "acme.vevox.com").passes
    assert not verdict_of(catalogue, "vevox-only", "8x8.vc").passes


def test_observe_lets_through_what_reference_denies_and_says_so(catalogue: Catalogue) -> None:
    verdict = verdict_of(catalogue, "observe", "evil8x8.com")

    assert verdict.would_deny
    assert not verdict_of(catalogue, "observe", "8x8.vc").would_deny


@pytest.mark.parametrize("host", ["8x8.vc", "acme.vevox.com", "x.vsee.qa", "other.example"])
def test_closed_admits_nothing(catalogue: Catalogue, host: str) -> None:
    assert not verdict_of(catalogue, "closed", host).passes


@pytest.mark.parametrize("site", SITES)
def test_a_site_is_called_as_its_file(catalogue: Catalogue, site: str) -> None:
    assert load_site(site, catalogue).id == site


@pytest.mark.parametrize("site", sorted(set(SITES) - {"stated-only", "pan-os-apex-gap", "web-ports-only"}))
def test_lint_finds_nothing_in_a_site(catalogue: Catalogue, site: str) -> None:
    assert lint_site(load_site(site, catalogue), catalogue) == ()


def test_lint_notes_that_no_rule_of_vsee_is_stated_as_a_whole(catalogue: Catalogue) -> None:
    (finding,) = lint_site(load_site("stated-only", catalogue), catalogue)

    assert finding.code is Code.WEAK_EVIDENCE
    assert "vsee-qatar" in finding.message


@pytest.mark.parametrize("host", ["8x8.com", "8x8.vc", "jitsi.net", "vevox.app"])
def test_pan_os_apex_gap_refuses_the_apexes(catalogue: Catalogue, host: str) -> None:
    verdict = verdict_of(catalogue, "pan-os-apex-gap", host)

    assert (verdict.reason, verdict.tier) == (Reason.WILDCARD_GAP, Tier.CORE)
    assert verdict.detail == f"`*.{host}` as `pan-os` reads it does not cover the apex; add `{host}/`"


@pytest.mark.parametrize(
    ("host", "port", "transport"),
    [
        ("frankfurt.8x8.vc", 443, TCP),
        ("acme.display.vevox.com", 443, TCP),
        ("acme.vevox.com", 80, TCP),
        ("www.gravatar.com", 443, TCP),
        ("clinic.vsee.qa", 443, TCP),
        ("turn.vsee.qa", 3478, UDP),
        ("168.138.110.244", 50000, UDP),
    ],
)
def test_pan_os_apex_gap_admits_all_else(catalogue: Catalogue, host: str, port: int, transport: Transport) -> None:
    assert verdict_of(catalogue, "pan-os-apex-gap", host, port, transport).reason is None


def test_lint_says_which_apexes_pan_os_apex_gap_misses_and_how_to_add_them(catalogue: Catalogue) -> None:
    findings = lint_site(load_site("pan-os-apex-gap", catalogue), catalogue)

    assert {finding.code for finding in findings} == {Code.LIST_ADMITS, Code.LIST_MISSES}
    assert [finding.mend for finding in findings if finding.code is Code.LIST_MISSES] == [
        "add `8x8.com/`, `8x8.vc/`, `jitsi.net/`",
        "add `vevox.app/`",
    ]
