"""`tierwall ca`: shown, exported and planned, without a change to this machine."""

import json
import stat
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from cryptography import x509

from tierwall.cli import cli


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A state folder and a home without anything in them."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    return tmp_path / "state" / "tierwall"


def ca(*arguments: str) -> Result:
    return CliRunner().invoke(cli, ["ca", *arguments])


def test_the_ca_is_made_on_first_use_and_then_stays(state: Path) -> None:
    first, second = ca("show", "--json"), ca("show", "--json")

    assert first.stderr == f"a new lab CA was made in {state / 'ca'}\n"
    assert (second.stderr, json.loads(second.stdout)) == ("", json.loads(first.stdout))


def test_nobody_else_can_read_the_keys(state: Path) -> None:
    ca("show")

    assert {path.name: stat.S_IMODE(path.stat().st_mode) for path in (state / "ca").glob("mitmproxy-ca.*")} == {
        "mitmproxy-ca.pem": 0o600,
        "mitmproxy-ca.p12": 0o600,
    }


def test_a_key_that_others_can_read_is_said_with_the_mend(state: Path) -> None:
    ca("show")
    key = state / "ca" / "mitmproxy-ca.pem"
    key.chmod(0o644)

    assert f"{key} (others can read it: chmod 600 it, or move the folder away for a new CA)" in ca("show").stdout


def test_it_is_the_certificate_that_mitmproxy_finds_there(state: Path) -> None:
    shown = json.loads(ca("show", "--json").stdout)
    loaded = x509.load_pem_x509_certificate((state / "ca" / "mitmproxy-ca-cert.pem").read_bytes())

    assert shown["certificate"] == str(state / "ca" / "mitmproxy-ca-cert.pem")
    assert shown["subject"] == loaded.subject.rfc4514_string()


def test_export_writes_to_stdout_or_to_a_file(tmp_path: Path) -> None:
    ca("show")
    printed, written = ca("export"), ca("export", "--format", "der", str(tmp_path / "ca.cer"))

    assert (printed.exit_code, written.exit_code, written.stdout) == (0, 0, "")
    exported = x509.load_der_x509_certificate((tmp_path / "ca.cer").read_bytes())
    assert x509.load_pem_x509_certificate(printed.stdout_bytes) == exported


def test_a_file_that_cannot_be_written_is_bad_input(tmp_path: Path) -> None:
    ended = ca("export", str(tmp_path / "nowhere" / "ca.pem"))

    assert (ended.exit_code, ended.stderr.splitlines()[-1]) == (
        2,
        f"{tmp_path / 'nowhere' / 'ca.pem'} cannot be written: No such file or directory",
    )


def test_a_broken_certificate_is_bad_input(state: Path) -> None:
    ca("show")
    certificate = state / "ca" / "mitmproxy-ca-cert.pem"
    certificate.write_text("nonsense")

    ended = ca("show")

    assert (ended.exit_code, ended.stderr) == (
        2,
        f"{certificate} holds no certificate; move its folder away, and a new lab CA is made\n",
    )


def test_a_dry_run_prints_what_would_be_done_and_what_undoes_it(tmp_path: Path) -> None:
    (tmp_path / "home" / ".mozilla/firefox/a.default").mkdir(parents=True)
    database = tmp_path / "home" / ".mozilla/firefox/a.default"
    (database / "cert9.db").touch()
    ended = ca("install", "--dry-run")

    assert ended.exit_code == 0
    assert f"Firefox: {database}\n" in ended.stdout
    assert "see certs/README.md" in ended.stdout
    assert list(database.iterdir()) == [database / "cert9.db"]


def test_where_no_folder_can_be_made_that_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "file"))

    ended = ca("show")

    assert (ended.exit_code, ended.stderr) == (
        2,
        f"the lab CA cannot be made in {tmp_path}/file/tierwall/ca: Not a directory\n",
    )
