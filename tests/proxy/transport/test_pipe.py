"""Two transports joined in memory: octets, FIN, closing, back-pressure, and whose connection it seems to be."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tests.support.endpoints import connection, run, until
from tierwall.proxy.transport.endpoints.asyncio_endpoint import AsyncioEndpoint
from tierwall.proxy.transport.pipe import join


@asynccontextmanager
async def piped() -> AsyncIterator[tuple[AsyncioEndpoint, AsyncioEndpoint]]:
    """The near and the far end of a pipe that stands for a real connection."""
    async with connection() as (client, _):
        near, far = AsyncioEndpoint(), AsyncioEndpoint()
        join(near, far, client)
        yield near, far


def test_octets_arrive_in_order_and_the_end_after_them() -> None:
    async def scene() -> tuple[bytes, bool, bool]:
        async with piped() as (near, far):
            near.write(b"one ")
            near.write(b"two")
            near.transport.write_eof()
            await until(lambda: far.eof)
            far.write(b"still heard")
            await until(lambda: near.received)
            return bytes(far.received), far.gone, bool(near.received)

    assert run(scene) == (b"one two", False, True)


def test_who_closes_ends_the_other_after_what_was_written_and_without_a_fin() -> None:
    async def scene() -> tuple[bytes, bool, bool]:
        async with piped() as (near, far):
            near.write(b"last words")
            near.close()
            await until(lambda: far.gone and near.gone)
            return bytes(far.received), far.eof, far.broken

    assert run(scene) == (b"last words", False, False)


def test_an_abort_is_a_loss_to_the_other() -> None:
    async def scene() -> tuple[bytes, bool, bool]:
        async with piped() as (near, far):
            near.write(b"never")
            near.reset()
            await until(lambda: far.gone and near.gone)
            return bytes(far.received), far.broken, near.broken

    assert run(scene) == (b"", True, False)


def test_a_reader_that_pauses_stops_the_writer_and_loses_nothing() -> None:
    async def scene() -> tuple[bool, bool, int]:
        async with piped() as (near, far):
            far.transport.pause_reading()
            while not near.full:
                near.write(bytes(10_000))
            held = near.unsent
            far.transport.resume_reading()
            await until(lambda: not near.full)
            return held <= 80_000, len(far.received) == held, near.unsent

    assert run(scene) == (True, True, 0)


def test_only_the_far_end_seems_to_be_the_connection_itself() -> None:
    async def scene() -> bool:
        async with connection() as (client, _):
            near, far = AsyncioEndpoint(), AsyncioEndpoint()
            join(near, far, client)
            told = [end.get_extra_info("peername") for end in (client, near, far)]
            return told[0] == told[2] and told[1] is None

    assert run(scene)


def test_streams_of_asyncios_own_read_and_write_through_it() -> None:
    async def scene() -> bytes:
        async with piped() as (near, far):
            reader = asyncio.StreamReader()
            protocol = asyncio.StreamReaderProtocol(reader)
            far.transport.set_protocol(protocol)
            protocol.connection_made(far.transport)
            writer = asyncio.StreamWriter(far.transport, protocol, reader, asyncio.get_running_loop())
            near.write(b"to mitmproxy")
            near.close()
            heard = await reader.read()
            writer.close()
            await writer.wait_closed()
            return heard

    assert run(scene) == b"to mitmproxy"
