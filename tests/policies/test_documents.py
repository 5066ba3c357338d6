"""The policies say what their documents say: every host, network and port of the rows, and no other is stated."""

import json
import re
from ipaddress import ip_network

import pytest

from tests.importing.reading import document as imported
from tests.policies.reading import document, ports
from tierwall.importing.destinations import without_overlaps
from tierwall.policy.model import Catalogue, Evidence, Vendor

HOST = re.compile(r"(?<![\w.-])(?:\*\.)?(?:[a-z0-9-]+\.)+[a-z]{2,}(?![\w.-])")
NETWORK = re.compile(r"(?<![\w.:])(?:\d+\.\d+\.\d+\.\d+|[0-9a-f]+(?:::?[0-9a-f]*)+)/\d+")
WITH_ROWS = (
    "google-meet",
    "goto",
    "kahoot",
    "kudo",
    "pexip-kinly",
    "slido",
    "spotme",
    "webex",
    "whereby",
)
INFERRED_HOSTS = {"whereby": {"whereby.com", "*.whereby.com"}}
"""Hosts that no row has, each with its reason in the policy."""


def hosts(vendor: Vendor) -> set[str]:
    return {host for rule in vendor.rules for host in rule.hosts}


def networks(vendor: Vendor) -> set[str]:
    return {str(network) for rule in vendor.rules for network in rule.networks}


@pytest.mark.parametrize("vendor_id", WITH_ROWS)
def test_every_host_of_the_rows_is_in_the_policy_and_no_other(catalogue: Catalogue, vendor_id: str) -> None:
    asked = set(HOST.findall(document(vendor_id)))

    assert hosts(catalogue.vendor(vendor_id)) == asked | INFERRED_HOSTS.get(vendor_id, set())


@pytest.mark.parametrize("vendor_id", WITH_ROWS)
def test_every_network_of_the_rows_is_in_the_policy_and_no_other(catalogue: Catalogue, vendor_id: str) -> None:
    asked = {str(ip_network(network)) for network in NETWORK.findall(document(vendor_id))}

    assert networks(catalogue.vendor(vendor_id)) == asked


@pytest.mark.parametrize(
    ("vendor_id", "stated"),
    [
        ("google-meet", {"tcp/443", "udp/443", "udp/3478", "udp/19302-19309"}),
        ("goto", {"tcp/443", "udp/1853", "udp/8200", "udp/45000-49999"}),
        ("jitsi-self-hosted", {"tcp/80", "tcp/443", "tcp/22", "tcp/5349", "udp/10000", "udp/3478"}),
        ("kahoot", {"tcp/80", "tcp/443"}),
        ("kudo", {"tcp/443"}),
        ("livekit", {"tcp/443", "udp/3478", "udp/50000-60000", "tcp/7881"}),
        ("slido", {"tcp/443"}),
        ("spotme", {"tcp/80", "tcp/443", "tcp/10000-10050"}),
        ("webex", {"tcp/443", "tcp/5004", "udp/5004", "udp/9000"}),
        ("whereby", {"tcp/443", "udp/443", "udp/1024-65535"}),
        ("zoom", {"tcp/80", "tcp/443", "udp/8801", "udp/8802", "udp/8803", "udp/3478", "udp/3479"}),
    ],
)
def test_the_ports_that_rules_state_are_those_of_the_document(
    catalogue: Catalogue, vendor_id: str, stated: set[str]
) -> None:
    rules = [rule for rule in catalogue.vendor(vendor_id).rules if rule.evidence is not Evidence.INFERRED]

    assert set().union(*map(ports, rules)) == stated


def test_kinlys_rows_for_any_destination_are_all_kept_and_none_is_a_network(catalogue: Catalogue) -> None:
    rules = [rule for rule in catalogue.vendor("pexip-kinly").rules if rule.anywhere]

    assert len(rules) == document("pexip-kinly").count("| Any |") == 7
    assert all(not rule.hosts and not rule.networks for rule in rules)


def test_teams_has_every_fact_of_its_sets(catalogue: Catalogue) -> None:
    sets = {each["id"]: each for each in json.loads(imported("m365-endpoints-worldwide.json"))}
    teams = [each for each in sets.values() if each["serviceArea"] == "Skype" or each["id"] in {56, 59}]

    rules = {rule.id: rule for rule in catalogue.vendor("teams").rules}

    assert set(rules) == {f"set-{each['id']}" for each in teams}
    for each in teams:
        rule = rules[f"set-{each['id']}"]
        asked = {f"tcp/{port}" for port in re.findall(r"\d+", each.get("tcpPorts", ""))}
        asked |= {f"udp/{port}" for port in re.findall(r"\d+", each.get("udpPorts", ""))}
        assert (list(rule.hosts), ports(rule)) == (each.get("urls", []), asked)
        assert [str(network) for network in rule.networks] == each.get("ips", [])
        assert (rule.category, rule.optional) == (each["category"], not each["required"])


def test_zooms_rules_for_networks_have_all_of_its_list(catalogue: Catalogue) -> None:
    listed = imported("zoom.txt").split()

    rules = [rule for rule in catalogue.vendor("zoom").rules if rule.networks]

    assert len(listed) == 49
    assert [[str(network) for network in rule.networks] for rule in rules] == [listed] * 4


def test_livekits_rows_are_its_rules(catalogue: Catalogue) -> None:
    rows = [line.split("|")[1:4] for line in imported("livekit-firewall.md").splitlines() if line.startswith("| ")][1:]
    asked = {(host.strip(), port.strip().lower().replace(": ", "/")) for host, port, _ in rows}

    rules = catalogue.vendor("livekit").rules

    said = {(rule.hosts[0] if rule.hosts else "all hosts (recommended)", *ports(rule)) for rule in rules}
    assert said == asked


@pytest.mark.parametrize("vendor_id", [*WITH_ROWS, "teams", "zoom", "livekit"])
def test_no_rule_has_an_address_twice(catalogue: Catalogue, vendor_id: str) -> None:
    rules = catalogue.vendor(vendor_id).rules

    assert [rule.id for rule in rules if without_overlaps(rule.networks) != rule.networks] == []
