"""Which client patterns are run for a vendor under a site, how long they hold, and what is not run."""

from pathlib import Path

import pytest

from tierwall.loader import load_catalogue, load_site
from tierwall.policy.model import Catalogue
from tierwall.reproduce.checks import HOLD_S, Check, Pattern, checks_of


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return load_catalogue([])


def checks(catalogue: Catalogue, site: str, vendor: str, longest_s: float = 120.0) -> list[Check]:
    return list(checks_of(catalogue, load_site(site, catalogue), vendor, longest_s))


def test_each_service_of_vevox_gets_the_pattern_of_its_protocol(catalogue: Catalogue) -> None:
    found = {(check.of.service.id, check.pattern) for check in checks(catalogue, "reference", "vevox")}

    assert found == {
        ("dashboard", Pattern.SOCKET),
        ("web-attendee", Pattern.SOCKET),
        ("native-attendee", Pattern.NATIVE),
        ("native-attendee", Pattern.PINNED),
        ("content", Pattern.PAGE),
        ("http-redirect", Pattern.REDIRECT),
    }


def test_the_two_native_clients_go_to_names_of_their_own(catalogue: Catalogue) -> None:
    native = [check for check in checks(catalogue, "reference", "vevox") if check.of.service.id == "native-attendee"]

    assert len({(check.of.host, check.of.port) for check in native}) == len(native)


def test_connections_are_held_for_as_long_as_the_site_needs_to_strike(catalogue: Catalogue) -> None:
    held = {check.hold_s for check in checks(catalogue, "idle-60s", "vevox") if check.pattern is Pattern.SOCKET}
    plain = {check.hold_s for check in checks(catalogue, "reference", "vevox") if check.pattern is Pattern.SOCKET}

    assert held == {62.0}
    assert plain == {HOLD_S}


def test_what_would_take_too_long_is_not_run_and_says_so(catalogue: Catalogue) -> None:
    (why,) = {check.not_run for check in checks(catalogue, "nightly-cut", "vevox") if check.hold_s > 0}

    assert why == "would take 28,802 s: --longest allows more"


def test_udp_is_never_said_to_work(catalogue: Catalogue) -> None:
    udp = [check for check in checks(catalogue, "reference", "8x8") if check.pattern is Pattern.DATAGRAMS]

    assert udp
    assert all(check.not_run is not None for check in udp)


@pytest.mark.parametrize("site", ["stale-ip-allowlist", "post-quantum-intolerant"])
def test_what_only_a_network_can_show_is_not_run_on_loopback(catalogue: Catalogue, site: str) -> None:
    found = checks(catalogue, site, "vevox")

    assert all(check.not_run is not None for check in found if check.pattern is not Pattern.REDIRECT)


def test_a_vendor_of_ones_own_is_checked_too(tmp_path: Path) -> None:
    path = tmp_path / "acme.yaml"
    path.write_text(
        """\
version: 1
vendor: acme
title: Acme
sources: {guide: {title: Guide}}
services:
  chat: {title: Chat, protocol: https, tier: core, symptom: No chat., source: {document: guide, section: One}}
rules:
  - {id: chat, hosts: [chat.acme.example], ports: [tcp/443], services: [chat], source: {document: guide, section: One}}
""",
        encoding="utf-8",
    )
    catalogue = load_catalogue([path])

    assert [check.of.place for check in checks(catalogue, "reference", "acme")] == ["chat.acme.example:443"]
