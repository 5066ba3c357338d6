"""One Initial packet of QUIC version 1 (RFC 9000 section 17.2.2), to see whether anything answers.

Knows that packet alone. Whatever comes back with the connection id that was chosen here says that QUIC gets through.
"""

import hashlib
import hmac
import os
import struct

from tierwall.probe.wire import datagrams
from tierwall.probe.wire.aes_gcm import Aes128, seal
from tierwall.probe.wire.failure import Malformed
from tierwall.probe.wire.hello import client_hello

_SALT = bytes.fromhex("38762cf7f55934b34d179ae6a4c80cadccbb7f0a")  # RFC 9001 section 5.2
_DATAGRAM_OCTETS = 1200


def answer_from(address: str, port: int, name: str) -> tuple[str, float]:
    """`answered` or a failure, and after how many milliseconds of the try that was answered."""
    ours = os.urandom(8)

    def meaning(octets: bytes) -> str:
        if ours not in octets[:32]:
            raise Malformed("no answer to this connection")
        return "answered"

    return datagrams.ask(address, port, initial(name, os.urandom(8), ours), meaning)


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
