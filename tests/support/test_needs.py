"""What a test needs is skipped where it is missing, and fails the test where it was not asked for."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import telling
from tests.support.needs import NAMESPACES, PACKAGES, missing, undeclared

ROOT = Path(__file__).parents[2]
WANTED = frozenset({"curl"})


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (["curl", "-q"], []),
        (["/usr/bin/curl"], []),
        (["openssl", "version"], ["openssl"]),
        (["/usr/sbin/nft", "list", "table", "ip", "filter"], ["nft"]),
        (["ip", "netns", "exec", "twclient", "openssl", "s_client"], ["ip", "openssl"]),
        (["unshare", "-m", "sh", "-ec", "mount -t tmpfs none /proc; exec curl"], ["unshare", "mount"]),
        (["sh", "-c", "curl x | jq ."], ["jq"]),
        (["env", "A=b", sys.executable, "-m", "tierwall", "export", "--to", "squid"], []),
        ([sys.executable, "-c", "openssl"], []),
        (["/tmp/pytest-of-me/nft"], []),  # noqa: S108 - a test's own
        (["no-such-program"], ["no-such-program"]),
    ],
)
def test_what_a_command_starts_is_seen_through_others_too(words: list[str], found: list[str]) -> None:
    assert undeclared(words, WANTED) == found


def test_namespaces_are_some_programs_at_once() -> None:
    assert undeclared(["ip", "netns", "exec", "twclient", "nft"], frozenset({NAMESPACES})) == []


def test_a_name_that_is_not_in_the_list_is_a_mistake() -> None:
    with pytest.raises(ValueError, match=r"curlll: add a line to tests/tools\.txt"):
        missing(frozenset({"curlll"}))


def test_there_is_no_other_way_to_skip() -> None:
    skips = re.compile(r"\bskip(?:if)?\(|importorskip")
    found = {path for path in (ROOT / "tests").rglob("*.py") if skips.search(path.read_text(encoding="utf-8"))}

    assert found - {Path(__file__)} == {ROOT / "tests/conftest.py"}


def test_the_list_is_what_apt_takes() -> None:
    assert all(re.fullmatch(r"[a-z0-9][a-z0-9+._-]+", name) for pair in PACKAGES.items() for name in pair)


@pytest.mark.parametrize(
    ("lacking", "said"),
    [
        ({"nft", "curl"}, "3 skipped: curl, nft are missing; `make test-tools` installs them"),
        ({"curl", "root"}, "3 skipped: curl is missing; `make test-tools` installs it; some need root"),
        ({"root"}, "3 skipped: some need root"),
        ({"namespaces"}, "3 skipped: this system lets nobody make network namespaces"),
    ],
)
def test_all_that_was_skipped_is_one_line(lacking: set[str], said: str) -> None:
    assert telling(3, lacking) == said


TESTS = """
import subprocess
import pytest
from tests.support.needs import needs

@pytest.fixture(scope="module")
def asked():
    yield
    subprocess.run(["curl", "--version"])

@needs("curl")
def test_declared(asked): subprocess.run(["curl", "--version"], check=True)

def test_not_declared(): subprocess.run(["curl", "--version"], check=True)

def test_not_declared_and_not_minded():
    try: subprocess.run(["curl", "--version"])
    except BaseException: pass

def test_the_products():
    from tierwall import programs
    assert programs.output(["curl", "--version"]) == ""
"""
CURL = "#!/bin/sh\n"


def run(folder: Path, path: Path, *arguments: str) -> str:
    """pytest over TESTS, with nothing but this folder to find programs in."""
    (folder / "test_it.py").write_text(TESTS)
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-p",
        "tests.conftest",
        "-p",
        "no:cacheprovider",
        "test_it.py",
        *arguments,
    ]
    env = os.environ | {"PATH": str(path), "PYTHONPATH": f"{ROOT}:{ROOT / 'addon'}", "COLUMNS": "200"}
    return subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, timeout=60, check=False).stdout


@pytest.fixture
def programs(tmp_path: Path) -> Path:
    """A folder with a curl."""
    folder = tmp_path / "programs"
    folder.mkdir()
    (folder / "curl").write_text(CURL)
    (folder / "curl").chmod(0o755)
    return folder


def test_where_the_program_is_there_whoever_did_not_ask_for_it_fails(tmp_path: Path, programs: Path) -> None:
    said = run(tmp_path, programs)

    why = 'starts curl without asking for it: add needs("curl"), as in tests/support/needs.py'
    assert "2 failed, 2 passed" in said
    assert said.count(why) >= 2


def test_where_it_is_missing_whoever_asked_for_it_is_skipped_and_others_fail_with_that_sentence(tmp_path: Path) -> None:
    said = run(tmp_path, tmp_path / "none")

    assert "1 skipped: curl is missing; `make test-tools` installs it" in said
    assert "2 failed, 1 passed, 1 skipped" in said
    assert "starts curl without asking for it" in said
    assert "FileNotFoundError" not in said
    assert "2 failed, 1 passed, 1 error" in run(tmp_path, tmp_path / "none", "--no-skips")
