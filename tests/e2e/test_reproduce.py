"""`tierwall reproduce` as a process: real clients, a real proxy, what the exit status says."""

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.support.running import environment

LIMIT_S = 90


def reproduce(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tierwall", "reproduce", *arguments]
    return subprocess.run(
        command,
        env=environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        check=False,
    )


def now(said: subprocess.CompletedProcess[str]) -> dict[tuple[str, str], tuple[str, list[str]]]:
    rows: list[dict[str, Any]] = json.loads(said.stdout)["rows"]
    assert {row["before"] for row in rows if row["why_not"] is None} == {"works"}
    return {(row["service"], row["pattern"]): (row["now"], row["broke"]) for row in rows}


def test_a_closed_port_breaks_the_redirect_and_nothing_else() -> None:
    said = reproduce("--site", "core-only", "--vendor", "vevox", "--json")

    found = now(said)
    assert said.returncode == 1
    assert found.pop(("http-redirect", "http redirect")) == ("broken", ["port-closed"])
    assert {state for state, _ in found.values()} == {"works"}


def test_the_reference_site_breaks_nothing_and_people_are_told(tmp_path: Path) -> None:
    said = reproduce("--site", "vevox-only", "--vendor", "vevox")

    assert said.returncode == 0
    assert "Nothing that was run is broken (5 services)." in said.stdout
    assert said.stderr.startswith("to send it:")  # no progress bar but on a terminal


def test_bad_input_is_named_at_once() -> None:
    said = reproduce("--site", "nowhere", "--vendor", "vevx", "--longest", "5")

    assert said.returncode == 2
    assert "unknown vendor `vevx`; did you mean `vevox`?" in said.stderr
    assert "unknown site `nowhere`" in said.stderr
    assert "--longest `5` has no unit" in said.stderr


def test_a_dpi_firewall_breaks_the_native_app_and_leaves_the_web_app_alive() -> None:
    said = reproduce("--site", "dpi-https-only", "--vendor", "vevox", "--json")

    found = now(said)
    assert said.returncode == 1
    assert found.pop(("native-attendee", "tls session, held")) == ("broken", ["dpi-https-only"])
    assert found.pop(("native-attendee", "the same, own CAs")) == ("broken", ["dpi-https-only"])
    assert {state for state, _ in found.values()} == {"works"}


def test_what_it_found_is_a_report_that_is_whole_and_unchanged(tmp_path: Path) -> None:
    page, result = tmp_path / "r.html", tmp_path / "r.json"
    said = reproduce("--site", "proxy-auth", "--vendor", "vevox", "--only", "content", "--json", "--report", str(page))
    result.write_text(said.stdout)

    rows = {row["pattern"]: row["now"] for row in json.loads(said.stdout)["rows"]}
    assert rows == {"https page": "broken", "https page, with password": "works"}
    assert said.returncode == 1
    assert "proxy-auth" in page.read_text()
    again = [sys.executable, "-m", "tierwall", "report", str(result), str(page)]
    told = subprocess.run(again, env=environment(), capture_output=True, text=True, timeout=LIMIT_S, check=False)
    assert (told.returncode, told.stderr) == (0, "")
    assert "Let these destinations through without a password" in told.stdout


def test_an_unknown_service_is_named(tmp_path: Path) -> None:
    said = reproduce("--vendor", "vevox", "--only", "contents", "--report", str(tmp_path / "x.doc"))

    assert said.returncode == 2
    assert "did you mean `content`" in said.stderr
    assert "--report: 'x.doc' says no form" in said.stderr


def test_sites_and_vendors_make_a_matrix(tmp_path: Path) -> None:
    page, cases = tmp_path / "m.html", tmp_path / "m.xml"
    said = reproduce(
        *("--matrix", "--site", "core-only", "--site", "vevox-only", "--vendor", "vevox", "--only", "http-redirect"),
        *("--report", str(page), "--report", str(cases)),
    )

    assert said.returncode == 1, said.stderr
    assert "broken: 1 of 1 (port-closed)" in said.stdout
    assert '<span class="is-broken">broken: 1 of 1 (port-closed)</span>' in page.read_text()
    assert 'tests="2" failures="1"' in cases.read_text()


def test_several_vendors_are_a_matrix_or_a_mistake() -> None:
    said = reproduce("--vendor", "vevox", "--vendor", "8x8")

    assert said.returncode == 2
    assert "several go with --matrix" in said.stderr


def test_sigterm_ends_it_without_a_word_and_leaves_nothing(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tierwall", "reproduce", "--site", "idle-60s", "--vendor", "vevox"]
    variables = environment() | {"TMPDIR": str(tmp_path)}
    with subprocess.Popen(command, env=variables, stderr=subprocess.PIPE, text=True) as run:
        assert run.stderr is not None
        assert run.stderr.readline() == "holding connections for 62 s, to see whether they last\n"
        run.terminate()
        said = run.stderr.read()

    assert (said, run.returncode) == ("", 128 + signal.SIGTERM)
    assert list(tmp_path.iterdir()) == []
