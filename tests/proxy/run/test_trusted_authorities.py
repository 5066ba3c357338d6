"""Whom inspected connections believe."""

from pathlib import Path

import certifi
import pytest

from tierwall.proxy.run.settings import CannotStart
from tierwall.proxy.run.trusted_authorities import believed
from tierwall.standins.certificates import Authority


def test_those_that_are_named_are_believed_beside_the_public_ones(tmp_path: Path) -> None:
    own = Authority(tmp_path).ca_pem

    with believed(own) as file:
        assert file is not None
        everybody = Path(file).read_bytes()

    assert everybody == Path(certifi.where()).read_bytes() + own.read_bytes()
    assert not Path(file).exists()


def test_a_file_without_a_certificate_is_bad_input(tmp_path: Path) -> None:
    (tmp_path / "empty.pem").write_text("-----BEGIN NOTHING-----\n")

    with pytest.raises(CannotStart, match=r"--trust .*empty\.pem: "), believed(tmp_path / "empty.pem"):
        pass
