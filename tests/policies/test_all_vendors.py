"""What holds for every bundled vendor policy."""

import pytest

from tierwall.policy.dialect.suffixes import public_suffix
from tierwall.policy.lint import Severity, lint_catalogue
from tierwall.policy.model import Catalogue, Evidence, Tier

VENDORS = (
    "8x8",
    "google-meet",
    "goto",
    "jitsi-self-hosted",
    "kahoot",
    "kudo",
    "livekit",
    "pexip-kinly",
    "slido",
    "spotme",
    "teams",
    "vevox",
    "vsee-qatar",
    "webex",
    "whereby",
    "zoom",
)


def test_these_vendors_are_bundled(catalogue: Catalogue) -> None:
    assert [vendor.id for vendor in catalogue.vendors] == list(VENDORS)


@pytest.mark.parametrize("vendor_id", VENDORS)
def test_every_document_says_when_it_was_read(catalogue: Catalogue, vendor_id: str) -> None:
    documents = catalogue.vendor(vendor_id).documents

    assert documents
    assert [document.id for document in documents if document.retrieved is None] == []


@pytest.mark.parametrize("vendor_id", VENDORS)
def test_ladders_and_choices_name_rules_that_there_are(catalogue: Catalogue, vendor_id: str) -> None:
    vendor = catalogue.vendor(vendor_id)
    ids = {rule.id for rule in vendor.rules}

    named = {rule for ladder in vendor.ladders for step in ladder.steps for rule in step.rules}
    named |= {rule for choice in vendor.choices for way in choice.ways for rule in way.rules}

    assert named <= ids


@pytest.mark.parametrize("vendor_id", VENDORS)
def test_no_pattern_covers_a_whole_public_suffix(catalogue: Catalogue, vendor_id: str) -> None:
    hosts = [host for rule in catalogue.vendor(vendor_id).rules for host in rule.hosts]

    assert [host for host in hosts if public_suffix(host)] == []


@pytest.mark.parametrize("vendor_id", VENDORS)
def test_every_service_is_served_by_a_rule_and_has_a_tier_and_a_symptom(catalogue: Catalogue, vendor_id: str) -> None:
    vendor = catalogue.vendor(vendor_id)

    served = {service for rule in vendor.rules for service in rule.services}

    assert served == {service.id for service in vendor.services}
    assert all(service.symptom and service.tier is not Tier.NONE for service in vendor.services)


@pytest.mark.parametrize("vendor_id", VENDORS)
def test_what_is_inferred_says_why_and_nothing_else_does(catalogue: Catalogue, vendor_id: str) -> None:
    rules = catalogue.vendor(vendor_id).rules

    assert all((rule.why is not None) == (rule.evidence is Evidence.INFERRED) for rule in rules)


def test_lint_warns_of_the_two_unexplained_addresses_and_of_nothing_else(catalogue: Catalogue) -> None:
    worse_than_notes = [each for each in lint_catalogue(catalogue) if each.severity is not Severity.NOTE]

    assert [each.message.split()[0] for each in worse_than_notes] == ["158.101.192.6", "193.123.38.193"]
