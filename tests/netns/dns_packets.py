"""DNS messages by hand (RFC 1035 section 4), and a scripted name server; as much as A, AAAA and TXT take."""

import secrets
import socket
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Final

from tierwall.standins.origins.udp import UdpOrigin
from tierwall.standins.stun import Endpoint

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


def question(name: str, kind: int, number: int) -> bytes:
    """A recursive query."""
    return _HEADER.pack(number, _RECURSIVE, 1, 0, 0, 0) + _name(name) + struct.pack("!2H", kind, _IN)


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


def ask(server: str, name: str, kind: int = A, *, port: int = 53, limit_s: float = 3.0) -> Answered | None:
    """Ask over UDP from the calling thread's namespace, once; None where nothing comes back."""
    return exchange(server, question(name, kind, secrets.randbits(16)), port=port, limit_s=limit_s)


def exchange(server: str, message: bytes, *, port: int = 53, limit_s: float = 3.0) -> Answered | None:
    """Send any message and read the answer to it."""
    family = socket.AF_INET6 if ":" in server else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as client:
        client.settimeout(limit_s)
        client.connect((server, port))
        client.send(message)
        try:
            answer = client.recv(4096)
        except TimeoutError:
            return None
        assert answer[:2] == message[:2]
        return read_answer(answer)


class NameServerOrigin(UdpOrigin):
    """Knows these records and says nxdomain to all else. Keeps the names it was asked for in `targets`."""

    def __init__(self, records: Mapping[tuple[str, int], bytes], *, host: str, port: int = 53) -> None:
        super().__init__(host=host, port=port)
        self._records = records

    def answer(self, datagram: bytes, client: Endpoint) -> bytes | None:
        """One record, or none where the name has others."""
        number = int.from_bytes(datagram[:2])
        end = _after_name(datagram, _HEADER.size)
        name = _text(datagram[_HEADER.size : end])
        kind = int.from_bytes(datagram[end : end + 2])
        asked = datagram[_HEADER.size : end + 4]
        self.reached.note(target=name)
        data = self._records.get((name, kind))
        known = any(name == recorded for recorded, _ in self._records)
        head = _HEADER.pack(number, _ANSWER | (0 if known else 3), 1, int(data is not None), 0, 0)
        if data is None:
            return head + asked
        return head + asked + _FIRST_NAME + _RECORD.pack(kind, _IN, 60, len(data)) + data


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
