"""Lists of networks, and of clouds, become rules without ports: the lists say none."""

import json

import pytest

from tests.importing.reading import document, draft_of, form
from tierwall.importing.forms import FORMS, Form
from tierwall.importing.mapping import Mapping
from tierwall.importing.rows import UnreadableDocument

GOOGLE = json.dumps(
    {
        "syncToken": "1",
        "prefixes": [
            {"ipv4Prefix": "34.1.208.0/20", "service": "Google Cloud", "scope": "africa-south1"},
            {"ipv6Prefix": "2600:1900:8000::/44", "service": "Google Cloud", "scope": "africa-south1"},
            {"ipv4Prefix": "34.80.0.0/15", "service": "Google Cloud", "scope": "asia-east1"},
        ],
    }
)
GOOG = json.dumps({"prefixes": [{"ipv4Prefix": "8.8.4.0/24"}, {"ipv6Prefix": "2001:4860::/32"}]})
AWS = json.dumps(
    {
        "syncToken": "1",
        "prefixes": [
            {"ip_prefix": "3.5.140.0/22", "region": "eu-west-1", "service": "AMAZON", "network_border_group": "x"},
            {"ip_prefix": "3.5.140.0/22", "region": "eu-west-1", "service": "EC2", "network_border_group": "x"},
            {"ip_prefix": "52.94.0.0/22", "region": "us-east-1", "service": "EC2", "network_border_group": "x"},
        ],
        "ipv6_prefixes": [
            {"ipv6_prefix": "2a05:d018::/36", "region": "eu-west-1", "service": "EC2", "network_border_group": "x"}
        ],
    }
)
CLOUDFLARE = json.dumps(
    {"result": {"ipv4_cidrs": ["173.245.48.0/20"], "ipv6_cidrs": ["2400:cb00::/32"], "etag": "x"}, "success": True}
)


def rules(text: str, *only: str) -> dict[str, list[str]]:
    return {rule.id: [str(network) for network in rule.networks] for rule in draft_of(text, *only).vendor.rules}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (document("m365-endpoints-china.json"), Form.M365),
        (document("zoom.txt"), Form.CIDRS),
        (document("livekit-firewall.md"), Form.TABLE),
        (GOOGLE, Form.GOOGLE),
        (GOOG, Form.GOOGLE),
        (AWS, Form.AWS),
        (CLOUDFLARE, Form.CLOUDFLARE),
        ("173.245.48.0/20\n103.21.244.0/22\n", Form.CIDRS),
    ],
)
def test_a_document_is_recognised_by_its_text(text: str, expected: Form) -> None:
    assert form(text) is expected


def test_zooms_list_has_all_its_networks_and_no_ports() -> None:
    (rule,) = draft_of(document("zoom.txt")).vendor.rules

    assert sorted(map(str, rule.networks)) == sorted(document("zoom.txt").split())
    assert len(rule.networks) == 49
    assert rule.unspecified == ("ports",)


def test_comments_and_empty_lines_of_a_list_are_passed_over() -> None:
    assert rules("# Acme\n\n192.0.2.0/24  # Paris\n2001:db8::/32\n") == {"networks": ["192.0.2.0/24", "2001:db8::/32"]}


def test_googles_networks_stand_by_service_and_scope() -> None:
    assert rules(GOOGLE) == {
        "google-cloud:africa-south1": ["34.1.208.0/20", "2600:1900:8000::/44"],
        "google-cloud:asia-east1": ["34.80.0.0/15"],
    }
    assert rules(GOOG) == {"google": ["8.8.4.0/24", "2001:4860::/32"]}


def test_awss_networks_stand_by_service_and_region_ipv6_too() -> None:
    assert rules(AWS, "service=EC2,region=eu-west-1") == {"ec2:eu-west-1": ["3.5.140.0/22", "2a05:d018::/36"]}


def test_terms_are_any_of_and_their_parts_all_of() -> None:
    assert set(rules(AWS, "service=amazon", "region=us-east-1")) == {"amazon:eu-west-1", "ec2:us-east-1"}


def test_cloudflares_families_are_two_rules() -> None:
    assert rules(CLOUDFLARE) == {"cloudflare:ipv4": ["173.245.48.0/20"], "cloudflare:ipv6": ["2400:cb00::/32"]}


def test_where_nothing_is_left_it_says_what_there_is_to_choose() -> None:
    with pytest.raises(UnreadableDocument, match="region: eu-west-1, us-east-1"):
        rules(AWS, "region=mars")


@pytest.mark.parametrize("spelled", ["EC2", "service=", "=x", "service=EC2,region"])
def test_a_term_that_is_none_says_how_it_is_spelled(spelled: str) -> None:
    with pytest.raises(ValueError, match="is not KEY=VALUE"):
        rules(AWS, spelled)


@pytest.mark.parametrize(
    ("of", "text", "said"),
    [
        (Form.CIDRS, "192.0.2.0/24\nx\n", "line 2"),
        (Form.CIDRS, "# nothing\n", "has no networks"),
        (Form.GOOGLE, '{"prefixes": [{"ipv4Prefix": "x"}]}', "x"),
        (Form.AWS, "[1", "is not JSON"),
        (Form.AWS, "[]", "expected an object"),
        (Form.CLOUDFLARE, '{"result": {}}', "ipv4_cidrs"),
    ],
)
def test_what_is_no_such_list_says_where(of: Form, text: str, said: str) -> None:
    with pytest.raises(UnreadableDocument, match=said):
        FORMS[of].read(text, Mapping())


@pytest.mark.parametrize("of", Form)
def test_every_form_has_a_way_to_be_read(of: Form) -> None:
    assert of in FORMS
