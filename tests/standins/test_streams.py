"""A stand-in's end of a TCP stream: it can be cut at any time, also when it has ended already."""

import asyncio
import socket

from tierwall.standins.streams import TcpStream

_MORE_THAN_FITS = 8_000_000


def test_what_is_closed_with_something_left_to_send_can_be_cut_afterwards() -> None:
    async def scene() -> int:
        ours, theirs = socket.socketpair()
        reader, writer = await asyncio.open_connection(sock=ours)
        other, others_writer = await asyncio.open_connection(sock=theirs)
        stream = TcpStream(reader, writer, lambda _: None)
        writer.write(b"\x00" * _MORE_THAN_FITS)
        closing = asyncio.create_task(stream.close())
        heard = len(await other.read())
        await closing
        stream.abort()
        others_writer.close()
        await others_writer.wait_closed()
        return heard

    assert asyncio.run(scene()) == _MORE_THAN_FITS
