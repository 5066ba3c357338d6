"""What every test needs: `--no-skips` for CI, where a skip would hide a gap."""

from collections.abc import Generator

import pluggy
import pytest
from hypothesis import settings

settings.register_profile("untimed", deadline=None)  # a machine that is busy makes no claim false
settings.load_profile("untimed")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--no-skips", action="store_true", help="a skipped test fails: CI has everything that tests need")


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pluggy.Result[pytest.TestReport], None]:
    outcome = yield
    report = outcome.get_result()
    if report.skipped and item.config.getoption("--no-skips") and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"skipped, where --no-skips allows none: {report.longrepr}"
