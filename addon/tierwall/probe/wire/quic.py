"""One Initial packet of QUIC version 1 (RFC 9000 section 17.2.2), to see whether anything answers.

Knows that packet alone. Whatever comes back with the connection id that was chosen here says that QUIC gets through.
"""

import hashlib
import hmac
import os
import socket
import struct
import time

from tierwall.probe.wire.aes_gcm import Aes128, seal
from tierwall.probe.wire.failure import word_for
from tierwall.probe.wire.hello import client_hello

_SALT = bytes.fromhex("38762cf7f55934b34d179ae6a4c80cadccbb7f0a")  # RFC 9001 section 5.2
_DATAGRAM_OCTETS = 1200
_TRIES_S = (0.7, 1.4, 2.8)


def answer_from(address: str, port: int, name: str) -> tuple[str, float]:
    """`answered` or a failure, and after how many milliseconds of the try that was answered."""
    ours = os.urandom(8)
    datagram = initial(name, os.urandom(8), ours)
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    began = time.monotonic()
    with socket.socket(family, socket.SOCK_DGRAM) as sock:
        try:
            sock.connect((address, port))
            for limit_s in _TRIES_S:
                sent = time.monotonic()
                sock.settimeout(limit_s)
                sock.send(datagram)
                try:
                    if ours in sock.recv(65535)[:32]:
                        return "answered", (time.monotonic() - sent) * 1000
                except socket.timeout:  # noqa: UP041 - the same as TimeoutError since 3.10, this module's word for it
                    continue
        except OSError as fault:
            return word_for(fault), (time.monotonic() - began) * 1000
    return "silence", (time.monotonic() - began) * 1000


def initial(name: str, theirs: bytes, ours: bytes) -> bytes:
    """A datagram with the client's Initial packet in it, padded as RFC 9000 section 14.1 asks."""
    parameters = _parameter(0x0F, ours) + _parameter(0x04, _integer(1 << 20)) + _parameter(0x08, _integer(16))
    crypto = client_hello(name, quic=parameters)
    frame = b"\x06\x00" + _integer(len(crypto)) + crypto
    secret = _expand(hmac.new(_SALT, theirs, hashlib.sha256).digest(), b"client in", 32)
    key, iv, header_key = (
        _expand(secret, label, size) for label, size in ((b"quic key", 16), (b"quic iv", 12), (b"quic hp", 16))
    )
    head = b"\xc3" + struct.pack("!I", 1) + bytes((len(theirs),)) + theirs + bytes((len(ours),)) + ours + b"\x00"
    number = bytes(4)
    plain = frame + bytes(max(0, _DATAGRAM_OCTETS - len(head) - 2 - len(number) - 16 - len(frame)))
    head += struct.pack("!H", 0x4000 | (len(number) + len(plain) + 16)) + number
    sealed = seal(key, iv, plain, head)  # packet number 0: the nonce is the IV itself
    mask = Aes128(header_key).block(sealed[:16])
    protected = bytearray(head)
    protected[0] ^= mask[0] & 0x0F
    for at in range(4):
        protected[len(head) - 4 + at] ^= mask[1 + at]
    return bytes(protected) + sealed


def _expand(secret: bytes, label: bytes, size: int) -> bytes:
    """HKDF-Expand-Label (RFC 8446 section 7.1), of no more than one hash."""
    full = b"tls13 " + label
    info = struct.pack("!HB", size, len(full)) + full + b"\x00"
    return hmac.new(secret, info + b"\x01", hashlib.sha256).digest()[:size]


def _integer(value: int) -> bytes:
    """Of variable length (RFC 9000 section 16)."""
    if value < 64:
        return bytes((value,))
    return struct.pack("!H", 0x4000 | value) if value < 16384 else struct.pack("!I", 0x80000000 | value)


def _parameter(number: int, value: bytes) -> bytes:
    return _integer(number) + _integer(len(value)) + value
