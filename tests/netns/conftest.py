"""What the tests in namespaces share; where the machine cannot have any, each is skipped with the reason."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.netns.lab import Lab, three_machines, why_not
from tierwall.standins.certificates import Authority


@pytest.fixture(scope="session")
def namespaces() -> None:
    """Skips where there can be none."""
    if reason := why_not():
        pytest.skip(reason)


@pytest.fixture(scope="module")
def lab(namespaces: None) -> Iterator[Lab]:
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
