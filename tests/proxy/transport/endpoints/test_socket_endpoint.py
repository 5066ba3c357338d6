"""An endpoint over a socket: written at once, read to an edge's end, and an end is told later."""

import asyncio
import socket
import struct

from tests.support.endpoints import Peer, connection, run, until
from tierwall.proxy.transport.endpoints.endpoint import Endpoint
from tierwall.proxy.transport.endpoints.socket_endpoint import SocketEndpoint

SMALL = 16 * 1024
MUCH = bytes(range(256)) * 8000

_SEGMENTS_IN = struct.Struct("140xI")
"""`tcpi_segs_in` of `struct tcp_info` (linux/tcp.h)."""


def _segments_to(sock: socket.socket) -> int:
    count: int = _SEGMENTS_IN.unpack(sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _SEGMENTS_IN.size))[0]
    return count


class Watching:
    """Who is told of its end."""

    def __init__(self) -> None:
        self.ends = 0

    def ended(self, end: Endpoint) -> None:
        self.ends += 1


def test_what_is_written_leaves_before_the_loop_turns() -> None:
    async def scene() -> bytes:
        async with connection() as (end, peer):
            assert isinstance(end, SocketEndpoint)
            end.write(b"at once")
            return peer.sock.recv(100)

    assert run(scene) == b"at once"


async def _fill(end: Endpoint, peer: Peer) -> None:
    end.write(MUCH)
    assert 0 < end.unsent < len(MUCH)


def test_what_a_slow_reader_does_not_take_is_held_and_arrives_whole_before_the_fin() -> None:
    async def scene() -> tuple[bool, bytes, bool]:
        async with connection(SMALL) as (end, peer):
            await _fill(end, peer)
            full = end.full
            end.half_close()
            end.write(b"nothing follows a FIN")
            heard = await peer.read_to_end()
            await until(lambda: not end.full)
            return full, heard, end.gone

    assert run(scene) == (True, MUCH, False)


def test_closing_waits_for_what_was_written_and_aborting_does_not() -> None:
    async def scene(*, aborts: bool) -> bytes:
        async with connection(SMALL) as (end, peer):
            await _fill(end, peer)
            end.abort() if aborts else end.close()
            return await peer.read_to_end()

    assert run(lambda: scene(aborts=False)) == MUCH
    assert len(run(lambda: scene(aborts=True))) < len(MUCH)


def test_octets_that_come_together_with_the_fin_are_read_before_it() -> None:
    async def scene() -> tuple[bytes, bool]:
        async with connection() as (end, peer):
            peer.sock.send(b"last")
            peer.end()
            await until(lambda: end.eof)
            return bytes(end.received), end.gone

    assert run(scene) == (b"last", False)


def test_what_came_while_it_was_not_read_is_not_forgotten() -> None:
    async def scene() -> tuple[bytes, bytes]:
        async with connection() as (end, peer):
            end.pause_reading()
            await peer.send(b"early")
            for _ in range(5):
                await asyncio.sleep(0)
            held = bytes(end.received)
            end.resume_reading()
            await until(lambda: end.received)
            return held, bytes(end.received)

    assert run(scene) == (b"", b"early")


def test_nobody_is_told_of_an_end_within_the_call_that_ends_it() -> None:
    async def scene() -> tuple[int, bool, int]:
        async with connection() as (end, _):
            watching = end.watcher = Watching()
            end.abort()
            at_once = watching.ends, end.gone
            await until(lambda: end.gone)
            return *at_once, watching.ends

    assert run(scene) == (0, False, 1)


def test_what_the_other_side_sent_before_it_left_is_read_though_writing_to_it_fails() -> None:
    async def scene() -> tuple[bytes, bool]:
        async with connection() as (end, peer):
            peer.sock.send(b"goodbye")
            peer.leave()
            end.write(b"x")
            end.write(b"y")  # nobody is there by now
            await until(lambda: end.received and (end.eof or end.gone))
            return bytes(end.received), end.broken or end.eof

    assert run(scene) == (b"goodbye", True)


def test_who_it_was_is_known_for_as_long_as_it_is_there() -> None:
    async def scene() -> tuple[bool, object]:
        async with connection() as (end, peer):
            known = end.get_extra_info("peername") == peer.sock.getsockname()
            end.abort()
            await until(lambda: end.gone)
            return known, end.get_extra_info("peername")

    assert run(scene) == (True, None)


def test_given_away_its_protocol_has_what_is_unsent_sent_before_it_writes() -> None:
    class Protocol(asyncio.Protocol):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            assert isinstance(transport, asyncio.Transport)
            self.transport = transport
            transport.write(b"then")

    async def scene() -> bool:
        async with connection(SMALL) as (end, peer):
            await _fill(end, peer)
            protocol = Protocol()
            giving = asyncio.create_task(end.give_to(protocol))
            heard = await peer.read(len(MUCH) + 4)
            await giving
            protocol.transport.abort()
            return heard == MUCH + b"then"

    assert run(scene)


def test_a_farewell_and_the_end_behind_it_are_one_segment() -> None:
    async def scene() -> tuple[bytes, int]:
        async with connection() as (end, peer):
            before = _segments_to(peer.sock)
            end.close_after(b"HTTP/1.1 403 Forbidden\r\n\r\n")
            return await peer.read_to_end(), _segments_to(peer.sock) - before

    assert run(scene) == (b"HTTP/1.1 403 Forbidden\r\n\r\n", 1)
