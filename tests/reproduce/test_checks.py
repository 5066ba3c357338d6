"""Which client patterns are run for a vendor under a site, how long they hold, and what is not run."""

from dataclasses import replace
from pathlib import Path

import pytest

from tierwall.loader import load_catalogue, load_site
from tierwall.policy.behaviour import UdpTimeout
from tierwall.policy.behaviour.parameters import AuthScheme
from tierwall.policy.model import Catalogue
from tierwall.reproduce.check import Check, Means, Pattern, Wanted, Way
from tierwall.reproduce.checks import HOLD_S, checks_of

NOWHERE = Means(no_network="no namespaces")


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return load_catalogue([])


def checks(
    catalogue: Catalogue, site: str, vendor: str, means: Means = NOWHERE, only: frozenset[str] = frozenset()
) -> list[Check]:
    wanted = Wanted(vendor=vendor, longest_s=120.0, only=only)
    return list(checks_of(catalogue, load_site(site, catalogue), wanted, means))


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


def test_udp_needs_a_network_and_says_why_there_is_none(catalogue: Catalogue) -> None:
    udp = [check for check in checks(catalogue, "reference", "8x8") if check.pattern is Pattern.DATAGRAMS]

    assert udp
    assert {check.not_run for check in udp} == {"no namespaces"}


def test_a_turn_server_is_asked_for_a_relay_by_udp_and_by_tcp(catalogue: Catalogue) -> None:
    turn = checks(catalogue, "reference", "8x8", Means(), frozenset({"turn-relay"}))

    assert {(check.pattern, check.of.port, check.way) for check in turn} == {
        (Pattern.NATIVE, 443, Way.PROXY),
        (Pattern.TURN_TCP, 443, Way.GATEWAY),
        (Pattern.TURN_UDP, 443, Way.GATEWAY),
        (Pattern.DATAGRAMS, 49152, Way.GATEWAY),
    }
    assert {check.not_run for check in turn} == {None}


def test_https_by_udp_is_quic(catalogue: Catalogue) -> None:
    udp = [each for each in checks(catalogue, "reference", "google-meet", Means()) if each.of.transport == "udp"]

    assert {(check.pattern, check.of.port == 443) for check in udp} == {
        (Pattern.QUIC, True),
        (Pattern.DATAGRAMS, False),
    }


@pytest.mark.parametrize(
    ("site", "pattern", "behaviour"),
    [
        ("stale-ip-allowlist", Pattern.MOVED, "stale-addresses"),
        ("post-quantum-intolerant", Pattern.LARGE_HELLO, "one-segment-hello"),
        ("squid-intercept", Pattern.OTHER_ADDRESS, "host-forgery-check"),
    ],
)
def test_what_only_a_network_shows_is_tried_there_once_for_each_service(
    catalogue: Catalogue, site: str, pattern: Pattern, behaviour: str
) -> None:
    found = [check for check in checks(catalogue, site, "vevox") if check.pattern is pattern]

    assert [check.of.service.id for check in found] == ["dashboard", "web-attendee", "native-attendee", "content"]
    assert {(check.not_run, check.meets) for check in found} == {("no namespaces", (behaviour,))}


@pytest.mark.parametrize(
    ("after", "hold_s", "not_run"),
    [(5.0, 7.0, None), (30.5, 33.0, None), (59.0, 61.0, "forgets it after 60 s")],
)
def test_where_silent_flows_are_forgotten_a_server_answers_late(
    catalogue: Catalogue, after: float, hold_s: float, not_run: str | None
) -> None:
    site = replace(load_site("reference", catalogue), behaviours=(UdpTimeout(after=after),))
    wanted = Wanted(vendor="8x8", only=frozenset({"turn-relay"}))

    meet = [check for check in checks_of(catalogue, site, wanted, Means()) if check.meets]

    assert {check.pattern for check in meet} == {Pattern.DATAGRAMS}
    assert {check.hold_s for check in meet} == {hold_s}
    assert [check for check in meet if (not_run or "") not in (check.not_run or "")] == []


@pytest.mark.parametrize("no_ipv6", [None, "IPv6 is not run: this machine has none"])
def test_addresses_of_ipv6_are_run_where_the_machine_has_it(catalogue: Catalogue, no_ipv6: str | None) -> None:
    found = checks(catalogue, "reference", "google-meet", Means(no_ipv6=no_ipv6), frozenset({"media"}))

    six = [check for check in found if check.is_ipv6 and check.way is Way.GATEWAY]
    assert {check.pattern for check in six} == {Pattern.DATAGRAMS}
    assert {check.not_run for check in six} == {no_ipv6}
    assert {check.client.partition(":")[0] for check in six} == {"fd77"}
    assert {check.not_run for check in found if not check.is_ipv6} == {None}


def test_names_are_looked_up_where_the_site_answers_otherwise(catalogue: Catalogue) -> None:
    found = [check for check in checks(catalogue, "dns-blocks-analytics", "8x8") if check.pattern is Pattern.LOOK_UP]

    assert {check.of.service.id for check in found if check.meets} == {"analytics"}
    assert {check.of.service.id for check in found if not check.meets} >= {"meetings"}


def test_where_a_password_is_asked_for_clients_also_come_with_one(catalogue: Catalogue) -> None:
    found = checks(catalogue, "proxy-auth", "vevox")

    labels = {check.label for check in found}
    assert {"https page", "https page, with password", "tls session, held, with password"} <= labels
    assert {check.not_run for check in found if check.logs_in} == {None}


def test_a_proxy_that_takes_no_basic_password_lets_none_of_them_in(catalogue: Catalogue) -> None:
    site = load_site("proxy-auth", catalogue)
    auth = replace(site.behaviours[0], schemes=(AuthScheme.NTLM,))
    found = checks_of(catalogue, replace(site, behaviours=(auth,)), Wanted(vendor="vevox"), NOWHERE)

    (why,) = {check.not_run for check in found if check.logs_in}
    assert why is not None
    assert "lets nobody in by Basic" in why


def test_no_two_kinds_of_client_come_from_one_address(catalogue: Catalogue) -> None:
    kinds = {
        (check.label, check.way, check.client)
        for site in ("proxy-auth", "squid-intercept", "stale-ip-allowlist", "dns-blocks-analytics")
        for vendor in ("8x8", "vevox", "google-meet")
        for check in checks(catalogue, site, vendor, Means())
    }

    assert len({client for _, _, client in kinds}) == len(kinds)


def test_only_the_services_that_were_named_are_run(catalogue: Catalogue) -> None:
    found = checks(catalogue, "reference", "vevox", only=frozenset({"content"}))

    assert {check.of.service.id for check in found} == {"content"}


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
