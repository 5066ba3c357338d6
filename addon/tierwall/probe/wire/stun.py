"""STUN and TURN as far as an answer proves the way: a binding (RFC 8489), an Allocate without credentials (RFC 8656).

Knows messages, over UDP and over streams. A server that asks for credentials (401) was reached.
"""

import os
import socket
import struct
import time

from tierwall.probe.wire import datagrams
from tierwall.probe.wire.failure import EndOfStream, Malformed, word_for

BINDING, ALLOCATE = 0x0001, 0x0003
_COOKIE = 0x2112A442
_STREAM_S = 6.0


def message(method: int) -> bytes:
    """A request; an Allocate asks for a relay by UDP."""
    attributes = struct.pack("!HHBxxx", 0x0019, 4, 17) if method == ALLOCATE else b""
    return struct.pack("!HHI", method, len(attributes), _COOKIE) + os.urandom(12) + attributes


def meaning(octets: bytes, asked: bytes) -> str:
    """`answered`, or the code of an error. Raises Malformed where it is no answer to this."""
    if len(octets) < 20 or octets[4:20] != asked[4:20]:
        raise Malformed("no answer of STUN")
    kind, length = struct.unpack("!HH", octets[:4])
    if kind & 0x0110 == 0x0100:
        return "answered"
    at = 20
    while at + 8 <= min(len(octets), 20 + length):
        attribute, size = struct.unpack("!HH", octets[at : at + 4])
        if attribute == 0x0009 and at + 8 <= len(octets):
            return str((octets[at + 6] & 7) * 100 + octets[at + 7])
        at += 4 + size + (-size) % 4
    return "error"


def by_udp(address: str, port: int, method: int) -> tuple[str, float]:
    """What comes back from there, and after how many milliseconds of the try that was answered."""
    asked = message(method)
    return datagrams.ask(address, port, asked, lambda octets: meaning(octets, asked))


def by_stream(sock: socket.socket, method: int) -> tuple[str, float]:
    """The same over TCP or TLS (RFC 8489 section 6.2.2); the stream is closed after."""
    asked = message(method)
    began = time.monotonic()
    octets = b""
    try:
        sock.settimeout(_STREAM_S)
        sock.sendall(asked)
        while len(octets) < 20 or len(octets) < 20 + int.from_bytes(octets[2:4], "big"):
            piece = sock.recv(2048)
            if not piece:
                raise EndOfStream("no answer")
            octets += piece
            if len(octets) > 4096:
                raise Malformed("no answer of STUN")
        return meaning(octets, asked), (time.monotonic() - began) * 1000
    except OSError as fault:
        return word_for(fault), (time.monotonic() - began) * 1000
    finally:
        sock.close()
