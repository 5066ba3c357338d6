"""STUN binding requests and their answers (RFC 8489), as much as a TURN server's neighbourhood needs.

Pure: octets in, octets out. No authentication, no other methods.
"""

import ipaddress
import struct
from typing import Final

type Endpoint = tuple[str, int]

MAGIC_COOKIE: Final = 0x2112A442
TRANSACTION_OCTETS: Final = 12
_BINDING_REQUEST: Final = 0x0001
_BINDING_SUCCESS: Final = 0x0101
_XOR_MAPPED_ADDRESS: Final = 0x0020
_HEADER: Final = struct.Struct("!HHI12s")
_ATTRIBUTE: Final = struct.Struct("!HH")
_FAMILY_AND_PORT: Final = struct.Struct("!xBH")
_IPV4, _IPV6 = 0x01, 0x02


def binding_request(transaction: bytes) -> bytes:
    """A request without attributes (section 5: twenty octets)."""
    return _HEADER.pack(_BINDING_REQUEST, 0, MAGIC_COOKIE, transaction)


def binding_answer(request: bytes, client: Endpoint) -> bytes | None:
    """The success response that tells a client its own address; None where the datagram is no binding request."""
    if len(request) < _HEADER.size:
        return None
    kind, length, cookie, transaction = _HEADER.unpack_from(request)
    if (kind, length, cookie) != (_BINDING_REQUEST, len(request) - _HEADER.size, MAGIC_COOKIE):
        return None
    host, port = client
    address = ipaddress.ip_address(host)
    family = _IPV4 if address.version == 4 else _IPV6
    value = _FAMILY_AND_PORT.pack(family, port ^ (MAGIC_COOKIE >> 16)) + _xor(address.packed, transaction)
    attribute = _ATTRIBUTE.pack(_XOR_MAPPED_ADDRESS, len(value)) + value
    return _HEADER.pack(_BINDING_SUCCESS, len(attribute), MAGIC_COOKIE, transaction) + attribute


def mapped_address(answer: bytes, transaction: bytes) -> Endpoint | None:
    """The address in a success response to this transaction; None where it is not one."""
    if len(answer) < _HEADER.size:
        return None
    kind, length, cookie, answered = _HEADER.unpack_from(answer)
    if (kind, length, cookie, answered) != (_BINDING_SUCCESS, len(answer) - _HEADER.size, MAGIC_COOKIE, transaction):
        return None
    at = _HEADER.size
    while at + _ATTRIBUTE.size <= len(answer):
        kind, length = _ATTRIBUTE.unpack_from(answer, at)
        value = answer[at + _ATTRIBUTE.size : at + _ATTRIBUTE.size + length]
        if kind == _XOR_MAPPED_ADDRESS and length in {8, 20} and len(value) == length:
            _, port = _FAMILY_AND_PORT.unpack_from(value)
            packed = _xor(value[_FAMILY_AND_PORT.size :], transaction)
            return str(ipaddress.ip_address(packed)), port ^ (MAGIC_COOKIE >> 16)
        at += _ATTRIBUTE.size + length + -length % 4  # section 14: attributes are padded to four octets
    return None


def _xor(packed: bytes, transaction: bytes) -> bytes:
    """Section 14.2: XOR with the magic cookie, and for IPv6 with the transaction behind it."""
    mask = MAGIC_COOKIE.to_bytes(4, "big") + transaction
    return bytes(octet ^ other for octet, other in zip(packed, mask, strict=False))
