"""A behaviour that no mode of the run can show is said at once, at the start and when a changed site asks for it."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.programs import connect_request, converse
from tests.support.running import environment, running_proxy

UDP = "behaviours:\n  - {behaviour: no-udp}\n  - {behaviour: udp-timeout, after: 10s}\n"


@pytest.mark.parametrize("workers", [1, 2])
def test_a_run_without_udp_does_not_start_with_behaviours_towards_udp(
    site: Callable[[str], Path], tmp_path: Path, workers: int
) -> None:
    options = ("--listen", "127.0.0.1:0", "--journal", tmp_path / "journal.jsonl", "--workers", str(workers))
    done = subprocess.run(
        [sys.executable, "-m", "tierwall", "run", "--site", site(UDP), *options],
        capture_output=True,
        text=True,
        check=False,
        timeout=20,
        env=environment(),
        cwd=tmp_path,
    )
    mend = "no UDP comes here; modes tun and wireguard can; `tierwall gateway up` leads clients into tun"
    mend += "; --partial leaves it out"

    assert (done.returncode, done.stdout) == (2, "")
    assert [line.partition(": ")[2] for line in done.stderr.splitlines()] == [
        f"behaviour {name} cannot be shown in mode regular: {mend}" for name in ("no-udp", "udp-timeout")
    ]


def test_a_partial_run_leaves_them_out(site: Callable[[str], Path]) -> None:
    with running_proxy("--site", site("admit: []\n" + UDP), "--partial") as proxy:
        heard = converse(proxy.via, connect_request("evil.example:443"))

    assert heard.startswith(b"HTTP/1.1 403 ")


def test_a_changed_site_that_asks_for_it_does_not_come_in_force(site: Callable[[str], Path]) -> None:
    file = site("admit: []\n")
    with running_proxy("--site", file) as proxy:
        site("admit: [{hosts: [evil.example]}]\n" + UDP)
        fault = proxy.wait_for(lambda event: event.event.action == "fault")
        heard = converse(proxy.via, connect_request("evil.example:443"))

    assert fault.error is not None
    assert "behaviour no-udp cannot be shown in mode regular" in (fault.error.message or "")
    assert heard.startswith(b"HTTP/1.1 403 ")
