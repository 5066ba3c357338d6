"""A ClientHello of SSL 2.0 is read by its fixed part, names nobody, and hides no request."""

import pytest

from tierwall.opening import ClientHello, Malformed, NeedMore, Opaque
from tierwall.opening.ssl2_hello import read_ssl2_hello


def ssl2_hello(challenge: bytes = bytes(16), ciphers: bytes = b"\x00\x00\x04") -> bytes:
    lengths = b"".join(len(part).to_bytes(2) for part in (ciphers, b"", challenge))
    body = b"\x01\x03\x01" + lengths + ciphers + challenge
    return (0x8000 | len(body)).to_bytes(2) + body


def test_it_is_read_whole_and_names_nobody() -> None:
    hello = ssl2_hello()

    assert read_ssl2_hello(hello + b"more") == ClientHello(
        sni=None, alpn=(), versions=(0x0301,), offers_ech=False, consumed=len(hello)
    )
    assert isinstance(read_ssl2_hello(hello[:-1]), NeedMore)


@pytest.mark.parametrize(
    "octets",
    [b"\x80\x2e\x02", b"\x80\x2e\x01\x02", ssl2_hello(ciphers=b""), ssl2_hello(ciphers=b"1234"), b"\xff\xff\xff"],
)
def test_what_lacks_its_form_is_no_tls(octets: bytes) -> None:
    assert read_ssl2_hello(octets) == Opaque()


@pytest.mark.parametrize("line", [b"GET http://evil.example/ HTTP/1.1\n", b"\thttp/1.0\r\nHost: evil.example\r\n"])
def test_it_hides_no_request(line: bytes) -> None:
    assert isinstance(read_ssl2_hello(ssl2_hello(line)), Malformed)
