"""An end over a socket of ours, where the kernel is asked for something that asyncio has no word for."""

import socket
import struct

from tests.support.endpoints import connection, run

_SEGMENTS_IN = struct.Struct("140xI")
"""`tcpi_segs_in` of `struct tcp_info` (linux/tcp.h)."""


def _segments_to(sock: socket.socket) -> int:
    count: int = _SEGMENTS_IN.unpack(sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _SEGMENTS_IN.size))[0]
    return count


def test_a_farewell_and_the_end_behind_it_are_one_segment() -> None:
    async def scene() -> tuple[bytes, int]:
        async with connection() as (end, peer):
            before = _segments_to(peer.sock)
            end.close_after(b"HTTP/1.1 403 Forbidden\r\n\r\n")
            return await peer.read_to_end(), _segments_to(peer.sock) - before

    assert run(scene) == (b"HTTP/1.1 403 Forbidden\r\n\r\n", 1)
