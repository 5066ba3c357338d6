"""mitmproxy_rs's streams as a transport: octets both ways, back-pressure, and an end that is told once, and later."""

import asyncio
from typing import Any

from tests.support.endpoints import run, until
from tests.support.mitmproxys import Stream
from tierwall.proxy.transport.mitmproxy_stream import StreamTransport


class Heard(asyncio.Protocol):
    """What a transport tells."""

    def __init__(self, *, stays: bool = True) -> None:
        self.octets, self.said, self.stays = b"", list[str](), stays

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.said.append("made")

    def data_received(self, data: bytes) -> None:
        self.octets += data

    def eof_received(self) -> bool:
        self.said.append("eof")
        return self.stays

    def connection_lost(self, exc: Exception | None) -> None:
        self.said.append("lost" if exc is None else f"lost: {exc}")

    def pause_writing(self) -> None:
        self.said.append("full")

    def resume_writing(self) -> None:
        self.said.append("takes")


def _over(stream: Any, heard: Heard) -> StreamTransport:
    return StreamTransport(stream, heard)


def test_octets_come_in_order_and_a_client_that_has_ended_still_hears() -> None:
    async def scene() -> tuple[bytes, bytes, list[str]]:
        stream, heard = Stream(), Heard()
        transport = _over(stream, heard)
        running = asyncio.create_task(transport.run())
        for octets in (b"one ", b"two", b""):
            stream.coming.put_nowait(octets)
        await until(lambda: "eof" in heard.said)
        transport.write(b"answer")
        transport.close()
        await running
        return heard.octets, stream.written, heard.said

    assert run(scene) == (b"one two", b"answer", ["made", "eof", "lost"])


def test_where_the_protocol_does_not_want_to_stay_a_clients_end_closes_it() -> None:
    async def scene() -> int:
        stream, heard = Stream(), Heard(stays=False)
        running = asyncio.create_task(_over(stream, heard).run())
        stream.coming.put_nowait(b"")
        await running
        return stream.closed

    assert run(scene) == 1


def test_while_it_is_paused_nothing_more_is_read() -> None:
    async def scene() -> tuple[bytes, bytes]:
        stream, heard = Stream(), Heard()
        transport = _over(stream, heard)
        transport.pause_reading()
        running = asyncio.create_task(transport.run())
        stream.coming.put_nowait(b"held")
        for _ in range(5):
            await asyncio.sleep(0)
        held = heard.octets
        transport.resume_reading()
        await until(lambda: heard.octets)
        transport.close()
        await running
        return held, heard.octets

    assert run(scene) == (b"", b"held")


def test_a_client_that_takes_nothing_stops_the_writer_until_it_takes_again() -> None:
    async def scene() -> list[str]:
        stream, heard = Stream(), Heard()
        transport = _over(stream, heard)
        stream.takes.clear()
        transport.write(bytes(70_000))
        await asyncio.sleep(0)
        full = heard.said[1:]
        stream.takes.set()
        await until(lambda: "takes" in heard.said)
        return full + heard.said[2:]

    assert run(scene) == ["full", "takes"]


def test_an_end_is_told_once_and_not_within_the_call_that_ends_it() -> None:
    async def scene() -> tuple[list[str], list[str], int]:
        stream, heard = Stream(), Heard()
        transport = _over(stream, heard)
        transport.close()
        transport.abort()
        at_once = list(heard.said)
        await until(lambda: "lost" in heard.said)
        await asyncio.sleep(0)
        return at_once, heard.said, stream.closed

    assert run(scene) == (["made"], ["made", "lost"], 1)


def test_what_comes_once_it_was_closed_is_told_to_nobody() -> None:
    async def scene() -> bytes:
        stream, heard = Stream(), Heard()
        transport = _over(stream, heard)
        running = asyncio.create_task(transport.run())
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        transport.close()
        stream.coming.put_nowait(b"late")
        await running
        return heard.octets

    assert run(scene) == b""


def test_a_stream_that_takes_no_more_is_lost_with_its_reason() -> None:
    async def scene() -> list[str]:
        stream, heard = Stream(), Heard()
        transport = _over(stream, heard)
        stream.fails = True
        transport.write(b"x")
        await until(lambda: len(heard.said) > 1)
        return heard.said

    assert run(scene) == ["made", "lost: connection closed"]


def test_what_a_stream_does_not_know_is_the_default() -> None:
    async def scene() -> list[object]:
        transport = _over(Stream(), Heard())
        return [transport.get_extra_info("peername"), transport.get_extra_info("socket")]

    assert run(scene) == [("10.0.0.7", 40_000), None]
