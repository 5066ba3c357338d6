"""A draft of the Microsoft 365 endpoint sets covers exactly the sets: every fact is counted, on the real documents."""

import json
import re
from ipaddress import ip_network

import pytest

from tests.importing.reading import document, draft_of
from tierwall.importing import m365
from tierwall.importing.rows import UnreadableDocument
from tierwall.policy.attempt import Attempt, GivenName, NameSource
from tierwall.policy.judge import judge
from tierwall.policy.model import Catalogue, Protocol, Tier, Transport, Vendor
from tierwall.policy.site import Site, VendorEntry

SET: dict[str, object] = {"id": 1, "serviceArea": "SharePoint", "category": "Default", "required": True}
INSTANCES = ["m365-endpoints-worldwide.json", "m365-endpoints-china.json"]


def facts_of_document(text: str) -> set[tuple[int, str, str]]:
    """Set, key and value, read the dumbest way that there is."""
    found: set[tuple[int, str, str]] = set()
    for each in json.loads(text):
        number = each["id"]
        found |= {(number, "url", url) for url in each.get("urls", ())}
        found |= {(number, "ip", str(ip_network(ip))) for ip in each.get("ips", ())}
        found |= {(number, "port", f"tcp/{port}") for port in re.findall(r"\d+", each.get("tcpPorts", ""))}
        found |= {(number, "port", f"udp/{port}") for port in re.findall(r"\d+", each.get("udpPorts", ""))}
        found |= {(number, "category", each["category"]), (number, "required", str(each["required"]))}
    return found


def facts_of_policy(vendor: Vendor) -> set[tuple[int, str, str]]:
    found: set[tuple[int, str, str]] = set()
    for rule in vendor.rules:
        number = int(rule.id.removeprefix("set-"))
        found |= {(number, "url", host) for host in rule.hosts}
        found |= {(number, "ip", str(network)) for network in rule.networks}
        found |= {(number, "port", str(ports)) for ports in rule.ports}
        found |= {(number, "category", rule.category or ""), (number, "required", str(not rule.optional))}
    return found


@pytest.mark.parametrize("name", INSTANCES)
def test_every_fact_of_every_set_is_in_the_draft_and_no_other_is(name: str) -> None:
    text = document(name)

    assert facts_of_policy(draft_of(text).vendor) == facts_of_document(text)


def test_the_worldwide_document_has_as_many_facts_as_somebody_counted() -> None:
    vendor = draft_of(document(INSTANCES[0])).vendor

    assert len(vendor.rules) == 79
    assert sum(rule.optional for rule in vendor.rules) == 24
    assert sum(len(rule.hosts) for rule in vendor.rules) == 281
    assert sum(len(rule.networks) for rule in vendor.rules) == 210
    assert sum(not rule.networks for rule in vendor.rules) == 68


def test_ports_are_read_in_either_order_and_with_blanks() -> None:
    spelled = {rule.id: tuple(map(str, rule.ports)) for rule in draft_of(document(INSTANCES[0])).vendor.rules}

    assert spelled["set-2"] == ("tcp/143", "tcp/587", "tcp/993", "tcp/995")
    assert spelled["set-47"] == ("tcp/443", "tcp/80", "udp/443")
    assert spelled["set-11"] == ("udp/3478", "udp/3479", "udp/3480", "udp/3481")


def test_wildcards_that_stand_in_the_middle_cover_what_they_say() -> None:
    catalogue = Catalogue((draft_of(document(INSTANCES[0])).vendor,))
    site = Site(id="s", admit=(VendorEntry(),))

    def passes(host: str) -> bool:
        attempt = Attempt(transport=Transport.TCP, port=443, names=(GivenName(NameSource.CONNECT, host),))
        return judge(site, catalogue, attempt).passes

    assert passes("autodiscover.acme.onmicrosoft.com")
    assert passes("site-cdn.onenote.net")
    assert not passes("onenote.net")
    assert not passes("a.site-cdn.onenote.net")


def test_of_a_host_in_several_sets_the_highest_category_leads() -> None:
    draft = draft_of(document(INSTANCES[0]))
    names = (GivenName(NameSource.CONNECT, "outlook.office365.com"),)

    verdict = judge(Site(id="s"), Catalogue((draft.vendor,)), Attempt(transport=Transport.TCP, port=443, names=names))

    assert (verdict.tier, verdict.breaks[0].rule) == (Tier.CORE, "set-1")
    assert "`outlook.office365.com` stands in sets 1, 2: the highest, Optimize (set 1), leads" in draft.undecided


def test_the_notes_of_a_set_that_is_not_required_are_its_symptom() -> None:
    vendor = draft_of(document(INSTANCES[0])).vendor

    service = vendor.service("common-set-126")

    assert service.optional
    assert "Dictation will be disabled" in service.symptom


def test_a_set_of_udp_alone_is_a_service_of_its_own_that_is_media() -> None:
    vendor = draft_of(document(INSTANCES[0]), "serviceArea=Skype").vendor

    assert vendor.service("skype-optimize-media").protocol is Protocol.MEDIA
    assert [rule.id for rule in vendor.rules] == [f"set-{each}" for each in (11, 12, 16, 17, 19, 27, 127)]


def test_templates_are_taken_for_wildcards_and_said() -> None:
    text = json.dumps([_set(urls=["<tenant>.sharepoint.com", "<tenant>-my.sharepoint.com"])])

    draft = draft_of(text)

    assert draft.vendor.rules[0].hosts == ("*.sharepoint.com", "*-my.sharepoint.com")
    assert sum("is a template" in line for line in draft.undecided) == 2


def test_networks_that_another_of_the_set_holds_are_left_out_and_said() -> None:
    draft = draft_of(json.dumps([_set(ips=["192.0.2.0/24", "192.0.2.128/25", "2001:db8::/32"])]))

    assert [str(network) for network in draft.vendor.rules[0].networks] == ["192.0.2.0/24", "2001:db8::/32"]
    assert any("192.0.2.128/25" in line for line in draft.undecided)


def test_a_set_without_names_addresses_or_ports_is_kept_as_unspecified() -> None:
    (rule,) = draft_of(json.dumps([_set()])).vendor.rules

    assert rule.unspecified == ("hosts", "ports")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[{"id": 1, "serviceArea": "Skype"', "line 1: is not JSON"),
        ('[{"id": "1", "serviceArea": "Skype"}]', r"\[0\]\.id"),
        ('{"serviceArea": 1}', "expected a list of endpoint sets"),
        (
            json.dumps([{"id": 7, "serviceArea": "X", "category": "Allow", "required": True, "tcpPorts": "443,0"}]),
            "set 7",
        ),
        (json.dumps([{"id": 7, "serviceArea": "X", "category": "Allow", "required": True, "ips": ["1.2.3"]}]), "set 7"),
    ],
)
def test_what_is_no_such_document_says_where(text: str, said: str) -> None:
    with pytest.raises(UnreadableDocument, match=said):
        m365.read(text)


def _set(**values: object) -> dict[str, object]:
    return SET | values
