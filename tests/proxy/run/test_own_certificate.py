"""TLS to the proxy's own port: its certificate has the names by which clients call the proxy."""

import ssl
from contextlib import suppress
from ipaddress import ip_address
from pathlib import Path

import pytest

from tierwall.proxy.run.lab_ca import make_lab_ca
from tierwall.proxy.run.own_certificate import own_context
from tierwall.proxy.state.destinations import parse_redirect

LAN = ip_address("192.0.2.10")
NAMED = ("proxy.corp.example:8080:192.0.2.10", "*.corp.example:443:192.0.2.10", "other.example:443:192.0.2.99")


@pytest.fixture(scope="module")
def ca(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("ca")
    make_lab_ca(folder)
    return folder


def _server(ca: Path) -> ssl.SSLContext:
    return own_context(ca, [LAN], map(parse_redirect, NAMED))


def _handshake(server: ssl.SSLContext, client: ssl.SSLContext, name: str) -> dict[str, object]:
    """Both sides in memory; the certificate that the client was shown. Raises ssl.SSLError."""
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    ours = server.wrap_bio(to_server, to_client, server_side=True)
    theirs = client.wrap_bio(to_client, to_server, server_hostname=name)
    failure: ssl.SSLError | None = None
    for side in (theirs, ours, theirs, ours, theirs):
        try:
            side.do_handshake()
        except ssl.SSLWantReadError:
            pass
        except ssl.SSLError as fault:
            failure = failure or fault
    if failure is not None:
        raise failure
    return dict(theirs.getpeercert() or {})


def _trusting(ca: Path) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(ca / "mitmproxy-ca-cert.pem"))


@pytest.mark.parametrize("name", ["localhost", "127.0.0.1", "192.0.2.10", "proxy.corp.example"])
def test_a_client_that_trusts_the_lab_ca_accepts_it_by_every_name_of_the_proxy(ca: Path, name: str) -> None:
    assert _handshake(_server(ca), _trusting(ca), name)


def test_a_name_that_leads_elsewhere_is_not_the_proxys(ca: Path) -> None:
    shown = _handshake(_server(ca), _trusting(ca), "localhost")

    names = [value for _, value in shown["subjectAltName"]]  # type: ignore[attr-defined]
    assert "other.example" not in names
    assert "*.corp.example" not in names


def test_a_client_that_does_not_trust_the_lab_ca_does_not_accept_it(ca: Path) -> None:
    with pytest.raises(ssl.SSLCertVerificationError):
        _handshake(_server(ca), ssl.create_default_context(), "localhost")


def test_nothing_older_than_tls_1_2_is_spoken_and_nothing_but_http_1(ca: Path) -> None:
    server = _server(ca)
    client = _trusting(ca)
    client.set_alpn_protocols(["h2", "http/1.1"])
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    ours = server.wrap_bio(to_server, to_client, server_side=True)
    theirs = client.wrap_bio(to_client, to_server, server_hostname="localhost")
    for side in (theirs, ours, theirs, ours):
        with suppress(ssl.SSLWantReadError):
            side.do_handshake()

    assert server.minimum_version is ssl.TLSVersion.TLSv1_2
    assert theirs.selected_alpn_protocol() == "http/1.1"
