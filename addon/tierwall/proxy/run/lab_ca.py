"""The lab CA's key and certificate, made on first use as mitmproxy makes them, so that it finds its own.

Knows mitmproxy's format and how private it must be. What the certificate says, and who trusts it, is trust's.
"""

import socket
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from mitmproxy import certs

BASENAME: Final = "mitmproxy"
KEY_BITS: Final = 2048
"""Both as mitmproxy's own options have them."""

_HOST_CHARACTERS: Final = 34
"""A common name has 64 (RFC 5280, ub-common-name)."""


def make_lab_ca(folder: Path) -> bool:
    """Make the CA in this folder unless it has one; whether one was made. Raises OSError."""
    if (folder / f"{BASENAME}-ca.pem").exists():
        return False
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    certs.CertStore.create_store(folder, BASENAME, KEY_BITS, organization="tierwall", cn=_name())
    return True


def _name() -> str:
    """By which people tell it from another machine's, and from an older one, in a store's list."""
    host = socket.gethostname()[:_HOST_CHARACTERS] or "a lab"
    return f"tierwall lab CA ({host}, {datetime.now(UTC):%Y-%m-%d})"
