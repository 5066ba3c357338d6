"""`tierwall fleet certificates|serve|status`, as far as they go without gRPC."""

import json
import os
import stat
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from tierwall.cli import cli
from tierwall.cli.faults import BadInput
from tierwall.cli.fleet.served_sites import ServedSites


def fleet(*words: object) -> Result:
    return CliRunner().invoke(cli, ["fleet", *map(str, words)])


def site(folder: Path, name: str, admit: str = "[{vendor: 8x8}]") -> str:
    path = folder / f"{name}.yaml"
    path.write_text(f"version: 1\nsite: {name}\nadmit: {admit}\n")
    return str(path)


def test_a_node_gets_a_folder_and_nobody_else_reads_its_key(tmp_path: Path) -> None:
    done = fleet("certificates", tmp_path / "tls", "lab-1", "lab-2")

    assert done.exit_code == 0, done.output
    assert {path.name for path in (tmp_path / "tls/lab-1").iterdir()} == {"envoy.crt", "envoy.key", "ca.crt"}
    assert stat.S_IMODE((tmp_path / "tls/lab-1/envoy.key").stat().st_mode) == 0o600


def test_more_nodes_are_signed_by_the_same_authority(tmp_path: Path) -> None:
    fleet("certificates", tmp_path, "lab-1")
    before = (tmp_path / "ca.crt").read_bytes(), (tmp_path / "lab-1/envoy.crt").read_bytes()

    fleet("certificates", tmp_path, "lab-2")

    assert before == ((tmp_path / "ca.crt").read_bytes(), (tmp_path / "lab-1/envoy.crt").read_bytes())


def test_an_id_that_would_be_a_path_is_bad_input(tmp_path: Path) -> None:
    assert fleet("certificates", tmp_path, "../lab").exit_code == 2


def test_sites_are_assigned_by_label_and_by_id(tmp_path: Path) -> None:
    served = ServedSites([site(tmp_path, "a"), f"lab-2={site(tmp_path, 'b')}"], ())

    assert (served.assignment.sites, served.assignment.by_id) == ({"a"}, {"lab-2": "b"})
    assert set(served.lists) == {"a", "b"}


def test_every_fault_of_every_site_is_said_at_once(tmp_path: Path) -> None:
    with pytest.raises(BadInput) as bad:
        ServedSites(["nosuch", "idle-60s", site(tmp_path, "a", "[{vendro: x}]")], ())

    said = "\n".join(bad.value.faults)
    assert "nosuch" in said
    assert "idle-timeout" in said
    assert "vendro" in said


def test_a_change_is_seen_and_a_fault_in_it_keeps_the_last_good(tmp_path: Path) -> None:
    served = ServedSites([site(tmp_path, "a")], ())
    good = served.lists["a"].version
    unchanged = served.changed()

    site(tmp_path, "a", "[{vendro: x}]")
    with pytest.raises(BadInput):
        served.load()

    assert (unchanged, served.changed(), served.lists["a"].version) == (False, False, good)
    site(tmp_path, "a", "[{vendor: vevox}]")
    assert served.changed()


def written(path: Path, *, state: str = "current", pid: int | None = None, ended: bool = False) -> Path:
    node = {"node": "lab-1", "site": "a", "state": state, "runs": "v1", "wanted": "v1", "since": "now", "detail": "why"}
    path.write_text(json.dumps({"pid": pid or os.getpid(), "ended": ended, "listen": "127.0.0.1:1", "nodes": [node]}))
    return path


@pytest.mark.parametrize(
    ("state", "status"), [("current", 0), ("gone", 0), ("refused", 1), ("unserved", 1), ("connected", 1)]
)
def test_the_exit_status_says_whether_all_run_what_they_should(tmp_path: Path, state: str, status: int) -> None:
    done = fleet("status", "--state", written(tmp_path / "s.json", state=state))

    assert (done.exit_code, "lab-1" in done.stdout) == (status, True)


def test_a_control_plane_that_does_not_run_is_said(tmp_path: Path) -> None:
    done = fleet("status", "--state", written(tmp_path / "s.json", ended=True), "--json")

    assert (done.exit_code, json.loads(done.stdout)["running"]) == (1, False)


def test_what_is_no_state_is_bad_input(tmp_path: Path) -> None:
    (tmp_path / "s.json").write_text("[]")

    assert fleet("status", "--state", tmp_path / "s.json").exit_code == 2
    assert fleet("status", "--state", tmp_path / "none.json").exit_code == 2
