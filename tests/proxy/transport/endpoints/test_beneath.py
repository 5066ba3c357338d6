"""What every endpoint can say of what is beneath it: what is unconfirmed, and that its peer is looked after."""

import asyncio
import socket

import pytest

from tests.support.endpoints import connection, run, until
from tierwall.proxy.transport.endpoints.beneath import Beneath

pytestmark = pytest.mark.usefixtures("both_endpoints")


def test_octets_are_unconfirmed_until_the_other_sides_kernel_has_them() -> None:
    async def scene() -> tuple[bool, int, int]:
        async with connection(16 * 1024) as (end, peer):
            assert isinstance(end, Beneath)
            octets = bytes(1_000_000)
            end.write(octets)
            held = end.unsent
            before = end.unconfirmed
            await peer.read(len(octets))
            await until(lambda: not end.unconfirmed)
            return held > 0, min(before, held) - held, end.unsent

    assert run(scene) == (True, 0, 0)


def test_what_the_kernel_has_taken_and_nobody_confirmed_counts() -> None:
    async def scene() -> tuple[int, bool]:
        async with connection(16 * 1024) as (end, peer):
            octets = 0
            while not end.unsent:  # until nothing fits in any more
                end.write(bytes(1024))
                octets += 1024
            while end.unsent:
                octets -= len(await peer.read(512))
                await asyncio.sleep(0)
            in_the_kernel = end.unconfirmed > 0
            await peer.read(octets)
            await until(lambda: not end.unconfirmed)
            return end.unsent, in_the_kernel

    assert run(scene) == (0, True)


def test_keepalive_is_asked_of_the_kernel() -> None:
    async def scene() -> tuple[int, int]:
        async with connection() as (end, _):
            sock: socket.socket = end.get_extra_info("socket")
            before = sock.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
            end.keep_alive()
            return before, sock.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)

    assert run(scene) == (0, 1)
