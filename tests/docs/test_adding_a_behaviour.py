"""docs/adding-a-behaviour.md is true: what it shows, put into a copy of the package, is a behaviour at work."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.docs.reading import ROOT, document

PAGE = document("docs/adding-a-behaviour.md")
EVERY_S = 0.25

SITE = """\
version: 1
site: acme
title: "The branch office's firewall"
extends: reference
behaviours:
  - {behaviour: coalescing, every: 250ms, way: up}
"""


def shown() -> list[tuple[str, str]]:
    """The page's blocks: the file that stands above each, and its diff."""
    return re.findall(r"^`(\S+)`\n\n```diff\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


def applied(text: str, diff: str) -> str:
    """The file's text with what the diff shows; what it finds there must be there once."""
    for place in diff.split("@@\n")[1:]:
        lines = [line or " " for line in place.splitlines()]
        before = "".join(f"{line[1:]}\n" for line in lines if line[0] in " -")
        after = "".join(f"{line[1:]}\n" for line in lines if line[0] in " +")
        assert text.count(before) == 1, f"not once in the file:\n{before}"
        text = text.replace(before, after)
    return text


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the package with what the page adds, and a site that uses it."""
    root = tmp_path_factory.mktemp("clone")
    shutil.copytree(ROOT / "addon", root / "addon", ignore=shutil.ignore_patterns("__pycache__"))
    (root / "policies").symlink_to(ROOT / "policies")
    for name, diff in shown():
        file = root / name
        file.write_text(applied(file.read_text(encoding="utf-8"), diff), encoding="utf-8")
    (root / "site.yaml").write_text(SITE, encoding="utf-8")
    return root


@pytest.fixture(scope="module")
def found(package: Path) -> dict[str, Any]:
    """What behaviour_at_work.py finds with it."""
    ran = python(package, "tests.docs.behaviour_at_work", str(package / "site.yaml"))
    assert ran.returncode == 0, ran.stderr
    return json.loads(ran.stdout)


def explain(package: Path, site: str) -> subprocess.CompletedProcess[str]:
    return python(package, "tierwall", "explain", "https://8x8.vc", "--site", str(package / site))


def python(package: Path, *module: str) -> subprocess.CompletedProcess[str]:
    path = f"{package / 'addon'}{os.pathsep}{ROOT}"
    command = [sys.executable, "-m", *module]
    env = os.environ | {"PYTHONPATH": path}
    return subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=120, check=False)


def test_it_takes_three_files_at_most() -> None:
    files = [name for name, _ in shown()]

    assert 0 < len(files) <= 3
    assert len(set(files)) == PAGE.count("```diff")


def test_the_files_are_those_of_the_copy(package: Path, found: dict[str, Any]) -> None:
    assert Path(found["package"]).is_relative_to(package)


def test_explain_says_that_it_acts_and_what_it_breaks(package: Path) -> None:
    said = explain(package, "site.yaml").stdout

    assert "1. coalescing: What arrives is gathered" in said
    assert "(every 0.25s, way up)\n       breaks 8x8 / meetings" in said


def test_without_it_the_tunnel_is_left_alone(found: dict[str, Any]) -> None:
    without = found["without"]

    assert (without["acts"], without["heard"], without["told"]) == (False, "some words", [])


def test_with_it_octets_wait_until_an_interval_is_over(found: dict[str, Any]) -> None:
    under = found["with"]

    assert (under["acts"], under["heard"]) == (True, "some words")
    assert under["sent"] // EVERY_S < under["arrived"] // EVERY_S


def test_its_event_says_what_it_did(found: dict[str, Any]) -> None:
    assert found["with"]["told"] == [
        ["broken", "coalescing", "what the client sends is gathered, and passes once in 0.25 s"]
    ]


def test_it_is_switched_documented_and_in_the_schema_without_more(found: dict[str, Any]) -> None:
    (switched,) = found["switched"]

    assert switched.endswith("(every 0.125s, way up)")
    assert found["documented"]
    assert found["in schema"]


def test_a_value_without_its_unit_is_a_fault_at_its_line(package: Path) -> None:
    (package / "wrong.yaml").write_text(SITE.replace("250ms", "250"), encoding="utf-8")

    ran = explain(package, "wrong.yaml")

    assert ran.returncode == 2
    assert re.search(r"wrong\.yaml:6.*behaviours\[0\]\.every", ran.stderr)
