"""SYNs that the gateway's kernel left unanswered, as it reports them: nobody else sees them.

Knows nfnetlink_log (linux/netfilter/nfnetlink_log.h) and as much of IP and TCP as names both ends. Refuses to judge.
"""

import asyncio
import errno
import os
import socket
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Final

from tierwall.gateway.topology import REPORTS
from tierwall.policy.model import Address

_NETFILTER: Final = 12
"""NETLINK_NETFILTER."""
_PACKET, _CONFIGURE = 4 << 8, 4 << 8 | 1
"""NFNL_SUBSYS_ULOG with NFULNL_MSG_PACKET and NFULNL_MSG_CONFIG."""
_REQUEST_AND_ACKNOWLEDGE: Final = 1 | 4
_PAYLOAD: Final = 9
"""NFULA_PAYLOAD: the packet from its IP header on."""

_HEADER: Final = struct.Struct("=IHHII")
_FAMILY: Final = struct.Struct("!BBH")
_ATTRIBUTE: Final = struct.Struct("=HH")
_OCTETS: Final = 96
"""Of each packet: both addresses and both ports, whatever IP options there are."""


@dataclass(frozen=True, slots=True)
class Syn:
    """Who wanted to connect, and where to."""

    client: Address
    client_port: int
    server: Address
    port: int


async def hear(tell: Callable[[Syn], None]) -> None:
    """Tell of each, until cancelled. Raises OSError where the kernel does not report to us."""
    loop = asyncio.get_running_loop()
    with subscribe() as reports:
        while True:
            try:
                message = await loop.sock_recv(reports, 65536)
            except OSError as fault:
                if fault.errno != errno.ENOBUFS:  # more came than we read: those are lost, the next are not
                    raise
                continue
            for syn in read(message):
                tell(syn)


def subscribe() -> socket.socket:
    """A socket that the kernel reports to. Raises OSError, where another process listens already above all."""
    reports = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, _NETFILTER)
    try:
        reports.bind((0, 0))
        bind, copy, at_once = b"\x01", struct.pack("!IBB", _OCTETS, 2, 0), struct.pack("!I", 1)
        for kind, value in ((1, bind), (2, copy), (5, at_once)):  # NFULA_CFG_CMD, NFULA_CFG_MODE, NFULA_CFG_QTHRESH
            reports.send(_configuration(kind, value))
            (outcome,) = struct.unpack_from("=i", reports.recv(4096), _HEADER.size)
            if outcome:
                raise OSError(-outcome, os.strerror(-outcome))
        reports.setblocking(False)
    except OSError:
        reports.close()
        raise
    return reports


def read(message: bytes) -> Iterator[Syn]:
    """The TCP packets that a netlink message reports."""
    while len(message) >= _HEADER.size + _FAMILY.size:
        length, kind, *_ = _HEADER.unpack_from(message)
        if kind == _PACKET:
            for attribute, value in _attributes(message[_HEADER.size + _FAMILY.size : length]):
                if attribute == _PAYLOAD and (syn := _syn(value)) is not None:
                    yield syn
        message = message[max(_aligned(length), _HEADER.size) :]


def _configuration(kind: int, value: bytes) -> bytes:
    attribute = _ATTRIBUTE.pack(_ATTRIBUTE.size + len(value), kind) + value
    body = _FAMILY.pack(0, 0, REPORTS) + attribute + bytes(-len(attribute) % 4)
    return _HEADER.pack(_HEADER.size + len(body), _CONFIGURE, _REQUEST_AND_ACKNOWLEDGE, 1, 0) + body


def _attributes(octets: bytes) -> Iterator[tuple[int, bytes]]:
    while len(octets) >= _ATTRIBUTE.size:
        length, kind = _ATTRIBUTE.unpack_from(octets)
        yield kind, octets[_ATTRIBUTE.size : length]
        octets = octets[max(_aligned(length), _ATTRIBUTE.size) :]


def _syn(packet: bytes) -> Syn | None:
    """RFC 791 section 3.1, RFC 8200 section 3: what has extension headers is left out."""
    if len(packet) < 1:
        return None
    four = packet[0] >> 4 == 4
    tcp, client, server = (4 * (packet[0] & 0xF), 12, 16) if four else (40, 8, 24)
    octets = 4 if four else 16
    if len(packet) < tcp + 4 or packet[9 if four else 6] != socket.IPPROTO_TCP:
        return None
    client_port, port = struct.unpack_from("!2H", packet, tcp)
    ends = [ip_address(packet[at : at + octets]) for at in (client, server)]
    return Syn(ends[0], client_port, ends[1], port)


def _aligned(length: int) -> int:
    return length + -length % 4
