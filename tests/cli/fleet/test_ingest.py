"""`tierwall fleet ingest`: files of Envoy's log in, events out, and an exit status that says whether the two differ."""

import json
import subprocess
import sys
from pathlib import Path
from resource import RUSAGE_CHILDREN, getrusage

import pytest
from click.testing import CliRunner, Result

from tests.fleet.lines import line
from tests.support.running import ADDON
from tierwall.cli import cli

DENIED = line(
    "request",
    authority="api.amplitude.com:443",
    method="CONNECT",
    code=403,
    reason="tier-closed",
    detail="direct_response",
)
PASSED = line("tunnel", authority="8x8.vc:443", sni="8x8.vc", protocol="tls", upstream="203.0.113.1:443")
DRIFTED = line("tunnel", authority="evil.example:443", protocol="tls", upstream="203.0.113.1:443")


def ingest(log: Path, *more: object) -> Result:
    return CliRunner().invoke(cli, ["fleet", "ingest", str(log), "--site", "8x8-core-only", *map(str, more)])


def test_denials_become_events_and_nothing_differs(tmp_path: Path) -> None:
    log = tmp_path / "access.log"
    log.write_bytes(b"\n".join([DENIED, PASSED]) + b"\n")

    done = ingest(log, "-o", tmp_path / "events.jsonl")

    assert done.exit_code == 0, done.output
    (event,) = map(json.loads, (tmp_path / "events.jsonl").read_text().splitlines())
    assert event["tierwall"]["breaks"][0]["service"] == "analytics"


def test_drift_is_an_exit_status(tmp_path: Path) -> None:
    log = tmp_path / "access.log"
    log.write_bytes(DRIFTED)  # and the last line needs no end

    done = ingest(log, "--json", "-o", tmp_path / "events.jsonl")

    assert done.exit_code == 1
    assert json.loads(done.stdout)["drift"] == {"too_permissive": 1, "tried": 0, "stricter": 0}
    assert '"action":"drift"' in (tmp_path / "events.jsonl").read_text()


def test_a_file_of_something_else_is_bad_input(tmp_path: Path) -> None:
    (tmp_path / "other").write_text("127.0.0.1 - - GET /\n")

    assert ingest(tmp_path / "other").exit_code == 2
    assert ingest(tmp_path / "nosuch").exit_code == 2


def test_all_events_of_standard_input_are_written_to_standard_output() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tierwall", "fleet", "ingest", "-", "--site", "8x8-core-only", "--events", "all"],
        input=b"\n".join([PASSED, DENIED]),
        capture_output=True,
        check=True,
        env={"PYTHONPATH": str(ADDON)},
    )

    assert [json.loads(each)["event"]["action"] for each in done.stdout.splitlines()] == ["closed", "denied"]


def test_twenty_thousand_lines_a_second_are_read(tmp_path: Path) -> None:
    log = tmp_path / "access.log"
    log.write_bytes(b"".join(each + b"\n" for _ in range(30_000) for each in (DENIED, PASSED)))

    before = getrusage(RUSAGE_CHILDREN).ru_utime
    command = [
        "fleet",
        "ingest",
        str(log),
        "--site",
        "8x8-core-only",
        "--events",
        "all",
        "-o",
        str(tmp_path / "events"),
    ]
    subprocess.run([sys.executable, "-m", "tierwall", *command], check=True, env={"PYTHONPATH": str(ADDON)})

    assert getrusage(RUSAGE_CHILDREN).ru_utime - before < 60_000 / 20_000


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--listen", "127.0.0.1:0"], "--tls FOLDER go together"),
        (["--listen", "127.0.0.1", "--tls", "{folder}"], "write HOST:PORT"),
        (["access.log", "--listen", "127.0.0.1:18001", "--tls", "{folder}"], "files, or --listen"),
        (["--tls", "{folder}"], "--tls FOLDER go together"),
        (["--listen", "127.0.0.1:18001", "--tls", "{folder}", "--site", "nosuch"], "nosuch"),
        ([], "name files of Envoy's log"),
    ],
)
def test_what_makes_no_sense_is_said_before_anything_listens(tmp_path: Path, more: list[str], said: str) -> None:
    done = CliRunner().invoke(cli, ["fleet", "ingest", *(each.format(folder=tmp_path) for each in more)])

    assert done.exit_code == 2
    assert said in done.output
