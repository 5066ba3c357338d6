"""A certificate to look for, and another that is not it."""

from pathlib import Path

from tierwall.standins.certificates import Authority
from tierwall.trust.certificate import Certificate, read_certificate


def some_certificate(folder: Path) -> Certificate:
    """A new authority's, in that folder."""
    folder.mkdir(parents=True, exist_ok=True)
    return read_certificate(Authority(folder).ca_pem)
