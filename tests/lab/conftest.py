"""The lab of docker-compose.yml, brought up once: a gateway, clients behind it, stand-ins for the vendors.

Collected by `make test-lab` alone, which has made the images. The project has a name and ports of its own.
"""

import os
from collections.abc import Iterator

import pytest

from tests.lab.containers import Lab

if "TIERWALL_COMPOSE" not in os.environ:
    collect_ignore_glob = ["test_*.py"]


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    lab = Lab(tmp_path_factory.mktemp("lab"))
    try:
        lab.up()
        yield lab
    finally:
        lab.down()
