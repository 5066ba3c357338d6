"""What mitmproxy reads and writes by: nothing is lost, nothing piles up, and an end comes last."""

import asyncio
import socket
from typing import Any

from tests.support.endpoints import connection, run, until
from tierwall.proxy.transport.wire import Wire

MUCH = bytes(range(256)) * 2000


class Transport(asyncio.Transport):
    """One that notes what is asked of it."""

    def __init__(self) -> None:
        super().__init__()
        self.written, self.reads, self.asked, self.closing = b"", True, list[str](), False

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return default

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        self.asked.append("set protocol")

    def pause_reading(self) -> None:
        self.reads = False

    def resume_reading(self) -> None:
        self.reads = True

    def can_write_eof(self) -> bool:
        return True

    def write_eof(self) -> None:
        self.asked.append("eof")

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.written += bytes(data)

    def is_closing(self) -> bool:
        return self.closing


def _wired(coming: bytes = b"", *, ended: bool = False) -> tuple[Wire, Transport]:
    wire, transport = Wire(coming, ended=ended), Transport()
    wire.connection_made(transport)
    return wire, transport


def test_what_had_come_before_is_read_first_and_the_end_after_all() -> None:
    async def scene() -> list[bytes]:
        wire, _ = _wired(b"gathered ")
        wire.data_received(b"then")
        wire.eof_received()
        return [await wire.read(9), await wire.read(100), await wire.read(100)]

    assert run(scene) == [b"gathered ", b"then", b""]


def test_a_reader_waits_until_something_comes() -> None:
    async def scene() -> bytes:
        wire, _ = _wired()
        reading = asyncio.create_task(wire.read(100))
        await asyncio.sleep(0)
        assert not reading.done()
        wire.data_received(b"now")
        return await reading

    assert run(scene) == b"now"


def test_nothing_is_read_while_it_may_not_be_and_it_is_as_soon_as_somebody_says_look() -> None:
    async def scene() -> tuple[bool, bytes]:
        wire, _ = _wired(b"held")
        may = False
        wire.may_read = lambda: may
        reading = asyncio.create_task(wire.read(100))
        for _ in range(3):
            await asyncio.sleep(0)
        held, may = not reading.done(), True
        wire.look()
        return held, await reading

    assert run(scene) == (True, b"held")


def test_a_reader_that_does_not_read_stops_the_peer_and_one_that_does_lets_it_go_on() -> None:
    async def scene() -> list[bool]:
        wire, transport = _wired()
        wire.data_received(MUCH)
        reads = [transport.reads]
        await wire.read(1000)
        reads.append(transport.reads)
        await wire.read(len(MUCH))
        return [*reads, transport.reads]

    assert run(scene) == [False, False, True]


def test_what_came_before_it_stops_the_peer_too_where_it_is_much() -> None:
    assert not _wired(MUCH)[1].reads


def test_who_writes_waits_while_the_peer_takes_no_more_and_not_for_one_that_is_gone() -> None:
    async def scene() -> list[bool]:
        wire, _ = _wired()
        wire.pause_writing()
        draining = asyncio.create_task(wire.drain())
        await asyncio.sleep(0)
        waits = not draining.done()
        wire.connection_lost(None)
        await draining
        return [waits, wire.is_closing()]

    assert run(scene) == [True, True]


def test_nothing_is_written_to_one_that_is_gone() -> None:
    async def scene() -> tuple[bytes, list[str]]:
        wire, transport = _wired()
        wire.write(b"heard")
        wire.connection_lost(None)
        wire.write(b"not")
        wire.write_eof()
        return transport.written, transport.asked

    assert run(scene) == (b"heard", [])


def test_what_a_peer_sent_before_its_reset_is_read_before_that_is_heard() -> None:
    """asyncio tells of a write that failed, and reads nothing more."""

    async def scene() -> list[bytes]:
        async with connection() as (end, peer):
            end.pause_reading()
            peer.sock.send(b"the answer")
            sock: socket.socket = end.get_extra_info("socket")

            class Reset(Transport):
                def get_extra_info(self, name: str, default: Any = None) -> Any:
                    return sock if name == "socket" else default

            wire = Wire()
            wire.connection_made(Reset())
            await until(lambda: sock.fileno() >= 0)
            wire.connection_lost(ConnectionResetError())
            return [await wire.read(100), await wire.read(100)]

    assert run(scene) == [b"the answer", b""]


def test_taken_over_a_transport_reads_on_unless_its_peer_has_ended() -> None:
    async def scene(*, ended: bool) -> tuple[bool, list[str]]:
        wire, transport = Wire(ended=ended), Transport()
        transport.reads = False
        wire.take_over(transport)
        return transport.reads, transport.asked

    assert run(lambda: scene(ended=False)) == (True, ["set protocol"])
    assert run(lambda: scene(ended=True)) == (False, ["set protocol"])
