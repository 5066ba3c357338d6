"""What the tests in namespaces share; and what each test there needs."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Final

import pytest

from tests.netns.lab import Lab, three_machines
from tests.support.needs import NAMESPACES, needs
from tierwall.standins.certificates import Authority

HERE: Final = Path(__file__).parent


def pytest_collection_modifyitems(items: Sequence[pytest.Item]) -> None:
    """All tests of this folder."""
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker(needs(NAMESPACES))


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    """Client, gateway and server, new for each file of tests."""
    with three_machines() as made:
        yield made


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """Who signs for the origins."""
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def ca(authority: Authority) -> Path:
    """What clients trust."""
    return authority.ca_pem


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Write a site file."""

    def write(text: str) -> Path:
        path = tmp_path_factory.mktemp("site") / "site.yaml"
        path.write_text(f"version: 1\nsite: gateway\n{text}", encoding="utf-8")
        return path

    return write
