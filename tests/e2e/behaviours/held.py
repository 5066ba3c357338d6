"""Connections that a test holds open: tunnels through an HTTP or a SOCKS5 proxy, and what is heard on them."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager

from tests.support.programs import LIMIT_S, Way, connected, read_to_end, tunnel
from tierwall.standins.clients import Socks5Proxy


@contextmanager
def standing(via: Way, authority: str) -> Iterator[socket.socket]:
    """A tunnel that stands."""
    with connected(via) as client:
        if isinstance(via, Socks5Proxy):
            host, _, port = authority.rpartition(":")
            client.sendall(b"\x05\x01\x00" + b"\x05\x01\x00\x03")
            client.sendall(bytes([len(host)]) + host.encode() + int(port).to_bytes(2))
            assert echo(client, b"", count=12)[:4] == b"\x05\x00\x05\x00"
        else:
            assert b" 200 " in tunnel(client, authority)
        yield client


def echo(client: socket.socket, octets: bytes, *, count: int | None = None) -> bytes:
    """What comes back of it, as much again, or so much."""
    client.sendall(octets)
    wanted, heard = len(octets) if count is None else count, b""
    while len(heard) < wanted:
        more = client.recv(wanted - len(heard))
        assert more, f"ended after {heard!r}"
        heard += more
    return heard


def silence(client: socket.socket, seconds: float) -> bytes:
    """What is heard until nothing is for so long; `<silence>` last, or how it ended."""
    client.settimeout(seconds)
    heard = read_to_end(client)
    client.settimeout(LIMIT_S)
    return heard
