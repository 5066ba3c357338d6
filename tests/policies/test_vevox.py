"""policies/vendors/vevox.yaml says what Vevox's document says: nothing is missing, nothing is made up."""

import re

import pytest

from tests.policies.reading import document, ports, rules_of, section
from tierwall.policy.lint import Severity, lint_catalogue
from tierwall.policy.model import Catalogue, Direction, Evidence, Protocol, Tier, Vendor

TEXT = document("vevox")
DOMAINS = re.findall(r"^\\(\*\.\S+)$", TEXT, re.MULTILINE)
PERSISTENT = ("dashboard", "web-attendee", "native-attendee")


@pytest.fixture
def vendor(catalogue: Catalogue) -> Vendor:
    return catalogue.vendor("vevox")


def stated(vendor: Vendor, service: str) -> list[str]:
    rules = rules_of(vendor, service)
    return [host for rule in rules for host in rule.hosts if rule.evidence is Evidence.STATED]


def test_the_document_lists_five_domains() -> None:
    assert DOMAINS == ["*.meetoo.io", "*.meetoo.com", "*.lumireactor.com", "*.vevox.com", "*.vevox.app"]


@pytest.mark.parametrize("service", [*PERSISTENT, "content"])
def test_every_client_is_served_by_the_five_domains_on_tcp_443(vendor: Vendor, service: str) -> None:
    rules = rules_of(vendor, service)

    assert stated(vendor, service) == DOMAINS
    assert all(ports(rule) == {"tcp/443"} for rule in rules)
    assert vendor.service(service).tier is Tier.CORE


def test_port_80_is_for_the_redirect_alone(vendor: Vendor) -> None:
    on_80 = [rule for rule in vendor.rules if "tcp/80" in ports(rule)]

    assert on_80 == rules_of(vendor, "http-redirect")
    assert stated(vendor, "http-redirect") == DOMAINS
    assert all(rule.services == ("http-redirect",) and ports(rule) == {"tcp/80"} for rule in on_80)
    assert vendor.service("http-redirect").tier is Tier.AUXILIARY


def test_no_other_port_than_80_and_443_is_asked_for(vendor: Vendor) -> None:
    in_use = section(TEXT, "Here's a list of the ports in-use:")

    asked = {f"tcp/{port}" for port in re.findall(r"\b(\d+) \(HTTPS?\)", in_use)}

    assert set().union(*(ports(rule) for rule in vendor.rules)) == asked == {"tcp/80", "tcp/443"}


def test_websocket_and_the_proprietary_protocol_are_different_services_on_the_same_hosts(vendor: Vendor) -> None:
    protocols = {service: vendor.service(service).protocol for service in PERSISTENT}

    assert protocols == {
        "dashboard": Protocol.WEBSOCKET,
        "web-attendee": Protocol.WEBSOCKET,
        "native-attendee": Protocol.TLS_OTHER,
    }


def test_no_address_is_listed_because_the_document_rules_that_out(vendor: Vendor) -> None:
    assert vendor.addresses_unusable is not None
    assert "load balancers" in vendor.addresses_unusable
    assert not any(rule.networks for rule in vendor.rules)


def test_only_the_apex_of_the_attendee_app_is_inferred(vendor: Vendor) -> None:
    weaker = {rule.id: (rule.hosts, rule.evidence) for rule in vendor.rules if rule.evidence is not Evidence.STATED}

    assert weaker == {
        "vevox.app": (("vevox.app",), Evidence.INFERRED),
        "vevox.app:80": (("vevox.app",), Evidence.INFERRED),
    }
    assert all(rule.why for rule in vendor.rules if rule.id in weaker)


def test_every_rule_is_egress(vendor: Vendor) -> None:
    assert {rule.direction for rule in vendor.rules} == {Direction.EGRESS}


def test_lint_finds_nothing_worse_than_a_note(catalogue: Catalogue) -> None:
    found = [each for each in lint_catalogue(catalogue) if each.subject.partition("/")[0] == "vevox"]

    assert {each.severity for each in found} == {Severity.NOTE}


def test_every_stated_source_stands_in_the_document(vendor: Vendor) -> None:
    stated_rules = [rule for rule in vendor.rules if rule.evidence is Evidence.STATED]
    sections = {each.source.section for each in (*stated_rules, *vendor.services)}

    assert all(name.casefold() in TEXT.casefold() for name in sections)
