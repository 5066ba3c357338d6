"""An authority, and what it signs: checked by OpenSSL's own rules through Python's ssl."""

import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tierwall.fleet.certificates import CONTROL_PLANE, NoAuthority, Pair, authority, ends, signed

NOW = datetime.now(UTC)
CA = authority(NOW)


def contexts(folder: Path, client: Pair, *, ca: Pair = CA) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    for name, pair in (("server", signed(CA, CONTROL_PLANE, NOW)), ("client", client), ("ca", ca)):
        (folder / f"{name}.crt").write_bytes(pair.certificate)
        (folder / f"{name}.key").write_bytes(pair.key)
    server, other = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    for context, name in ((server, "server"), (other, "client")):
        context.load_cert_chain(folder / f"{name}.crt", folder / f"{name}.key")
        context.load_verify_locations(folder / "ca.crt")
    server.verify_mode = ssl.CERT_REQUIRED
    return server, other


def shaken(server: ssl.SSLContext, client: ssl.SSLContext) -> None:
    """Both sides of a handshake, in memory."""
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    sides = [
        client.wrap_bio(to_client, to_server, server_hostname=CONTROL_PLANE),
        server.wrap_bio(to_server, to_client, server_side=True),
    ]
    for _ in range(4):
        for side in sides:
            try:
                side.do_handshake()
            except ssl.SSLWantReadError:
                continue


def test_a_node_and_the_control_plane_trust_each_other(tmp_path: Path) -> None:
    shaken(*contexts(tmp_path, signed(CA, "lab-1", NOW)))


def test_an_expired_node_is_turned_away(tmp_path: Path) -> None:
    with pytest.raises(ssl.SSLError, match="expired"):
        shaken(*contexts(tmp_path, signed(CA, "lab-1", NOW - timedelta(days=9), timedelta(days=1))))


def test_another_authoritys_node_is_turned_away(tmp_path: Path) -> None:
    with pytest.raises(ssl.SSLError):
        shaken(*contexts(tmp_path, signed(authority(NOW), "lab-1", NOW)))


def test_the_end_is_read_from_the_certificate() -> None:
    assert ends(signed(CA, "lab-1", NOW, timedelta(days=3)).certificate) == (NOW + timedelta(days=3)).replace(
        microsecond=0
    )


def test_a_key_of_something_else_signs_nothing() -> None:
    with pytest.raises(NoAuthority, match="not the certificate's"):
        signed(Pair(CA.certificate, authority(NOW).key), "lab-1", NOW)
    with pytest.raises(NoAuthority):
        signed(Pair(b"x", b"y"), "lab-1", NOW)
