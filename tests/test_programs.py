"""Programs that are missing, fail or do not end: one line each, and nothing else is raised."""

import asyncio
import re
from pathlib import Path

import pytest

import tierwall
from tierwall import programs
from tierwall.programs import CannotRun, Ended, find, missing, not_installed, output, run, run_in_sight, run_meanwhile

PACKAGE = Path(tierwall.__file__).parent
STARTS = re.compile(
    r"\bsubprocess\.(?:run|Popen|call|check_\w+)\(|create_subprocess_\w+\(|os\.(?:exec|spawn|system|popen)"
)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """All that there is to find programs in."""
    monkeypatch.setattr(programs, "FOLDERS", ())
    monkeypatch.setenv("PATH", str(tmp_path))
    return tmp_path


def put(folder: Path, name: str, script: str) -> None:
    """A program there."""
    (folder / name).write_text(f"#!/bin/sh\n{script}\n")
    (folder / name).chmod(0o755)


def test_what_is_missing_is_said_with_its_package_and_what_for(folder: Path) -> None:
    put(folder, "ip", "")

    assert missing("ip", "nft") == (
        "nft is not installed (package nftables): it shows and loads the kernel's packet filter",
    )
    assert not_installed("/usr/lib/jvm/bin/keytool").startswith("keytool is not installed (Debian: default-jre")
    assert not_installed("nosuch") == "nosuch is not installed"


def test_every_way_to_run_one_that_is_missing_says_the_same(folder: Path) -> None:
    for way in (
        lambda: run(["nft"]),
        lambda: run_in_sight(["nft"]),
        lambda: asyncio.run(run_meanwhile(["nft"], "", 1)),
    ):
        with pytest.raises(CannotRun, match=r"nft is not installed \(package nftables\)"):
            way()
    assert output(["nft"]) == ""


def test_one_that_cannot_be_started_says_why(folder: Path) -> None:
    (folder / "nft").write_text("no program\n")
    (folder / "nft").chmod(0o755)

    with pytest.raises(CannotRun, match="nft cannot be started: Exec format error"):
        run(["nft"])


def test_one_that_does_not_end_is_ended(folder: Path) -> None:
    put(folder, "nft", "exec /bin/sleep 60")

    with pytest.raises(CannotRun, match="nft did not end within 0 s"):
        run(["nft"], limit_s=0.1)
    with pytest.raises(CannotRun, match="nft did not end within 0 s"):
        asyncio.run(run_meanwhile(["nft"], "", 0.1))


def test_what_it_says_is_heard(folder: Path) -> None:
    put(folder, "nft", "read line; echo $line; echo no >&2; exit 3")

    assert run(["nft"], "flush") == Ended(3, "flush\n", "no\n")
    assert asyncio.run(run_meanwhile(["nft"], "flush", 5)).complaint == "no"
    assert output(["nft"]) == ""


def test_nothing_is_started_for_lying_where_somebody_happens_to_be(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(folder, "nft", "")
    monkeypatch.chdir(folder)

    for path in ("", ":", ".", "./"):
        monkeypatch.setenv("PATH", path)
        assert find("nft") is None


def test_no_other_module_starts_programs_but_for_our_own() -> None:
    starting = {
        str(path.relative_to(PACKAGE)): text
        for path in PACKAGE.rglob("*.py")
        if STARTS.search(text := path.read_text(encoding="utf-8"))
    }

    assert starting.pop("programs.py")
    assert starting.pop("probe/system.py")  # macOS's scutil; the probe is one file, with nothing of ours beside it
    for module, text in starting.items():
        assert all(
            "sys.executable" in text[found.start() - 200 : found.end() + 120] for found in STARTS.finditer(text)
        ), module
