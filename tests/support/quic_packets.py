"""QUIC packets of a client: real ones of aioquic, and Initials made by hand, frame by frame.

Knows RFC 9000 section 17.2 and RFC 9369. Whatever is asserted is the test's.
"""

from typing import Final

from aioquic.quic.configuration import QuicConfiguration
from aioquic.quic.connection import QuicConnection
from aioquic.quic.crypto import CryptoPair

V1: Final = 0x00000001
V2: Final = 0x6B3343CF
CHOSEN: Final = bytes(range(8))
AT: Final = ("203.0.113.2", 443)
_INITIAL_TYPE: Final = {V1: 0, V2: 1}


def first_flight(name: str | None, *, version: int = V1, hello_octets: int = 0) -> list[bytes]:
    """The first datagrams of a real client. `hello_octets` makes its ClientHello longer by about that."""
    filling = [f"x-{number:04}-{'x' * 40}" for number in range(hello_octets // 50)]
    settings = QuicConfiguration(
        is_client=True,
        alpn_protocols=["h3", *filling],
        server_name=name,
        original_version=version,
        supported_versions=[version],
    )
    client = QuicConnection(configuration=settings)
    client.connect(AT, now=0.0)
    return [datagram for datagram, _ in client.datagrams_to_send(now=0.0)]


def crypto(at: int, octets: bytes) -> bytes:
    """A CRYPTO frame."""
    return b"\x06" + _number(at) + _number(len(octets)) + octets


ACK: Final = b"\x02\x00\x00\x00\x00"
PING: Final = b"\x01"


def initial(
    frames: bytes, *, chosen: bytes = CHOSEN, sent_to: bytes | None = None, version: int = V1, number: int = 0
) -> bytes:
    """An Initial packet with these frames. `sent_to`: the connection id in it, where the server has chosen another."""
    keys = CryptoPair()
    keys.setup_initial(cid=chosen, is_client=True, version=version)
    to = chosen if sent_to is None else sent_to
    payload = frames + bytes(max(0, 32 - len(frames)))
    first = 0xC0 | _INITIAL_TYPE[version] << 4 | 1
    ids = bytes([len(to)]) + to + b"\x04seen"
    header = bytes([first]) + version.to_bytes(4) + ids + b"\x00" + _number(len(payload) + 18) + number.to_bytes(2)
    return keys.encrypt_packet(header, payload, number)


def _number(value: int) -> bytes:
    return (0x4000 | value).to_bytes(2)
