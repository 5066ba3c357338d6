"""`tierwall explain`: what it answers of the vendors' real destinations, and its exit status."""

import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from tierwall.cli import cli

DONE_WHEN = [
    "https://8x8.vc",
    "https://api.amplitude.com",
    "https://evil8x8.com",
    "https://vevox.app",
    "udp://168.138.110.244:50000",
]


def explain(*arguments: str) -> Result:
    return CliRunner().invoke(cli, ["explain", *arguments])


def answers(*arguments: str) -> Sequence[dict[str, object]]:
    found: Sequence[dict[str, object]] = json.loads(explain("--json", *arguments).stdout)
    return found


def test_the_reference_site_answers_as_the_documents_say() -> None:
    found = answers(*DONE_WHEN)

    assert [(each["target"], each["verdict"], each["reason"], each["tier"]) for each in found] == [
        ("https://8x8.vc", "allow", None, "core"),
        ("https://api.amplitude.com", "allow", None, "analytics"),
        ("https://evil8x8.com", "deny", "unlisted", "none"),
        ("https://vevox.app", "allow", None, "core"),
        ("udp://168.138.110.244:50000", "allow", None, "core"),
    ]


def test_the_apex_that_the_document_does_not_state_is_admitted_as_inferred() -> None:
    (found,) = answers("https://vevox.app")

    assert found["admitted_by"] == "vevox/vevox.app"
    assert {impact["evidence"] for impact in found["breaks"]} == {"inferred"}  # type: ignore[attr-defined]


def test_the_apex_is_a_wildcard_gap_where_only_stated_rules_count() -> None:
    (found,) = answers("https://vevox.app", "--site", "stated-only")

    assert (found["verdict"], found["reason"], found["tier"]) == ("deny", "wildcard-gap", "core")


def test_a_closed_tier_says_what_it_breaks() -> None:
    (found,) = answers("https://api.amplitude.com", "--site", "8x8-core-only")

    assert (found["reason"], found["tier"], found["site"]) == ("tier-closed", "analytics", "8x8-core-only")
    assert found["breaks"][0]["symptom"]  # type: ignore[index]


def test_an_observing_site_allows_and_says_what_it_would_have_denied() -> None:
    (found,) = answers("https://evil8x8.com", "--site", "observe")

    assert (found["verdict"], found["reason"], found["would_deny"]) == ("allow", None, "unlisted")


def test_a_server_name_that_is_not_the_connect_host_is_judged_too() -> None:
    (found,) = answers("https://8x8.vc", "--sni", "evil8x8.com")

    assert (found["verdict"], found["reason"]) == ("deny", "name-mismatch")


def test_an_address_with_a_server_name_is_judged_by_the_name() -> None:
    (found,) = answers("https://203.0.113.7", "--sni", "meet.8x8.vc")

    assert (found["verdict"], found["admitted_by"]) == ("allow", "8x8/*.8x8.vc")


def test_tls_to_an_address_without_a_name_says_so() -> None:
    (found,) = answers("https://203.0.113.7")

    assert found["reason"] == "no-name"


def test_a_policy_of_your_own_is_added(tmp_path: Path) -> None:
    policy = tmp_path / "acme.yaml"
    policy.write_text(ACME)

    assert answers("https://acme.example", "--policy", str(policy))[0]["admitted_by"] == "acme/web"


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        (["https://8x8.vc"], 0),
        (["https://8x8.vc", "https://evil8x8.com"], 1),
        (["https://8x8.vc", "--json"], 0),
        (["https://evil8x8.com", "--json"], 1),
        (["https://evil8x8.com", "--site", "observe"], 0),
        (["8x8.vc"], 2),
        (["https://8x8.vc", "--site", "nope"], 2),
        (["https://8x8.vc", "--nope"], 2),
        ([], 2),
    ],
)
def test_the_exit_status_says_how_it_went(arguments: list[str], status: int) -> None:
    assert explain(*arguments).exit_code == status


def test_people_get_a_block_for_each_target() -> None:
    blocks = explain("https://8x8.vc", "https://evil8x8.com").stdout.split("\n\n")

    assert [block.split()[0] for block in blocks] == ["allow", "deny"]


def test_every_fault_of_a_command_line_is_named_at_once_on_stderr(tmp_path: Path) -> None:
    site = tmp_path / "site.yaml"
    site.write_text("version: 1\nsite: mine\nadmit:\n  - {vendor: 8x9}\nevidense: stated\n")

    result = explain("8x8.vc", "https://*.8x8.vc", "--sni", "192.0.2.1", "--site", str(site))

    faults = result.stderr.splitlines()
    assert (result.exit_code, result.stdout) == (2, "")
    assert [fault.partition(" ")[0] for fault in faults[:3]] == ["`8x8.vc`", "--sni", "`https://*.8x8.vc`"]
    assert "did you mean `8x8`?" in faults[3]
    assert "did you mean `evidence`?" in faults[4]
    assert len(faults) == 5


def test_an_unknown_site_is_answered_with_the_known_ones() -> None:
    assert "did you mean `observe`?" in explain("https://8x8.vc", "--site", "obserce").stderr


def test_a_policy_that_is_not_there_is_bad_input() -> None:
    result = explain("https://8x8.vc", "--policy", "nowhere.yaml")

    assert result.exit_code == 2
    assert result.stderr.startswith("nowhere.yaml: ")


def test_hostile_targets_reach_no_terminal() -> None:
    result = explain("https://8x8.vc/\x1b]0;owned\x07\u202e", "https://\x1b[31m")

    assert "\x1b" not in result.output
    assert explain("https://8x8.vc/\x1b[31m").stdout.startswith("allow   https://8x8.vc/\\x1b[31m  tier core")


ACME = """\
version: 1
vendor: acme
title: ACME
sources:
  guide: {title: "ACME guide", url: "https://acme.example/guide"}
services:
  web:
    title: "Web"
    protocol: https
    tier: core
    symptom: "Nothing works."
    source: {document: guide, section: "Hosts"}
rules:
  - id: web
    hosts: [acme.example]
    ports: [tcp/443]
    services: [web]
    evidence: stated
    source: {document: guide, section: "Hosts"}
"""


@pytest.mark.parametrize(
    ("site", "dialled", "said"),
    [
        ("reference", "203.0.113.9", "names: trust: dialled is 203.0.113.9, whatever 8x8.vc leads to"),
        ("8x8-core-only", "8x8.vc", "names: resolve: dialled is what 8x8.vc leads to, not 203.0.113.9"),
    ],
)
def test_a_name_that_is_only_claimed_for_an_address_is_said_with_what_is_dialled(
    site: str, dialled: str, said: str
) -> None:
    question = ("203.0.113.9:443", "--sni", "8x8.vc", "--site", site)
    (found,) = answers(*question)

    assert found["claim"] == {"name": "8x8.vc", "address": "203.0.113.9", "dialled": dialled}
    assert said in explain(*question).stdout
