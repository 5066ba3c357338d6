"""`tierwall lint`: which files it looks at, how it tells findings from faults, and what it prints."""

import json
from pathlib import Path

from click.testing import CliRunner, Result

from tierwall.cli import cli
from tierwall.loader import bundled

GOOD_SITE = "version: 1\nsite: good\nadmit:\n  - {hosts: [meet.corp.example]}\n"
ODD_SITE = "version: 1\nsite: odd\nadmit:\n  - {hosts: [meet.corp.example]}\n  - {hosts: [meet.corp.example]}\n"
BAD_SITE = "version: 1\nsite: bad\nadmit:\n  - {hosts: ['*']}\nevidense: stated\n"
BAD_VENDOR = "version: 1\nvendor: acme\ntiers: []\n"


def lint(*arguments: object) -> Result:
    return CliRunner().invoke(cli, ["lint", *map(str, arguments)])


def write(folder: Path, **files: str) -> Path:
    for name, text in files.items():
        (folder / f"{name}.yaml").write_text(text)
    return folder


def test_without_arguments_it_looks_at_what_is_bundled() -> None:
    result = lint()

    assert result.exit_code == 1  # the two addresses that only the copy-paste list has
    assert result.stdout.startswith(
        "8x8/copy-paste-only\n"
        "  warning  158.101.192.6 stands only in the document's copy-paste list: no\n"
        "           category says what it is for  [copy-paste-only]\n"
        "           → ask the vendor what it serves\n"
    )
    assert "warnings" in result.stderr


def test_the_bundled_folder_by_its_name_gives_the_same_about_vendors() -> None:
    assert set(lint(bundled()).stdout.splitlines()) == set(lint().stdout.splitlines())


def test_a_site_without_findings_is_done(tmp_path: Path) -> None:
    result = lint(write(tmp_path, good=GOOD_SITE))

    assert (result.exit_code, result.stdout, result.stderr) == (0, "", "nothing found\n")


def test_a_warning_is_a_finding(tmp_path: Path) -> None:
    result = lint(write(tmp_path, odd=ODD_SITE) / "odd.yaml")

    assert result.exit_code == 1
    assert "odd\n  warning  admit lists meet.corp.example more than once" in result.stdout
    assert result.stderr == "1 warning\n"


def test_notes_alone_are_no_finding() -> None:
    result = lint(bundled() / "vendors" / "vevox.yaml")

    assert (result.exit_code, result.stderr) == (0, "1 note\n")


def test_programs_get_a_list_of_objects(tmp_path: Path) -> None:
    (found,) = json.loads(lint("--json", write(tmp_path, odd=ODD_SITE)).stdout)

    assert found == {
        "subject": "odd",
        "severity": "warning",
        "code": "duplicate-entry",
        "message": "admit lists meet.corp.example more than once, with the same ports",
        "mend": "keep one of each",
    }


def test_programs_get_an_empty_list_where_nothing_is_found(tmp_path: Path) -> None:
    assert json.loads(lint("--json", write(tmp_path, good=GOOD_SITE)).stdout) == []


def test_files_that_do_not_load_are_bad_input_with_every_fault_named(tmp_path: Path) -> None:
    result = lint(write(tmp_path, bad=BAD_SITE, odd=ODD_SITE, tab="site:\tx: y\n"))

    assert (result.exit_code, result.stdout) == (2, "")
    assert {line.partition(": ")[0].rpartition("/")[2] for line in result.stderr.splitlines()} == {
        "bad.yaml:4",
        "bad.yaml:5",
        "tab.yaml:1",
    }


def test_sites_wait_until_the_vendors_load(tmp_path: Path) -> None:
    result = lint(write(tmp_path, acme=BAD_VENDOR, odd=ODD_SITE))

    assert result.exit_code == 2
    assert "unknown key `tiers`" in result.stderr
    assert "odd.yaml: not looked at, because a vendor's file has faults" in result.stderr


def test_a_file_that_is_neither_vendor_nor_site_is_bad_input(tmp_path: Path) -> None:
    result = lint(write(tmp_path, other="services: {}\n"))

    assert result.exit_code == 2
    assert "is neither a vendor's nor a site's file" in result.stderr


def test_a_folder_without_yaml_and_a_file_that_is_not_there_are_bad_input(tmp_path: Path) -> None:
    result = lint(tmp_path, tmp_path / "nowhere.yaml")

    assert result.exit_code == 2
    assert len(result.stderr.splitlines()) == 2
