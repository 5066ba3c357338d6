"""Openings to read: real ones, and ones made by hand octet by octet."""

import ssl
from collections.abc import Callable

import pytest

from tierwall.opening import (
    Opening,
    read_client_hello,
    read_proxy_request,
    read_socks5_greeting,
    read_socks5_request,
    read_tunnel,
)

type Reader = Callable[[bytes], Opening]

READERS: list[Reader] = [
    read_proxy_request,
    read_tunnel,
    read_client_hello,
    read_socks5_greeting,
    read_socks5_request,
]


def real_client_hello(server_name: str | None = "8x8.vc", alpn: tuple[str, ...] = ("h2", "http/1.1")) -> bytes:
    """What this Python's OpenSSL sends."""
    context = ssl.create_default_context()
    context.check_hostname = False
    if alpn:
        context.set_alpn_protocols(list(alpn))
    sent = ssl.MemoryBIO()
    client = context.wrap_bio(ssl.MemoryBIO(), sent, server_hostname=server_name)
    with pytest.raises(ssl.SSLWantReadError):
        client.do_handshake()
    return sent.read()


def vector(octets: bytes, length_octets: int = 2) -> bytes:
    return len(octets).to_bytes(length_octets) + octets


def extension(kind: int, octets: bytes) -> bytes:
    return kind.to_bytes(2) + vector(octets)


def server_name(*names: bytes) -> bytes:
    return extension(0, vector(b"".join(b"\x00" + vector(name) for name in names)))


def hello_message(*extensions: bytes, with_block: bool = True, after: bytes = b"") -> bytes:
    block = vector(b"".join(extensions)) if with_block else b""
    body = b"\x03\x03" + bytes(32) + vector(b"", 1) + vector(b"\x13\x01") + vector(b"\x00", 1) + block + after
    return b"\x01" + vector(body, 3)


def records(message: bytes, size: int = 2**14) -> bytes:
    pieces = (message[at : at + size] for at in range(0, len(message), size))
    return b"".join(b"\x16\x03\x01" + vector(piece) for piece in pieces)


def hello(*extensions: bytes) -> bytes:
    return records(hello_message(*extensions))


def connect(head: bytes = b"CONNECT 8x8.vc:443 HTTP/1.1", *headers: bytes) -> bytes:
    return b"\r\n".join([head, *headers, b"", b""])


POST_QUANTUM = hello(server_name(b"8x8.vc"), extension(51, bytes(2_500)))

WHOLE: dict[str, tuple[Reader, bytes]] = {
    "CONNECT": (read_proxy_request, connect(b"CONNECT 8x8.vc:443 HTTP/1.1", b"Host: 8x8.vc:443")),
    "request to a proxy": (read_proxy_request, connect(b"GET http://8x8.vc/ HTTP/1.1", b"Host: 8x8.vc")),
    "request with bare LF": (read_tunnel, b"GET / HTTP/1.1\nHost: 8x8.vc\n\n"),
    "request after empty lines": (read_tunnel, b"\r\n\n\r\nGET / HTTP/1.1\r\n\r\n"),
    "request in a tunnel": (read_tunnel, connect(b"GET /a HTTP/1.1", b"Host: 8x8.vc")),
    "ClientHello": (read_tunnel, real_client_hello()),
    "large ClientHello": (read_tunnel, POST_QUANTUM),
    "ClientHello in records of one octet": (read_client_hello, records(hello_message(server_name(b"8x8.vc")), 1)),
    "SOCKS5 greeting": (read_socks5_greeting, b"\x05\x02\x00\x02"),
    "SOCKS5 name": (read_socks5_request, b"\x05\x01\x00\x03\x068x8.vc\x01\xbb"),
    "SOCKS5 address": (read_socks5_request, b"\x05\x01\x00\x01\xcb\x00\x71\x07\x01\xbb"),
}


def head_of(octets: int) -> bytes:
    start, end = b"CONNECT 8x8.vc:443 HTTP/1.1\r\nX: ", b"\r\n\r\n"
    return start + b"x" * (octets - len(start) - len(end)) + end
