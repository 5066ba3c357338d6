"""`help`, `schema`, `sites --breaks` and what a shell completes: found from the outside, and fast enough for a TAB."""

import json
import os
import resource
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import jsonschema
import pytest
import yaml
from click.testing import CliRunner, Result

from tierwall import shipped
from tierwall.cli import cli
from tierwall.cli.audit.formats import ALL
from tierwall.cli.topics import words
from tierwall.cli.topics.commands import TOPICS
from tierwall.export import ProductId
from tierwall.loader import load_catalogue, site_names
from tierwall.policy.attempt import Reason
from tierwall.policy.behaviour import BY_NAME
from tierwall.policy.dialect import Dialect
from tierwall.report.modes import MODES

ADDON = Path(__file__).parents[3] / "addon"
TAB_S = 0.15


def said(*arguments: str) -> Result:
    return CliRunner().invoke(cli, list(arguments), env={"COLUMNS": "100"})


@pytest.mark.parametrize(
    ("topic", "words"),
    [
        ("modes", [mode.spec for mode in MODES]),
        ("reasons", list(Reason)),
        ("behaviours", list(BY_NAME)),
        ("dialects", list(Dialect)),
        ("site", ["admit", "deny", "dialect", "refuse", "behaviours", "admit: {hosts: …}"]),
    ],
)
def test_a_topic_has_a_line_for_each_of_its_words(topic: str, words: Sequence[str]) -> None:
    result = said("help", topic)

    lines = [line.strip() for line in result.stdout.splitlines()]
    assert result.exit_code == 0
    assert [word for word in words if word not in lines] == []
    assert all(len(line) <= 100 for line in result.stdout.splitlines())


def test_without_a_topic_they_are_listed_and_a_command_is_its_own_help() -> None:
    assert all(f"tierwall help {topic}" in said("help").stdout for topic in TOPICS)
    assert "--resolve" in said("help", "run").stdout
    assert said("help", "mods").stderr.startswith("unknown topic or command `mods`; did you mean `modes`?")


@pytest.mark.parametrize("name", shipped.SCHEMAS)
def test_a_schema_is_one(name: str) -> None:
    jsonschema.Draft202012Validator.check_schema(json.loads(said("schema", name).stdout))


def test_the_schema_of_sites_holds_for_the_bundled_ones() -> None:
    schema = json.loads(said("schema", "site").stdout)

    for path in (shipped.policies() / "sites").glob("*.yaml"):
        jsonschema.validate(yaml.safe_load(path.read_text(encoding="utf-8")), schema)


def test_sites_are_found_by_what_they_break() -> None:
    found = json.loads(said("sites", "--vendor", "vevox", "--breaks", "native-attendee", "--json").stdout)
    sites = {each["site"] for each in found}

    assert {"dpi-https-only", "ssl-inspection", "captive-portal"} <= sites
    assert not {"reference", "udp-blocked", "quic-blackhole"} & sites
    assert {service["vendor"] for each in found for service in each["services"]} == {"vevox"}


@pytest.mark.parametrize(
    ("arguments", "fault"),
    [
        (("--vendor", "vevx"), "--vendor: unknown vendor `vevx`; did you mean `vevox`?"),
        (
            ("--vendor", "vevox", "--breaks", "native-atendee"),
            "--breaks: unknown service `native-atendee`; did you",
        ),
    ],
)
def test_an_unknown_vendor_or_service_is_said(arguments: tuple[str, ...], fault: str) -> None:
    result = said("sites", *arguments)

    assert (result.exit_code, result.stderr.startswith(fault)) == (2, True)


def test_words_kept_apart_for_the_shell_are_those_of_the_code() -> None:
    assert tuple(ALL) == words.FORMATS
    assert (*ProductId, "envoy") == words.PRODUCTS  # the last is no list, but a whole site
    assert shipped.site_names() == site_names()
    assert set(shipped.vendor_ids()) == {vendor.id for vendor in load_catalogue([]).vendors}


@pytest.mark.parametrize(
    ("line", "completed"),
    [
        ("explain --site 8x8", ["8x8-core-only"]),
        ("run --mode so", ["socks5", "socks5@127.0.0.1:1080"]),
        ("new-site list.txt --dialect fi", ["firefox-policy"]),
        ("audit log --dialect fi", ["firefox-policy"]),
        ("audit log --format sk", ["skyhigh"]),
        ("export --to squ", ["squid"]),
        ("export --vendor vev", ["vevox"]),
        ("behaviour set idle-timeout af", ["after="]),
        ("behaviour set idle-timeout scope.v", ["scope.vendor="]),
        ("help mo", ["modes"]),
        ("schema si", ["site"]),
    ],
)
def test_a_tab_completes_values_and_takes_no_longer_than_people_notice(line: str, completed: list[str]) -> None:
    """In time of the processor: whoever else works on this machine is not to blame on the shell."""
    typed = line.split()
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ADDON), "_TIERWALL_COMPLETE": "bash_complete"}
    asked = {"COMP_WORDS": f"tierwall {line}", "COMP_CWORD": str(len(typed))}
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(
        [sys.executable, "-m", "tierwall"],
        env=environment | asked,
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)

    assert [each.partition(",")[2] for each in done.stdout.splitlines()] == completed
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < TAB_S
