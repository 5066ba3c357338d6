"""What version 2 of the format of vendor files adds; a file of version 1 loads as it did, and has none of it."""

from pathlib import Path

import pytest

from tests.loader.files import VENDOR, Write
from tierwall.loader import InvalidFiles, load_catalogue
from tierwall.policy.model import Choice, CitedDocument, Evidence, Ladder, Source, Step, Tier, Vendor, Way

NEWER = """\
version: 2
vendor: acme
title: Acme Video
sources:
  guide:
    title: Acme Firewall Guide
    url: https://acme.example/guide
    retrieved: 2026-11-27
    form: table
    only: [area=video]
tier_words: {Required: core, "Nice to have": auxiliary}
services:
  calls: {title: Calls, protocol: media, tier: Required, symptom: No calls., source: {document: guide, section: A}}
  extras: {title: Extras, protocol: https, tier: analytics, symptom: None., source: {document: guide, section: A}}
rules:
  - id: everything
    hosts: ["*.acme.example", "*cdn.acme.example", "eu.*.acme.example"]
    paths: [/tools/feedback]
    probe: [www.acme.example]
    ports: [tcp/443]
    services: [calls]
    source: {document: guide, section: B}
  - id: single
    hosts: [a.acme.example]
    ports: [tcp/443]
    optional: true
    services: [extras]
    source: {document: guide, section: B}
  - id: cloud
    asns: [AS64496]
    ports: [tcp/443]
    services: [calls]
    source: {document: guide, section: B}
  - id: media
    anywhere: true
    ports: [udp/50000-60000]
    services: [calls]
    source: {document: guide, section: B}
one_of:
  hosts:
    ways:
      - {title: Wildcard, rules: [everything]}
      - {title: Single names, rules: [single]}
    source: {document: guide, section: B}
fallback:
  media:
    steps:
      - {title: UDP, rules: [media]}
      - {title: TLS, rules: [everything], remains: Pictures stutter.}
    source: {document: guide, section: C}
"""


def _acme(text: str, write: Write) -> Vendor:
    return load_catalogue([write("acme.yaml", text)]).vendor("acme")


def _faults(path: Path) -> str:
    with pytest.raises(InvalidFiles) as invalid:
        load_catalogue([path])
    return str(invalid.value)


def test_a_document_says_when_it_was_read_and_how_it_is_read_again(write: Write) -> None:
    (document,) = _acme(NEWER, write).documents

    assert document == CitedDocument(
        id="guide",
        title="Acme Firewall Guide",
        url="https://acme.example/guide",
        retrieved="2026-11-27",
        form="table",
        only=("area=video",),
    )


def test_a_tier_may_be_said_in_the_documents_own_word(write: Write) -> None:
    calls, extras = _acme(NEWER, write).services

    assert (calls.tier, calls.tier_word) == (Tier.CORE, "Required")
    assert (extras.tier, extras.tier_word) == (Tier.ANALYTICS, None)


def test_every_new_key_of_a_rule_is_read(write: Write) -> None:
    everything, single, cloud, media = _acme(NEWER, write).rules

    assert everything.hosts == ("*.acme.example", "*cdn.acme.example", "eu.*.acme.example")
    assert (everything.paths, everything.probe) == (("/tools/feedback",), ("www.acme.example",))
    assert single.optional
    assert (cloud.asns, cloud.evidence, cloud.unspecified) == ((64496,), Evidence.UNSPECIFIED, ("networks",))
    assert (media.anywhere, media.hosts, media.networks) == (True, (), ())


def test_choices_and_ladders_name_rules_in_their_order(write: Write) -> None:
    vendor = _acme(NEWER, write)

    guide = "Acme Firewall Guide", "https://acme.example/guide"
    assert vendor.choices == (
        Choice(
            id="hosts",
            ways=(Way(title="Wildcard", rules=("everything",)), Way(title="Single names", rules=("single",))),
            source=Source(document=guide[0], section="B", url=guide[1]),
        ),
    )
    assert vendor.ladders == (
        Ladder(
            id="media",
            steps=(
                Step(title="UDP", rules=("media",)),
                Step(title="TLS", rules=("everything",), remains="Pictures stutter."),
            ),
            source=Source(document=guide[0], section="C", url=guide[1]),
        ),
    )


def test_version_1_has_none_of_it_and_says_for_each_key_where(write: Write) -> None:
    said = _faults(write("acme.yaml", NEWER.replace("version: 2", "version: 1"))).splitlines()

    assert [line.split(": ")[1] for line in said] == [
        "sources.guide.retrieved",
        "sources.guide.form",
        "sources.guide.only",
        "tier_words",
        "rules[0].hosts[1]",
        "rules[0].hosts[2]",
        "rules[0].paths",
        "rules[0].probe",
        "rules[1].optional",
        "rules[2].asns",
        "rules[3].anywhere",
        "one_of",
        "fallback",
    ]
    assert all("came with version 2" in line for line in said)


def test_a_file_of_version_1_is_the_same_in_version_2(write: Write) -> None:
    old, new = _acme(VENDOR, write), _acme(VENDOR.replace("version: 1", "version: 2"), write)

    assert (old.services, old.rules, old.documents) == (new.services, new.rules, new.documents)


@pytest.mark.parametrize(
    ("right", "wrong", "fault"),
    [
        ("2026-11-27", "2026-02-30", "retrieved: `2026-02-30` is no day; expected e.g. 2026-11-27"),
        ("2026-11-27", "'20261127'", "retrieved: `20261127` is no day"),
        ("2026-11-27", "last week", "retrieved: `last week` is no day"),
        ("tier: Required", "tier: Requird", "unknown tier `Requird`; did you mean `Required`?"),
        ("{Required: core", "{required: core", "begins with a small letter, as only tiers do: write `Required`"),
        ("[AS64496]", "[64496]", "`64496` is no autonomous system; expected e.g. AS64496"),
        ("[AS64496]", "[AS4294967296]", "`AS4294967296` is no autonomous system"),
        ("[/tools/feedback]", "[tools]", "`tools` is no path; expected e.g. /tools/feedback"),
        ("[www.acme.example]", "[acme.example]", "`acme.example` is not covered by the rule's own `hosts`"),
        ('"*cdn.acme.example"', '"*cdn.example"', "the last two labels are without `*`, as in `*cdn.example.com`"),
        ('"*cdn.acme.example"', '"*cdn.co.uk"', "`*cdn.co.uk` covers the whole public suffix `co.uk`"),
        ('"*cdn.acme.example"', '"*"', "`*` is no host pattern"),
        ("anywhere: true", "anywhere: true\n    hosts: [a.example]", "is every destination, and `hosts` names some"),
        ("rules: [single]", "rules: [singel]", "unknown rule `singel`; did you mean `single`?"),
        (", remains: Pictures stutter.", "", "needs `remains`: what users still notice"),
        ("{document: guide, section: C}", "{document: gide, section: C}", "unknown document `gide`"),
    ],
)
def test_a_fault_names_the_mend(right: str, wrong: str, fault: str, write: Write) -> None:
    assert NEWER.count(right) == 1

    assert fault in _faults(write("acme.yaml", NEWER.replace(right, wrong)))
