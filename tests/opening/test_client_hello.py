"""ClientHello: names, fragments, limits, and what a server might read otherwise."""

import pytest

from tests.opening.material import extension, hello, hello_message, real_client_hello, records, server_name, vector
from tierwall.opening import (
    ClientHello,
    Malformed,
    NeedMore,
    Opaque,
    read_client_hello,
    read_tunnel,
)
from tierwall.policy import limits


def test_a_real_client_hello_is_read() -> None:
    octets = real_client_hello()

    assert read_client_hello(octets) == ClientHello(
        sni="8x8.vc", alpn=("h2", "http/1.1"), versions=(0x0304, 0x0303), offers_ech=False, consumed=len(octets)
    )


def test_a_real_client_hello_without_names_is_read() -> None:
    answer = read_client_hello(real_client_hello(None, ()))

    assert isinstance(answer, ClientHello)
    assert (answer.sni, answer.alpn) == (None, ())


@pytest.mark.parametrize("size", [1, 2, 3, 4, 5, 7, 100, 2**14])
def test_fragments_of_any_size_make_the_same_client_hello(size: int) -> None:
    message = hello_message(server_name(b"8x8.vc"), extension(16, vector(vector(b"h2", 1))), extension(51, bytes(1500)))
    octets = records(message, size)

    assert read_client_hello(octets) == ClientHello(
        sni="8x8.vc", alpn=("h2",), versions=(0x0303,), offers_ech=False, consumed=len(octets)
    )


@pytest.mark.parametrize("minor", [0, 1, 3, 4, 255])
def test_the_record_version_hides_no_client_hello(minor: int) -> None:
    octets = b"\x16\x03" + bytes([minor]) + hello(server_name(b"8x8.vc"))[3:]

    assert read_tunnel(octets) == read_tunnel(hello(server_name(b"8x8.vc")))


@pytest.mark.parametrize(
    "message",
    [
        pytest.param(hello_message(with_block=False), id="no extensions at all"),
        pytest.param(hello_message(), id="no extension"),
        pytest.param(hello_message(extension(0, b"")), id="empty extension"),
        pytest.param(hello_message(server_name()), id="empty list"),
        pytest.param(hello_message(extension(0, vector(b"\x07" + vector(b"8x8.vc")))), id="another kind of name"),
    ],
)
def test_a_client_hello_may_name_no_server(message: bytes) -> None:
    answer = read_client_hello(records(message))

    assert isinstance(answer, ClientHello)
    assert answer.sni is None


def test_encrypted_client_hello_is_seen() -> None:
    answer = read_client_hello(hello(server_name(b"8x8.vc"), extension(0xFE0D, bytes(100))))

    assert isinstance(answer, ClientHello)
    assert answer.offers_ech


@pytest.mark.parametrize(
    "octets",
    [
        pytest.param(hello(server_name(b"8x8.vc", b"evil.example")), id="two names"),
        pytest.param(hello(server_name(b"8x8.vc"), server_name(b"evil.example")), id="extension twice"),
        pytest.param(hello(server_name(b"8x8.vc\x00.evil.example")), id="NUL in the name"),
        pytest.param(hello(server_name("bücher".encode())), id="name is not ASCII"),
        pytest.param(hello(server_name(b"")), id="empty name"),
        pytest.param(hello(extension(0, vector(b"\x00\x00\x09abc"))), id="name longer than its list"),
        pytest.param(hello(extension(0, vector(b"") + b"x")), id="something after the list"),
        pytest.param(hello(extension(16, vector(b"\x05h2"))), id="protocol longer than its list"),
        pytest.param(hello(extension(43, b"\x03\x03\x04\x03")), id="half a version"),
        pytest.param(records(hello_message(after=b"x")), id="something after the extensions"),
        pytest.param(records(hello_message() + b"\x0b"), id="another message in the record"),
        pytest.param(records(b"\x02" + hello_message()[1:]), id="ServerHello"),
        pytest.param(records(b"\x01\x00\x00\x00"), id="empty ClientHello"),
        pytest.param(records(b"\x01" + vector(bytes(30), 3)), id="cut short"),
        pytest.param(b"\x16\x03\x01\x00\x00", id="empty record"),
        pytest.param(b"\x16\x03\x01\x41\x01", id="record too long"),
        pytest.param(records(hello_message(), 9)[:14] + b"\x15\x03\x01\x00\x02\x01\x00", id="alert between fragments"),
        pytest.param(records(b"\x01\x00\xff\xff"), id="longer than may be, at once"),
        pytest.param(records(b"\x01\x00\xf0\x00" + bytes(0xF000), 5), id="too many records"),
        pytest.param(b"GET / HTTP/1.1\r\n\r\n", id="HTTP"),
    ],
)
def test_a_client_hello_that_a_server_might_read_otherwise_is_malformed(octets: bytes) -> None:
    assert isinstance(read_client_hello(octets), Malformed)


@pytest.mark.parametrize("first", [0x14, 0x15, 0x16, 0x17, 0x18])
@pytest.mark.parametrize("version", [b"\x03\x01", b"\x02\x00", b"\x05\x05", b"\xfe\xfd", b"\x00\x00"])
def test_a_record_before_it_or_an_odd_version_hides_no_client_hello(first: int, version: bytes) -> None:
    record = bytes([first]) + version + b"\x00\x02\x01\x5a"
    after = hello(server_name(b"evil.example"))

    assert isinstance(read_tunnel(record + after), Malformed)
    assert isinstance(read_tunnel(bytes([first]) + version + after[3:]), ClientHello | Malformed)


SSL_2 = bytes.fromhex(
    "80460103 01002d00 00001001 00800300 800700c0 06004002 00800400 80000004 00feff00 000a00fe"
    "fe000009 00006400 00620000 03000006 1f170ca6 2f0078fc 46552eb1 8339f1ea"
)
"""What WebRTC clients say first on TCP, to look like TLS (kSslClientHello of libwebrtc)."""


def test_a_hello_in_the_format_of_ssl_2_is_one_without_a_name() -> None:
    assert read_tunnel(SSL_2 + b"x") == ClientHello(
        sni=None, alpn=(), versions=(0x0301,), offers_ech=False, consumed=len(SSL_2)
    )
    assert all(isinstance(read_tunnel(SSL_2[:count]), NeedMore) for count in range(len(SSL_2)))


@pytest.mark.parametrize("at", [2, 3, 6, 8, 10])
def test_what_only_resembles_one_is_no_tls(at: int) -> None:
    assert read_tunnel(SSL_2[:at] + bytes([SSL_2[at] ^ 1]) + SSL_2[at + 1 :]) == Opaque()


def test_a_client_hello_may_be_as_large_as_the_limit() -> None:
    record_headers = 5 * 4
    around = len(hello_message(extension(21, b"")))
    padding = limits.CLIENT_HELLO_OCTETS - record_headers - around
    octets = records(hello_message(extension(21, bytes(padding))))

    assert len(octets) == limits.CLIENT_HELLO_OCTETS
    assert isinstance(read_client_hello(octets), ClientHello)
