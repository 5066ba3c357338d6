"""What is agreed on in handshakes."""

from types import SimpleNamespace
from typing import cast

import pytest
from mitmproxy import tls

from tierwall.policy.behaviour import TlsVersion
from tierwall.proxy.middlebox.inspection.handshake import offers_newer


@pytest.mark.parametrize(
    ("versions", "newer"),
    [((0x0304, 0x0303), True), ((0x0303, 0x0302), False), ((0x0A0A, 0x7F1C, 0x0303), False), ((), False)],
)
def test_a_client_offers_newer_tls_by_an_extension_and_not_by_grease(versions: tuple[int, ...], newer: bool) -> None:
    listed = b"".join(version.to_bytes(2) for version in versions)
    extensions = [(43, bytes([len(listed)]) + listed)] if versions else []
    hello = cast("tls.ClientHello", SimpleNamespace(extensions=extensions))

    assert offers_newer(hello, TlsVersion.TLS_1_2) is newer
