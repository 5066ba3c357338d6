"""`tierwall diagnose`: what is printed, written and refused."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from tests.audit.logs import squid
from tests.diagnosis.measured import broken, result, works
from tierwall.cli import cli
from tierwall.loader import load_catalogue, load_site
from tierwall.probe.result_file import to_json

IDLE = (
    works("tls", "vevox.app:443", "public", version="TLSv1.3", alpn="h2"),
    broken("hold", "vevox.app:443", "reset", silent_s=90.0, after_s=60.4, lived_s=60.4),
    works("busy", "help.vevox.com:443", "alive", lived_s=90.0, samples=5),
)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "result.json"
    path.write_text(to_json(result(*IDLE)))
    return path


def diagnose(*arguments: object) -> Result:
    return CliRunner().invoke(cli, ["diagnose", *map(str, arguments)])


def test_the_best_comes_first_with_what_speaks_for_it(file: Path) -> None:
    said = diagnose(file)

    assert said.exit_code == 1
    assert said.stdout == (
        "1. idle-timeout  after: 60s  how: rst\n"
        "   at       vevox/content\n"
        "   for      hold to 1 target: reset after 60.4 s of silence (vevox.app:443)\n"
        "   for      busy to 1 target: kept busy, it stays (help.vevox.com:443)\n"
    )


def test_json_is_for_programs(file: Path) -> None:
    said = json.loads(diagnose(file, "--json").stdout)

    assert [(each["behaviour"], each["rank"]) for each in said["diagnoses"]] == [("idle-timeout", 1)]
    assert said["undecided"] == []


def test_the_site_that_is_written_loads(file: Path, tmp_path: Path) -> None:
    site = tmp_path / "customer.yaml"

    diagnose(file, "--site", site)

    assert [behaviour.NAME for behaviour in load_site(str(site), load_catalogue(())).behaviours] == ["idle-timeout"]


def test_where_nothing_is_found_it_says_so_and_ends_with_0(tmp_path: Path) -> None:
    path = tmp_path / "result.json"
    path.write_text(to_json(result(*IDLE[:1])))

    said = diagnose(path)

    assert (said.exit_code, said.stdout) == (0, "No behaviour is needed to explain what was seen.\n")


def test_an_edited_result_is_read_and_said(file: Path) -> None:
    file.write_text(file.read_text().replace("60.4", "30.4"))

    said = diagnose(file)

    assert "its seal does not fit" in said.stderr
    assert "after: 30s" in said.stdout


def test_every_file_that_cannot_be_read_is_named(file: Path, tmp_path: Path) -> None:
    cut = tmp_path / "cut.json"
    cut.write_text(file.read_text()[:300])

    said = diagnose(cut, tmp_path / "none.json", file)

    assert said.exit_code == 2
    assert "cut.json: ends in the middle" in said.stderr
    assert "none.json: cannot be read" in said.stderr


def test_what_a_result_says_reaches_no_terminal_raw(tmp_path: Path) -> None:
    path = tmp_path / "result.json"
    path.write_text(to_json(result(broken("connect", "8x8.vc:443", "407", realm="x\x1b[2Jy"))))

    said = diagnose(path)

    assert said.exit_code == 1
    assert "\x1b[2J" not in said.stdout


def test_a_log_is_diagnosed_as_far_as_it_tells(tmp_path: Path) -> None:
    log = tmp_path / "access.log"
    lines = [squid("8x8.vc:443", "TCP_TUNNEL/200"), squid("api.amplitude.com:443", "TCP_DENIED/403")]
    log.write_text("".join(f"{line}\n" for line in lines))

    said = json.loads(diagnose(log, "--json").stdout)

    assert [(each["behaviour"], each["parameters"]) for each in said["diagnoses"]] == [
        ("tier-closed", {"closed": ["8x8/analytics"]})
    ]


def test_a_log_that_is_about_nobody_is_said_to_be(tmp_path: Path) -> None:
    log = tmp_path / "access.log"
    log.write_text(squid("www.example.com:443", "TCP_TUNNEL/200") + "\n")

    said = diagnose(log)

    assert said.exit_code == 0
    assert "no line is about a destination of a vendor's" in said.stderr


def test_an_audit_is_diagnosed_as_its_log_is(tmp_path: Path) -> None:
    log, audit = tmp_path / "access.log", tmp_path / "audit.json"
    lines = [squid("8x8.vc:443", "TCP_TUNNEL/200"), squid("api.amplitude.com:443", "TCP_DENIED/403")]
    log.write_text("".join(f"{line}\n" for line in lines))
    audit.write_text(CliRunner().invoke(cli, ["audit", str(log), "--json"]).stdout)

    from_log, from_audit = (json.loads(diagnose(file, "--json").stdout) for file in (log, audit))

    assert [each["parameters"] for each in from_audit["diagnoses"]] == [{"closed": ["8x8/analytics"]}]
    assert [each["parameters"] for each in from_log["diagnoses"]] == [{"closed": ["8x8/analytics"]}]


def test_an_audit_that_was_cut_is_refused(tmp_path: Path) -> None:
    audit = tmp_path / "audit.json"
    audit.write_text('{"sources": [{"file": "access.log"')

    said = diagnose(audit)

    assert said.exit_code == 2
    assert "audit.json: begins as an audit and is no JSON" in said.stderr
