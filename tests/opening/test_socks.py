"""SOCKS5 greetings and requests."""

import pytest

from tests.opening.material import Reader
from tierwall.opening import (
    Malformed,
    Socks5Greeting,
    Socks5Request,
    read_socks5_greeting,
    read_socks5_request,
)


def test_a_socks5_greeting_offers_methods() -> None:
    assert read_socks5_greeting(b"\x05\x02\x00\x02\x05") == Socks5Greeting(methods=(0, 2), consumed=4)


@pytest.mark.parametrize(
    ("octets", "command", "host", "port"),
    [
        pytest.param(b"\x05\x01\x00\x03\x068x8.vc\x01\xbb", 1, "8x8.vc", 443, id="name"),
        pytest.param(b"\x05\x01\x00\x01\xcb\x00\x71\x07\x00\x50", 1, "203.0.113.7", 80, id="IPv4"),
        pytest.param(
            b"\x05\x01\x00\x04\x20\x01\x0d\xb8" + bytes(11) + b"\x01\x01\xbb", 1, "2001:db8::1", 443, id="IPv6"
        ),
        pytest.param(b"\x05\x03\x00\x01\x00\x00\x00\x00\x00\x00", 3, "0.0.0.0", 0, id="UDP associate"),
    ],
)
def test_a_socks5_request_names_its_destination(octets: bytes, command: int, host: str, port: int) -> None:
    assert read_socks5_request(octets) == Socks5Request(command=command, host=host, port=port, consumed=len(octets))


@pytest.mark.parametrize(
    ("reader", "octets"),
    [
        pytest.param(read_socks5_greeting, b"\x04", id="SOCKS4"),
        pytest.param(read_socks5_greeting, b"GET / HTTP/1.1", id="HTTP"),
        pytest.param(read_socks5_greeting, b"\x05\x00", id="no method"),
        pytest.param(read_socks5_request, b"\x04\x01", id="SOCKS4 request"),
        pytest.param(read_socks5_request, b"\x05\x01\x00\x02\x00", id="unknown address type"),
        pytest.param(read_socks5_request, b"\x05\x01\x00\x03\x00\x01\xbb", id="empty name"),
        pytest.param(read_socks5_request, b"\x05\x01\x00\x03\x01\xff\x01\xbb", id="name is not UTF-8"),
    ],
)
def test_what_is_not_socks5_is_malformed(reader: Reader, octets: bytes) -> None:
    assert isinstance(reader(octets), Malformed)
