"""ClientHellos written by hand (RFC 8446 section 4.1.2), to see which of them somebody on the way cannot take.

Knows octets. Nobody goes on with such a handshake: any record that comes back says that the ClientHello arrived.
"""

import os
import socket
import struct
import time
from collections.abc import Sequence

from tierwall.probe.wire.failure import EndOfStream, Malformed, word_for

ANSWER_S = 6.0
SEGMENTS_APART_S = 0.06
"""So that the kernel sends two."""
TLS_1_2, TLS_1_3 = 0x0303, 0x0304
BOTH = (TLS_1_3, TLS_1_2)
_X25519, _X25519MLKEM768 = 0x001D, 0x11EC
_ML_KEM_Q = 3329


def client_hello(
    name: str | None, *, post_quantum: bool = False, quic: bytes | None = None, versions: Sequence[int] = BOTH
) -> bytes:
    """The handshake message. `quic` is the transport parameters of a QUIC client (RFC 9001 section 8.2), which speaks
    TLS 1.3 alone."""
    versions = (TLS_1_3,) if quic else versions
    suites = struct.pack("!3H", 0x1301, 0x1302, 0x1303) if TLS_1_3 in versions else b""
    suites += struct.pack("!4H", 0xC02B, 0xC02F, 0xC02C, 0xC030) if TLS_1_2 in versions else b""
    shares = [(_X25519, os.urandom(32))]
    if post_quantum:
        shares.insert(0, (_X25519MLKEM768, _ml_kem_key() + os.urandom(32)))
    groups = b"".join(struct.pack("!H", group) for group, _ in shares) + struct.pack("!H", 0x0017)
    share = b"".join(struct.pack("!2H", group, len(key)) + key for group, key in shares)
    alpn = [b"h3"] if quic else [b"h2", b"http/1.1"]
    extensions = [
        (0x0010, _vector(2, b"".join(_vector(1, each) for each in alpn))),
        (0x000A, _vector(2, groups)),
        (0x000D, _vector(2, struct.pack("!6H", 0x0403, 0x0804, 0x0401, 0x0503, 0x0805, 0x0806))),
        (0x000B, b"\x01\x00"),
    ]
    if TLS_1_3 in versions:
        offered = b"".join(struct.pack("!H", version) for version in versions)
        extensions += [(0x002B, _vector(1, offered)), (0x002D, b"\x01\x01"), (0x0033, _vector(2, share))]
    if name is not None:
        extensions.insert(0, (0x0000, _vector(2, b"\x00" + _vector(2, name.encode("ascii")))))
    if quic is not None:
        extensions.append((0x0039, quic))
    body = b"\x03\x03" + os.urandom(32) + (b"\x00" if quic else _vector(1, os.urandom(32))) + _vector(2, suites)
    body += b"\x01\x00" + _vector(2, b"".join(struct.pack("!H", kind) + _vector(2, data) for kind, data in extensions))
    return b"\x01" + struct.pack("!I", len(body))[1:] + body


def record(message: bytes) -> bytes:
    """The handshake message in one record."""
    return b"\x16\x03\x01" + _vector(2, message)


def answer_to(sock: socket.socket, octets: bytes, segments: int = 1) -> tuple[str, float]:
    """Send this in so many segments: `answered`, `alert N` or a failure, and after how many milliseconds."""
    began = time.monotonic()
    sock.settimeout(ANSWER_S)
    size = -(-len(octets) // segments)
    try:
        for at in range(0, len(octets), size):
            if at:
                time.sleep(SEGMENTS_APART_S)
            sock.sendall(octets[at : at + size])
        head = b""
        while len(head) < 7:
            piece = sock.recv(7 - len(head))
            if not piece:
                raise EndOfStream("no record") if not head else Malformed("a record that ends")
            head += piece
    except OSError as fault:
        return word_for(fault), (time.monotonic() - began) * 1000
    finally:
        sock.close()
    ms = (time.monotonic() - began) * 1000
    if head[0] == 21:
        return f"alert {head[6]}", ms
    return ("answered" if head[0] == 22 else "malformed"), ms


def _ml_kem_key() -> bytes:
    """An encapsulation key of the right shape (FIPS 203 section 7.2: each coefficient is below q)."""
    coefficients = [int.from_bytes(os.urandom(4), "big") % _ML_KEM_Q for _ in range(768)]
    packed = bytearray()
    for low, high in zip(coefficients[::2], coefficients[1::2]):  # noqa: B905 - strict came with 3.10, lengths are even
        packed += bytes((low & 0xFF, low >> 8 | (high & 0xF) << 4, high >> 4))
    return bytes(packed) + os.urandom(32)


def _vector(width: int, octets: bytes) -> bytes:
    return len(octets).to_bytes(width, "big") + octets
