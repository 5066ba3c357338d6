"""`tierwall sites`: what each network breaks, computed, for people and for programs."""

import json
from pathlib import Path

from click.testing import CliRunner, Result

from tierwall.cli import cli
from tierwall.loader import site_names


def sites(*arguments: str) -> Result:
    return CliRunner().invoke(cli, ["sites", *arguments])


def test_every_bundled_site_is_listed_with_its_title() -> None:
    found = json.loads(sites("--json").stdout)

    assert [each["site"] for each in found] == list(site_names())
    assert all(each["title"] for each in found)


def test_the_dpi_firewall_hits_the_native_app_and_nothing_else_of_vevox() -> None:
    (site,) = json.loads(sites("dpi-https-only", "--json").stdout)

    hit = {each["service"]: each["behaviours"] for each in site["services"] if each["vendor"] == "vevox"}
    assert {service for service, behaviours in hit.items() if behaviours} == {"native-attendee"}
    assert site["behaviours"] == ["dpi-https-only"]


def test_people_read_what_is_closed_and_why_vendor_by_vendor() -> None:
    said = sites("pan-os-apex-gap", "reference").stdout

    assert "vevox       web-attendee, content, http-redirect: 1 place of 6 closed" in said
    assert "vsee-qatar  works" in said
    assert "everything that the vendors ask for works" in said


def test_a_file_of_ones_own_is_a_site_too(tmp_path: Path) -> None:
    path = tmp_path / "lab.yaml"
    path.write_text("version: 1\nsite: lab\nextends: vevox-only\n", encoding="utf-8")

    said = sites(str(path))

    assert said.exit_code == 0
    assert said.stdout.startswith("lab")
    assert "vevox       works" in said.stdout


def test_every_fault_of_every_site_is_named_at_once(tmp_path: Path) -> None:
    path = tmp_path / "lab.yaml"
    path.write_text("version: 1\nsite: lab\nenforc: no\n", encoding="utf-8")

    said = sites("nowhere", str(path))

    assert said.exit_code == 2
    assert "unknown site `nowhere`" in said.stderr
    assert "unknown key `enforc`" in said.stderr
