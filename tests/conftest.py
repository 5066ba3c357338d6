"""What every test needs: programs that it asked for, `--no-skips` for CI, where a skip would hide a gap; and a folder.

Knows pytest and what a machine has. What a kind of test needs beside it stands in the conftest.py of its folder.
"""

from collections.abc import Generator
from pathlib import Path
from typing import Final

import pluggy
import pytest
from hypothesis import settings

from tests.support.needs import Guard, declared, missing

settings.register_profile("untimed", deadline=None)  # a machine that is busy makes no claim false
settings.load_profile("untimed")

_LACKING: Final = "lacking"
"""The property of a skipped test that names what this machine lacks."""
_guard: Final = Guard()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--no-skips", action="store_true", help="a skipped test fails: CI has everything that tests need")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "needs(*names): programs of tests/tools.txt, `root`, or `namespaces`")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    _guard.fault = None
    try:
        return (yield)
    finally:
        _guard.watch(None)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    wanted = declared(item)
    if lacking := missing(wanted):
        item.user_properties.append((_LACKING, " ".join(lacking)))
        pytest.skip(f"needs {', '.join(lacking)}, which this machine lacks")
    _guard.watch(wanted)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_teardown() -> None:
    _guard.let_end()


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pluggy.Result[pytest.TestReport], None]:
    outcome = yield
    report = outcome.get_result()
    if report.passed and _guard.fault is not None:  # what it started failed, and it did not mind
        report.outcome, report.longrepr = "failed", _guard.fault
    _guard.fault = None  # said once
    if report.skipped and item.config.getoption("--no-skips") and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"skipped, where --no-skips allows none: {report.longrepr}"


@pytest.hookimpl(trylast=True)
def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """One line for all that was skipped."""
    skipped = terminalreporter.getreports("skipped")
    said = [text for each in skipped for name, text in each.user_properties if name == _LACKING]
    lacking = {name for text in said for name in str(text).split()}
    if lacking:
        terminalreporter.write_line(telling(len(skipped), lacking))


def telling(skipped: int, lacking: set[str]) -> str:
    """`283 skipped: curl, ip, nft are missing; `make test-tools` installs them`."""
    programs = sorted(lacking - {"root", "namespaces"})
    said = []
    if programs:
        are, them = ("is", "it") if len(programs) == 1 else ("are", "them")
        said.append(f"{', '.join(programs)} {are} missing; `make test-tools` installs {them}")
    if "root" in lacking:
        said.append("some need root")
    if "namespaces" in lacking:
        said.append("this system lets nobody make network namespaces")
    return f"{skipped} skipped: {'; '.join(said)}"


@pytest.fixture
def open_folder(tmp_path: Path) -> Path:
    """A folder that Squid's own user may enter."""
    for folder in (tmp_path, *tmp_path.parents):
        if folder.stat().st_mode & 0o001 == 0:
            folder.chmod(folder.stat().st_mode | 0o011)
    return tmp_path
