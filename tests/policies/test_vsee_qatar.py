"""policies/vendors/vsee-qatar.yaml says what VSee's document says, and makes up nothing of what it leaves empty."""

import re

import pytest

from tests.policies.reading import document, ports, rows
from tierwall.policy.model import Catalogue, Direction, Evidence, Rule, Vendor

TEXT = document("vsee-qatar")
SIMPLIFIED = rows(TEXT.split("Detail Servers |")[1].split("Detailed Rules")[0], columns=3)
DETAILED = rows(TEXT.split("---|---|---|---|---|")[1].split("Proxy Servers")[0], columns=5)
SISTER_PAGE = {
    *("tcp/80", "tcp/443", "tcp/3478", "tcp/5222", "udp/1853", "udp/3478"),
    *("udp/6000", "udp/6001", "udp/6256", "udp/10000", "udp/49152-65535"),
}


@pytest.fixture
def vendor(catalogue: Catalogue) -> Vendor:
    return catalogue.vendor("vsee-qatar")


def from_section(vendor: Vendor, name: str) -> list[Rule]:
    return [rule for rule in vendor.rules if rule.source.section.startswith(name)]


def rule(vendor: Vendor, rule_id: str) -> Rule:
    return next(rule for rule in vendor.rules if rule.id == rule_id)


def purposes(vendor: Vendor, rules: list[Rule]) -> list[str]:
    """The titles of the rules' services; a row that has no purpose has none here."""
    titles = [vendor.service(service).title for rule in rules for service in rule.services]
    return ["" if "without a name" in title else title for title in titles]


def test_the_simplified_table_has_its_three_rows_for_the_wildcard(vendor: Vendor) -> None:
    rules = from_section(vendor, "Simplified Rules")

    assert len(rules) == len(SIMPLIFIED) == 3
    assert all(cells[0].startswith(title) for cells, title in zip(SIMPLIFIED, purposes(vendor, rules), strict=True))
    assert all(rule.hosts == ("*.vsee.qa",) and rule.unspecified == ("ports",) for rule in rules)


def test_the_detailed_table_has_every_row_in_its_group(vendor: Vendor) -> None:
    asked = []
    for cells in DETAILED:
        if cells[0].isupper() and not any(cells[1:]):
            group = cells[0]
        else:
            asked.append((f"Detailed Rules, {group}", cells[0]))

    rules = from_section(vendor, "Detailed Rules")
    titles = purposes(vendor, rules)

    assert [rule.source.section for rule in rules] == [section for section, _ in asked]
    assert all(
        bool(purpose) == bool(title) and purpose.startswith(title)
        for (_, purpose), title in zip(asked, titles, strict=True)
    )
    assert len(rules) == 13


def test_what_the_detailed_table_leaves_empty_is_unspecified(vendor: Vendor) -> None:
    rules = from_section(vendor, "Detailed Rules")

    assert all(not rule.hosts and not rule.networks for rule in rules)
    assert all({"hosts", "networks"} <= set(rule.unspecified) for rule in rules)
    assert {rule.evidence for rule in rules} == {Evidence.UNSPECIFIED}


def test_of_the_tables_ports_only_that_of_sso_came_through(vendor: Vendor) -> None:
    with_port = [cells[0] for cells in DETAILED if re.search(r"(?:TCP|UDP): *\d", cells[1])]

    rules = [rule for rule in from_section(vendor, "Detailed Rules") if rule.ports]

    assert with_port == ["SSO / AD Enables login with MFA or using an SSO identity provider."]
    assert [(rule.services, ports(rule)) for rule in rules] == [(("sso",), {"tcp/443"})]


def test_the_optional_services_are_those_that_the_document_calls_so(vendor: Vendor) -> None:
    optional = {service.id for service in vendor.services if service.optional}

    assert optional == {"sso", "cloud-recording"}


@pytest.mark.parametrize(
    ("rule_id", "service", "port"), [("turn-udp", "turn", 3478), ("video-bridge-udp", "video-bridge", 10000)]
)
def test_media_ports_are_stated_and_their_hosts_inferred(vendor: Vendor, rule_id: str, service: str, port: int) -> None:
    media = rule(vendor, rule_id)

    assert f"at port {port}" in TEXT
    assert (media.hosts, media.services, ports(media)) == (("*.vsee.qa",), (service,), {f"udp/{port}"})
    assert media.evidence is Evidence.INFERRED
    assert media.why


def test_what_the_sister_page_lists_is_inferred_on_the_wildcard_and_nothing_else_is(vendor: Vendor) -> None:
    inferred = [rule for rule in vendor.rules if rule.evidence is Evidence.INFERRED]

    assert set().union(*(ports(rule) for rule in inferred)) == SISTER_PAGE
    assert all(rule.hosts == ("*.vsee.qa",) and rule.why for rule in inferred)


def test_ports_that_only_the_sister_page_has_name_it_as_their_source(vendor: Vendor) -> None:
    own = ("Proxy Servers",)

    from_sister = {
        port
        for rule in vendor.rules
        if rule.evidence is Evidence.INFERRED and rule.source.section not in own
        for port in ports(rule)
        if "sister page" in rule.source.document
    }

    assert from_sister == SISTER_PAGE - {"udp/3478", "udp/10000"}


def test_persistent_connections_and_the_advice_against_proxies_are_kept(vendor: Vendor) -> None:
    persistent = rule(vendor, "persistent-tcp")

    assert persistent.unspecified == ("ports",)
    assert "bypassed" in (persistent.note or "")


def test_the_section_titled_outbound_is_inbound_to_the_customer(vendor: Vendor) -> None:
    rules = [rule for rule in vendor.rules if rule.direction is Direction.INBOUND]

    assert [rule.id for rule in rules] == ["inbound-messenger", "inbound-clinic"]
    assert all([str(network) for network in rule.networks] == ["20.21.208.105/32"] for rule in rules)
    assert all(rule.services == ("webhooks", "sftp") and rule.unspecified == ("ports",) for rule in rules)


def test_every_host_and_address_of_the_policy_stands_in_the_document(vendor: Vendor) -> None:
    hosts = {host for rule in vendor.rules for host in rule.hosts}
    addresses = {str(network.network_address) for rule in vendor.rules for network in rule.networks}

    assert hosts == set(re.findall(r"\*\.\S+", TEXT)) == {"*.vsee.qa"}
    assert addresses == set(re.findall(r"\d+\.\d+\.\d+\.\d+", TEXT)) == {"20.21.208.105"}


def test_every_source_but_the_sister_pages_stands_in_the_document(vendor: Vendor) -> None:
    sources = [each.source for each in (*vendor.rules, *vendor.services) if "sister" not in each.source.document]

    assert all(part in TEXT for source in sources for part in source.section.split(", "))
