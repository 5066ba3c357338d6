"""`tierwall diff`: what opens and closes between two versions, with ports and services."""

import json
from pathlib import Path

from click.testing import CliRunner, Result

from tierwall.cli import cli
from tierwall.loader import bundled


def diff(*arguments: str) -> Result:
    return CliRunner().invoke(cli, ["diff", *arguments])


def _vevox(folder: Path, *changes: tuple[str, str]) -> str:
    text = (bundled() / "vendors" / "vevox.yaml").read_text()
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    path = folder / f"vevox-{len(changes)}.yaml"
    path.write_text(text)
    return str(path)


def test_two_versions_of_a_vendors_file_open_and_close_with_the_services(tmp_path: Path) -> None:
    done = diff(_vevox(tmp_path), _vevox(tmp_path, ('hosts: ["*.meetoo.io"]', 'hosts: ["*.meetoo.example"]')))

    assert done.exit_code == 1
    assert (
        "- *.meetoo.io  tcp/80, tcp/443  (vevox core: dashboard, web-attendee, native-attendee, content" in done.stdout
    )
    assert "+ *.meetoo.example  tcp/80, tcp/443  (vevox core: dashboard" in done.stdout
    assert "hosts: + *.meetoo.example, - *.meetoo.io" in done.stdout


def test_a_changed_port_opens_and_closes_that_port_alone(tmp_path: Path) -> None:
    done = diff(_vevox(tmp_path), _vevox(tmp_path, ("[tcp/80]", "[tcp/8080]")), "--json")

    found = json.loads(done.stdout)
    assert {tuple(each["ports"]) for each in found["opens"]} == {("tcp/8080",)}
    assert {tuple(each["ports"]) for each in found["closes"]} == {("tcp/80",)}
    assert all("http-redirect" in each["serves"] for each in found["opens"])


def test_what_opens_nothing_is_still_a_change_of_the_policy(tmp_path: Path) -> None:
    done = diff(_vevox(tmp_path), _vevox(tmp_path, ("title: Web dashboard", "title: Dashboard")), "--json")

    found = json.loads(done.stdout)
    assert (done.exit_code, found["opens"], found["closes"]) == (1, [], [])
    assert [each["id"] for each in found["policy"]] == ["dashboard"]


def test_two_sites_are_compared_by_what_they_admit() -> None:
    done = diff("reference", "vevox-only")

    assert done.exit_code == 1
    assert "- *.8x8.vc  tcp/443  (8x8 core: meetings)" in done.stdout
    assert "+" not in {line[0] for line in done.stdout.splitlines() if "vevox" in line}


def test_the_same_twice_is_no_difference() -> None:
    done = diff("reference", "reference")

    assert (done.exit_code, done.stdout) == (0, "")
    assert "nothing changed" in done.stderr


def test_a_vendors_file_and_a_site_cannot_be_compared(tmp_path: Path) -> None:
    done = diff(_vevox(tmp_path), "reference")

    assert done.exit_code == 2
    assert "reference is no vendor's file, and the other is" in done.stderr


def test_every_fault_of_a_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "lab.yaml").write_text("version: 1\nsite: lab\nenforc: no\n")

    done = diff("reference", str(tmp_path / "lab.yaml"))

    assert done.exit_code == 2
    assert "unknown key `enforc`" in done.stderr
