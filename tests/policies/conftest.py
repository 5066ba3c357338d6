"""The bundled catalogue, as `tierwall run` loads it."""

import pytest

from tierwall.loader import load_catalogue
from tierwall.policy.model import Catalogue


@pytest.fixture(scope="session")
def catalogue() -> Catalogue:
    return load_catalogue([])
