"""DNS messages (RFC 1035 section 4): questions, answers of one record, and what an answer says; A, AAAA and TXT.

Pure: octets in, octets out. No compression is written, and only a name that begins with a pointer is read.
"""

import struct
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Final

A: Final = 1
TXT: Final = 16
AAAA: Final = 28
_IN: Final = 1
_RECURSIVE: Final = 0x0100
_ANSWER: Final = 0x8180
_HEADER: Final = struct.Struct("!6H")
_RECORD: Final = struct.Struct("!HHIH")
_FIRST_NAME: Final = b"\xc0\x0c"
_CODES: Final = {0: "noerror", 1: "formerr", 2: "servfail", 3: "nxdomain", 5: "refused"}


@dataclass(frozen=True, slots=True)
class Answered:
    """What a name server said."""

    code: str
    data: tuple[str, ...] = ()
    """Addresses as text, other records in hexadecimal."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a client asks for."""

    name: str
    """In lower case."""
    kind: int


def question(name: str, kind: int, number: int) -> bytes:
    """A recursive query."""
    return _HEADER.pack(number, _RECURSIVE, 1, 0, 0, 0) + _name(name) + struct.pack("!2H", kind, _IN)


def asked_for(message: bytes) -> Asked:
    """The first question of a query."""
    end = _after_name(message, _HEADER.size)
    return Asked(_text(message[_HEADER.size : end]), int.from_bytes(message[end : end + 2]))


def answer(message: bytes, data: bytes | None, *, known: bool) -> bytes:
    """The answer to a query: one record, none of this kind, or, where the name is not known, NXDOMAIN."""
    end = _after_name(message, _HEADER.size)
    asked = message[_HEADER.size : end + 4]
    number, kind = int.from_bytes(message[:2]), int.from_bytes(message[end : end + 2])
    head = _HEADER.pack(number, _ANSWER | (0 if known else 3), 1, int(data is not None), 0, 0)
    if data is None:
        return head + asked
    return head + asked + _FIRST_NAME + _RECORD.pack(kind, _IN, 60, len(data)) + data


def read_answer(message: bytes) -> Answered:
    """The code and the data of the answer section."""
    _, flags, questions, answers, _, _ = _HEADER.unpack_from(message)
    at = _HEADER.size
    for _ in range(questions):
        at = _after_name(message, at) + 4
    data = []
    for _ in range(answers):
        at = _after_name(message, at)
        kind, _, _, length = _RECORD.unpack_from(message, at)
        at += _RECORD.size
        octets = message[at : at + length]
        data.append(str(ip_address(octets)) if kind in {A, AAAA} else octets.hex())
        at += length
    return Answered(_CODES[flags & 0xF], tuple(data))


def address(text: str) -> bytes:
    """An A or AAAA record's data."""
    return ip_address(text).packed


def _name(text: str) -> bytes:
    return b"".join(bytes([len(label)]) + label.encode() for label in text.split(".")) + b"\x00"


def _text(labels: bytes) -> str:
    found, at = [], 0
    while labels[at]:
        found.append(labels[at + 1 : at + 1 + labels[at]].decode().lower())
        at += 1 + labels[at]
    return ".".join(found)


def _after_name(message: bytes, at: int) -> int:
    while message[at]:
        if message[at] >= 0xC0:  # section 4.1.4: a pointer ends a name
            return at + 2
        at += 1 + message[at]
    return at + 1
