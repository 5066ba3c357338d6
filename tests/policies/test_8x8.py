"""policies/vendors/8x8.yaml says what 8x8's document says: nothing is missing, nothing is made up."""

import re

import pytest

from tests.policies.reading import document, ports, rules_of, section
from tierwall.policy.lint import Code, lint_catalogue
from tierwall.policy.model import Catalogue, Direction, Evidence, Rule, Tier, Vendor

TEXT = document("8x8-jaas")
ADDRESS = re.compile(r"[0-9a-f]{1,4}(?::[0-9a-f]{0,4})+/\d+|\d+\.\d+\.\d+\.\d+(?:/\d+)?")


@pytest.fixture
def vendor(catalogue: Catalogue) -> Vendor:
    return catalogue.vendor("8x8")


def networks(*rules: Rule) -> list[str]:
    """As the document spells them: a single address has no prefix length."""
    return [
        str(network.network_address if network.num_addresses == 1 else network)
        for rule in rules
        for network in rule.networks
    ]


def in_category(vendor: Vendor, category: str) -> list[Rule]:
    return [rule for rule in vendor.rules if rule.category == category]


@pytest.mark.parametrize(
    ("heading", "service", "tier", "count"),
    [
        ("Core Operation", "meetings", Tier.CORE, 6),
        ("Auxiliary Functionality", "auxiliary", Tier.AUXILIARY, 12),
        ("Analytics", "analytics", Tier.ANALYTICS, 6),
    ],
)
def test_a_tier_has_the_domains_of_its_category(
    vendor: Vendor, heading: str, service: str, tier: Tier, count: int
) -> None:
    asked = re.findall(r"`https://(\S+)`", section(TEXT, heading))

    rules = rules_of(vendor, service)

    assert vendor.service(service).tier is tier
    assert [rule.hosts for rule in rules] == [(host,) for host in asked]
    assert len(rules) == count


def test_the_id_of_a_domain_is_the_pattern(vendor: Vendor) -> None:
    with_hosts = [rule for rule in vendor.rules if rule.hosts]

    assert all(rule.hosts == (rule.id,) for rule in with_hosts)
    assert len(with_hosts) == 24
    assert sum(rule.id.startswith("*.") for rule in with_hosts) == 17


def test_domains_are_asked_for_on_tcp_443_alone(vendor: Vendor) -> None:
    assert all(ports(rule) == {"tcp/443"} for rule in vendor.rules if rule.hosts)


@pytest.mark.parametrize(("family", "count"), [("IPv4", 15), ("IPv6", 7)])
def test_cloudflare_networks_are_those_of_the_document(vendor: Vendor, family: str, count: int) -> None:
    asked = ADDRESS.findall(section(TEXT, family))

    (rule,) = [rule for rule in vendor.rules if rule.id == f"cloudflare-{family.lower()}"]

    assert networks(rule) == asked
    assert len(asked) == count


@pytest.mark.parametrize(
    ("heading", "category", "asked_ports", "count"),
    [
        ("Video Bridges", "video-bridge", {"tcp/443", "udp/10000"}, 14),
        ("TURN Relay Servers", "turn", {"tcp/443", "udp/443", "udp/49152-65535"}, 40),
    ],
)
def test_media_networks_stand_in_their_regions(
    vendor: Vendor, heading: str, category: str, asked_ports: set[str], count: int
) -> None:
    lines = re.findall(r"^\* (.+?): (.+)$", section(TEXT, heading), re.MULTILINE)
    asked = {region: addresses.split(", ") for region, addresses in lines}

    rules = in_category(vendor, category)

    assert {rule.region: networks(rule) for rule in rules} == asked
    assert all(ports(rule) == asked_ports for rule in rules)
    assert len(networks(*rules)) == count


def test_networks_without_a_port_are_asked_for_on_every_port_of_both_transports(vendor: Vendor) -> None:
    rules = in_category(vendor, "cloudflare") + in_category(vendor, "copy-paste-only")

    assert all(ports(rule) == {"tcp/any", "udp/any"} for rule in rules)
    assert all(rule.evidence is Evidence.STATED for rule in rules)


def test_webhook_origins_are_inbound_and_name_no_port(vendor: Vendor) -> None:
    asked = ADDRESS.findall(section(TEXT, "Jitsi as a Service Webhook Origins"))

    (rule,) = in_category(vendor, "webhook-origin")

    assert networks(rule) == asked == ["52.26.201.32", "52.10.206.157", "35.162.88.192"]
    assert rule.direction is Direction.INBOUND
    assert rule.unspecified == ("ports",)


def test_the_categories_hold_79_networks(vendor: Vendor) -> None:
    categories = ("cloudflare", "video-bridge", "turn", "webhook-origin")

    assert sum(len(networks(*in_category(vendor, category))) for category in categories) == 79


def test_every_address_of_the_document_is_in_the_policy_once_and_no_other_is(vendor: Vendor) -> None:
    listed = networks(*vendor.rules)

    assert set(listed) == set(ADDRESS.findall(TEXT))
    assert len(listed) == len(set(listed))


def test_what_stands_only_in_the_copy_paste_list_is_a_rule_of_its_own(vendor: Vendor) -> None:
    pasted = ADDRESS.findall(section(TEXT, "Copy/Paste"))
    elsewhere = networks(*(rule for rule in vendor.rules if rule.category != "copy-paste-only"))

    (rule,) = in_category(vendor, "copy-paste-only")

    assert len(pasted) == 74
    assert networks(rule) == [address for address in pasted if address not in elsewhere]
    assert networks(rule) == ["158.101.192.6", "193.123.38.193"]


def test_lint_reports_the_two_addresses_and_the_halves_of_a_network(catalogue: Catalogue) -> None:
    found = [(each.code, each.subject) for each in lint_catalogue(catalogue) if each.subject.startswith("8x8/")]

    assert found == [
        (Code.COPY_PASTE_ONLY, "8x8/copy-paste-only"),
        (Code.COPY_PASTE_ONLY, "8x8/copy-paste-only"),
        (Code.MERGEABLE_NETWORKS, "8x8/video-bridge-sao-paulo"),
    ]


def test_all_but_the_webhooks_ports_is_stated(vendor: Vendor) -> None:
    weaker = [rule.id for rule in vendor.rules if rule.evidence is not Evidence.STATED]

    assert weaker == ["webhook-origins"]


def test_every_source_is_a_heading_of_the_document(vendor: Vendor) -> None:
    headings = set(re.findall(r"^#+ (.+)$", TEXT, re.MULTILINE))
    sources = [each.source for each in (*vendor.rules, *vendor.services)]

    assert {part for source in sources for part in source.section.split(", ")} <= headings
