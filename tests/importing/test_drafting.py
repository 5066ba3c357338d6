"""Importing again keeps what people wrote and takes what the document says; the file shows just that difference."""

from pathlib import Path

import pytest

from tests.importing.reading import draft_of
from tierwall.importing.drafting import Draft, merged
from tierwall.importing.writing import changed_text, new_text
from tierwall.loader.vendors import vendor_in
from tierwall.policy.model import Evidence, Tier, Vendor
from tierwall.policy.projections.difference import differences

PAGE = """\
| Host | Ports | Purpose | Required |
|------|-------|---------|----------|
| *.acme.example | TCP 443 | Web | Required |
| turn.acme.example | UDP 3478 | TURN | Required |
| stats.acme.example | TCP 443 | Statistics | Optional |
"""
OURS = """\
version: 2
vendor: acme
title: Acme, as we know it   # not the document's words
sources:
  table: {title: Page with tables of hosts and ports, retrieved: "2026-11-01", form: table}
  ours: {title: Seen in use}
tier_words: {Required: core, Optional: auxiliary}
services:
  web:
    title: The app
    protocol: websocket
    tier: Required
    symptom: Nobody can join.   # asked the vendor
    source: {document: table, section: Table}
  turn: {title: TURN, protocol: stun, tier: auxiliary, symptom: No sound., source: {document: table, section: Table}}
  statistics: {title: S, protocol: https, tier: analytics, symptom: None., source: {document: table, section: Table}}
rules:
  # The wildcard is all that most need.
  - id: "*.acme.example"
    hosts: ["*.acme.example"]
    ports: [tcp/443]
    services: [web]
    note: We use app.acme.example.
    source: {document: table, section: Table}
  - id: acme.example
    hosts: [acme.example]
    ports: [tcp/443]
    services: [web]
    evidence: inferred
    why: People type it.
    source: {document: table, section: Table}
  - id: turn.acme.example
    hosts: [turn.acme.example]
    ports: [udp/3478]
    services: [turn]
    source: {document: table, section: Table}
  - id: stats.acme.example
    hosts: [stats.acme.example]
    ports: [tcp/443]
    services: [statistics]
    optional: true
    source: {document: table, section: Table}
  - id: seen
    hosts: [cdn.acme-static.example]
    ports: [tcp/443]
    services: [web]
    source: {document: ours, section: Browser}
"""


def ours() -> Vendor:
    return vendor_in(Path("acme.yaml"), OURS)


def again(page: str) -> Draft:
    return merged(ours(), draft_of(page))


def facts(draft: Draft) -> list[str]:
    """All that changed but the day."""
    return [str(change) for change in differences(ours(), draft.vendor) if change.what != "document"]


def test_the_same_document_changes_nothing_but_the_day() -> None:
    draft = again(PAGE)

    assert facts(draft) == []
    assert [str(change) for change in differences(ours(), draft.vendor)] == [
        "document table changed: retrieved: + 2026-11-27, - 2026-11-01"
    ]
    assert draft.undecided == ()


@pytest.mark.parametrize(
    ("right", "wrong", "changes"),
    [
        ("UDP 3478", "UDP 3478, 443", ["rule turn.acme.example changed: ports: + udp/443"]),
        ("Statistics", "Usage", []),
    ],
)
def test_a_changed_cell_is_the_only_change(right: str, wrong: str, changes: list[str]) -> None:
    assert facts(again(PAGE.replace(right, wrong))) == changes


def test_a_row_that_is_gone_takes_its_service_with_it() -> None:
    page = "".join(line for line in PAGE.splitlines(keepends=True) if "stats" not in line)

    assert [line.split(":")[0] for line in facts(again(page))] == [
        "service statistics removed",
        "rule stats.acme.example removed",
    ]


def test_a_new_row_comes_with_what_is_to_be_decided_about_it_alone() -> None:
    draft = again(PAGE + "| push.acme.example | TCP 443 | Push | Required |\n")

    assert [line.split(":")[0] for line in facts(draft)] == ["service push added", "rule push.acme.example added"]
    assert draft.undecided == ("service push: symptom: the document says none",)


def test_what_people_wrote_stays() -> None:
    vendor = again(PAGE.replace("TCP 443 | Web", "TCP 443, 8443 | Web")).vendor

    assert vendor.title == "Acme, as we know it"
    assert (vendor.service("web").symptom, vendor.service("turn").tier) == ("Nobody can join.", Tier.AUXILIARY)
    assert vendor.rules[0].note == "We use app.acme.example."
    assert [str(ports) for ports in vendor.rules[0].ports] == ["tcp/443", "tcp/8443"]


def test_what_was_inferred_or_comes_from_elsewhere_stays() -> None:
    page = "| Host | Ports |\n|---|---|\n| new.acme.example | TCP 443 |\n"

    kept = {rule.id: rule.evidence for rule in again(page).vendor.rules}

    assert kept == {
        "acme.example": Evidence.INFERRED,
        "seen": Evidence.STATED,
        "new.acme.example": Evidence.STATED,
    }


def test_ports_that_people_wrote_stay_where_the_document_says_none() -> None:
    text = new_text(draft_of("192.0.2.0/24\n").vendor, ()).replace("ports: unspecified", "ports: [udp/8801]")
    written = vendor_in(Path("x.yaml"), text)

    (rule,) = merged(written, draft_of("192.0.2.0/24\n198.51.100.0/24\n")).vendor.rules

    assert ([str(each) for each in rule.ports], rule.unspecified) == (["udp/8801"], ())
    assert len(rule.networks) == 2


def test_a_ladder_that_loses_a_rule_is_said_and_loads() -> None:
    ladder = """\
fallback:
  media:
    steps:
      - {title: UDP, rules: [turn.acme.example]}
      - {title: Web, rules: ["*.acme.example"], remains: It stutters.}
    source: {document: table, section: Table}
"""
    page = "".join(line for line in PAGE.splitlines(keepends=True) if "turn" not in line)

    draft = merged(vendor_in(Path("acme.yaml"), OURS + ladder), draft_of(page))

    assert draft.vendor.ladders == ()
    assert "fallback media: names rules that are gone" in draft.undecided


def test_the_file_keeps_its_comments_and_order_and_says_the_new_facts() -> None:
    draft = again(PAGE.replace("UDP 3478", "UDP 3478, 443") + "| push.acme.example | TCP 443 | Push | Required |\n")

    text = changed_text(OURS, draft.vendor, differences(ours(), draft.vendor))

    assert differences(draft.vendor, vendor_in(Path("acme.yaml"), text)) == ()
    for comment in ("# not the document's words", "# asked the vendor", "# The wildcard is all that most need."):
        assert comment in text
    gone = [line for line in OURS.splitlines() if line not in text.splitlines()]
    assert [line.strip() for line in gone] == [
        'table: {title: Page with tables of hosts and ports, retrieved: "2026-11-01", form: table}',
        "ports: [udp/3478]",
    ]


def test_a_new_file_says_what_the_draft_says_and_what_is_to_be_decided() -> None:
    draft = draft_of(PAGE)

    text = new_text(draft.vendor, draft.undecided)

    assert differences(draft.vendor, vendor_in(Path("x.yaml"), text)) == ()
    assert "#   service web: symptom: the document says none\n" in text
