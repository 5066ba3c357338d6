"""How logs are read: by several processes, live, through rotation, and until Ctrl-C."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.audit.logs import squid
from tierwall.cli.audit.jobs import SPLIT_OCTETS

ADDON = Path(__file__).parents[3] / "addon"
AUDIT = [sys.executable, "-m", "tierwall", "audit"]


def environment(state: Path) -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "PYTHONPATH": str(ADDON), "LANG": "C.UTF-8", "XDG_STATE_HOME": str(state)}


def audited(folder: Path, *arguments: str | Path) -> dict[str, Any]:
    command = [*AUDIT, "--json", *map(str, arguments)]
    ended = subprocess.run(command, env=environment(folder), capture_output=True, timeout=60, check=False)
    found: dict[str, Any] = json.loads(ended.stdout)
    return found


def started(folder: Path, *arguments: str | Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [*AUDIT, "--json", *map(str, arguments)],
        env=environment(folder),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


@pytest.mark.parametrize("jobs", ["1", "2", "3"])
def test_several_processes_come_to_the_same(tmp_path: Path, jobs: str) -> None:
    targets = ["8x8.vc:443", "api.amplitude.com:443", "lab.vevox.com:443", "other.example:443"]
    results = ["TCP_TUNNEL/200", "TCP_DENIED/403", "TCP_DENIED/407"]
    lines = [
        squid(targets[at % 4], results[at % 3], at=1764230400 + at, client=f"10.0.0.{at % 9}") for at in range(997)
    ]
    lines[900] = "odd"
    times = 2 * SPLIT_OCTETS // (997 * 90) + 1
    path = tmp_path / "large.log"
    path.write_text(("\n".join(lines) + "\n") * times)

    found = audited(tmp_path, path, "--jobs", jobs)

    assert found["totals"]["records"] == 996 * times
    assert found["totals"]["denied"] == sum("/403" in line for line in lines) * times
    assert [(each["lines"], each["line"]) for each in found["sources"][0]["unreadable"]] == [(times, 901)]
    assert len(found["broken"][0]["destinations"][0]["clients"]) == 3


def test_a_live_log_is_followed_through_rotation_and_truncation_until_it_is_stopped(tmp_path: Path) -> None:
    path = tmp_path / "access.log"
    path.write_text(squid("api.amplitude.com:443") + "\n")

    with started(tmp_path, path, "--follow") as process:
        assert process.stderr is not None
        assert b"api.amplitude.com:443" in process.stderr.readline()
        path.rename(tmp_path / "access.log.1")
        path.write_text(squid("lab.vevox.com:443") + "\n" + squid("8x8.vc:443", "TCP_TUNNEL/200") + "\n")
        assert b"lab.vevox.com:443" in process.stderr.readline()
        path.write_text(squid("8x8.vc:443") + "\n")  # in place, and shorter: as logrotate's copytruncate does
        assert b"8x8.vc:443" in process.stderr.readline()
        process.send_signal(signal.SIGINT)
        stdout, _ = process.communicate(timeout=30)

    found = json.loads(stdout)
    assert process.returncode == 1
    assert (found["totals"]["denied"], found["totals"]["allowed"]) == (3, 1)
    assert "partial" not in found


def test_ctrl_c_prints_what_was_counted_and_says_that_it_is_partial(tmp_path: Path) -> None:
    first = tmp_path / "first.log"
    first.write_text(squid("api.amplitude.com:443") + "\n")
    fifo = tmp_path / "never-ends.log"
    os.mkfifo(fifo)

    with started(tmp_path, first, fifo) as process, fifo.open("wb"):  # returns when the reader has come so far
        process.send_signal(signal.SIGINT)
        stdout, _ = process.communicate(timeout=30)

    found = json.loads(stdout)
    assert found["partial"] is True
    assert found["totals"]["denied"] == 1
    assert process.returncode == 1
