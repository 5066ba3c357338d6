"""Every test of the loader works in a folder of its own, so that messages hold bare names."""

from pathlib import Path

import pytest

from tests.loader.files import Write
from tierwall.loader import load_catalogue
from tierwall.policy.model import Catalogue


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    monkeypatch.chdir(tmp_path)

    def write_file(name: str, text: str) -> Path:
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_text(text, encoding="utf-8")
        return Path(name)

    return write_file


@pytest.fixture(scope="session")
def catalogue() -> Catalogue:
    return load_catalogue([])
