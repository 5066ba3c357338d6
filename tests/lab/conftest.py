"""The lab of docker-compose.yml, brought up once: a gateway, clients behind it, stand-ins for the vendors.

Collected by `make test-lab` alone, which has made the images. The project has a name and ports of its own.
"""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import pytest

from tests.lab.containers import Lab
from tests.support.needs import needs

if "TIERWALL_COMPOSE" not in os.environ:
    collect_ignore_glob = ["test_*.py"]

HERE: Final = Path(__file__).parent


def pytest_collection_modifyitems(items: Sequence[pytest.Item]) -> None:
    """All tests of this folder; what the containers need is in their images."""
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker(needs("docker", "curl", os.environ["TIERWALL_COMPOSE"].split()[0]))


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    lab = Lab(tmp_path_factory.mktemp("lab"))
    try:
        lab.up()
        yield lab
    finally:
        lab.down()
