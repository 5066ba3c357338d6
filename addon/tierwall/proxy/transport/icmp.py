"""Tells a client by ICMP that its datagram was not let through, as a firewall that rejects does.

Knows the two messages and raw sockets, which need CAP_NET_RAW. Refuses to know who is told, and why.
"""

import socket
import struct
from ipaddress import IPv4Address
from typing import Final

from tierwall.policy.model import Address

_UNREACHABLE_4: Final = 3
_PROHIBITED_4: Final = 13
"""RFC 1812 section 5.2.7.1: communication administratively prohibited."""
_UNREACHABLE_6: Final = 1
_PROHIBITED_6: Final = 1
"""RFC 4443 section 3.1: communication with destination administratively prohibited."""

type Endpoint = tuple[Address, int]


def prohibited(client: Endpoint, server: Endpoint) -> bytes:
    """The message about a datagram from client to server: enough of its headers to find the client's socket by."""
    udp = struct.pack("!4H", client[1], server[1], 8, 0)
    if isinstance(client[0], IPv4Address):
        original = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(udp), 0, 0, 64, socket.IPPROTO_UDP, 0)
        original += client[0].packed + server[0].packed
        message = _message(_UNREACHABLE_4, _PROHIBITED_4, 0, original + udp)
        return _message(_UNREACHABLE_4, _PROHIBITED_4, _checksum(message), original + udp)
    original = struct.pack("!IHBB", 6 << 28, len(udp), socket.IPPROTO_UDP, 64) + client[0].packed + server[0].packed
    return _message(_UNREACHABLE_6, _PROHIBITED_6, 0, original + udp)  # the kernel adds the checksum (RFC 3542, 3.1)


def reject(client: Endpoint, server: Endpoint) -> None:
    """Send it. Raises OSError, PermissionError above all."""
    four = isinstance(client[0], IPv4Address)
    family, protocol = (socket.AF_INET, socket.IPPROTO_ICMP) if four else (socket.AF_INET6, socket.IPPROTO_ICMPV6)
    with socket.socket(family, socket.SOCK_RAW, protocol) as raw:
        raw.sendto(prohibited(client, server), (str(client[0]), 0))


def _message(kind: int, code: int, checksum: int, original: bytes) -> bytes:
    return struct.pack("!BBHI", kind, code, checksum, 0) + original


def _checksum(message: bytes) -> int:
    """RFC 1071."""
    total: int = sum(struct.unpack(f"!{len(message) // 2}H", message))
    total = (total & 0xFFFF) + (total >> 16)
    return ~((total & 0xFFFF) + (total >> 16)) & 0xFFFF
