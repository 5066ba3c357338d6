"""`tierwall reproduce` in a network of its own: UDP, TURN, QUIC, names that move, segments, IPv6; and nothing stays."""

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.support.needs import needs
from tests.support.running import environment
from tests.support.waiting import eventually
from tierwall.reproduce.leftovers import PREFIX

COMMAND = (sys.executable, "-m", "tierwall", "reproduce")
LIMIT_S = 120
SITE = """
version: 1
site: everything-moves
extends: reference
behaviours:
  - {behaviour: one-segment-hello, how: reset, scope: {hosts: ["*.one.example"]}}
  - {behaviour: host-forgery-check, strict: true, scope: {hosts: ["*.other.example"]}}
  - {behaviour: stale-addresses, scope: {hosts: ["*.moves.example"]}}
  - {behaviour: no-quic, how: drop}
  - {behaviour: no-udp, scope: {networks: ["2001:db8:5::/64"]}}
"""
VENDOR = """
version: 1
vendor: acme
title: Acme
sources: {guide: {title: Guide}}
services:
  one: {title: One, protocol: https, tier: core, symptom: One., source: {document: guide, section: A}}
  other: {title: Other, protocol: https, tier: core, symptom: Two., source: {document: guide, section: A}}
  moves: {title: Moves, protocol: https, tier: core, symptom: Three., source: {document: guide, section: A}}
  six: {title: Six, protocol: media, tier: core, symptom: Four., source: {document: guide, section: A}}
rules:
  - id: six
    networks: ["2001:db8:5::/64", "2001:db8:6::/64"]
    ports: [tcp/443, udp/10000]
    services: [six]
    source: {document: guide, section: A}
  - id: one
    hosts: ["*.one.example"]
    ports: [tcp/443, udp/443]
    services: [one]
    source: {document: guide, section: A}
  - {id: other, hosts: ["*.other.example"], ports: [tcp/443], services: [other], source: {document: guide, section: A}}
  - {id: moves, hosts: ["*.moves.example"], ports: [tcp/443], services: [moves], source: {document: guide, section: A}}
"""


def reproduce(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    variables = environment() | {"TMPDIR": str(folder)}
    return subprocess.run(
        [*COMMAND, *arguments, "--json"], env=variables, capture_output=True, text=True, timeout=LIMIT_S, check=False
    )


def now(said: subprocess.CompletedProcess[str]) -> dict[tuple[str, str], tuple[str, list[str]]]:
    rows: list[dict[str, Any]] = json.loads(said.stdout)["rows"]
    assert {row["before"] for row in rows} == {"works"}
    return {(row["service"], row["pattern"]): (row["now"], row["broke"]) for row in rows}


@needs("turnserver", "turnutils_uclient")
def test_where_udp_is_blocked_turn_over_udp_breaks_and_turn_over_tcp_lives(tmp_path: Path) -> None:
    said = reproduce(tmp_path, "--site", "udp-blocked", "--vendor", "8x8", "--only", "turn-relay")

    assert now(said) == {
        ("turn-relay", "tls session, held"): ("works", []),
        ("turn-relay", "turn over tcp"): ("works", []),
        ("turn-relay", "turn over udp"): ("broken", ["no-udp"]),
        ("turn-relay", "udp, echoed"): ("broken", ["no-udp"]),
    }
    assert said.returncode == 1
    assert list(tmp_path.iterdir()) == []


def test_segments_moving_names_other_answers_quic_and_ipv6_are_shown_in_one_network(tmp_path: Path) -> None:
    (tmp_path / "site.yaml").write_text(SITE)
    (tmp_path / "acme.yaml").write_text(VENDOR)
    files = ("--site", str(tmp_path / "site.yaml"), "--policy", str(tmp_path / "acme.yaml"))

    found = now(reproduce(tmp_path, *files, "--vendor", "acme"))

    assert {key: result for key, result in found.items() if result[0] != "works"} == {
        ("one", "https, large hello"): ("broken", ["one-segment-hello"]),
        ("one", "quic"): ("broken", ["no-quic"]),
        ("other", "https, other address"): ("broken", ["host-forgery-check"]),
        ("moves", "https, name moved"): ("broken", ["stale-addresses"]),
        ("six", "udp, echoed"): ("broken", ["no-udp"]),
    }
    assert found["six", "tls session, held"] == ("works", [])
    assert {service for service, pattern in found if pattern == "https page"} == {"one", "other", "moves"}


@needs("turnserver", "turnutils_uclient")
def test_a_run_that_was_killed_leaves_no_process_and_the_next_one_takes_its_folder_away(tmp_path: Path) -> None:
    variables = environment() | {"TMPDIR": str(tmp_path)}
    command = [*COMMAND, "--site", "udp-blocked", "--vendor", "8x8", "--only", "turn-relay"]
    run = subprocess.Popen(command, env=variables, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    eventually(lambda: len(_processes(tmp_path)) >= 4, limit_s=60)
    run.send_signal(signal.SIGKILL)
    run.wait()

    eventually(lambda: _processes(tmp_path) == [])
    assert len(list(tmp_path.glob(f"{PREFIX}*"))) == 1
    reproduce(tmp_path, "--site", "reference", "--vendor", "slido")
    assert list(tmp_path.glob(f"{PREFIX}*")) == []


def _processes(folder: Path) -> list[str]:
    """Those that run below there: each has a folder of its own round."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            where = (process / "cwd").readlink()
        except OSError:
            continue
        if where.is_relative_to(folder):
            found.append(process.name)
    return found
