"""A dial never waits: it stands, is on its way, or has failed at once."""

import asyncio
import errno
import socket
from ipaddress import ip_address

import pytest

from tests.support.endpoints import run, until
from tierwall.proxy.transport.endpoints.endpoint import Endpoint
from tierwall.proxy.transport.socket_dial import adopt, dial
from tierwall.proxy.transport.socket_poll import SocketPoll

HERE = ip_address("127.0.0.1")


class Outcome:
    """Who dialled, and is told."""

    def __init__(self) -> None:
        self.said: list[object] = []

    def connected(self, end: Endpoint) -> None:
        self.said.append("connected")

    def not_connected(self, end: Endpoint, failure: OSError) -> None:
        self.said.append(failure.errno)


def _poll() -> SocketPoll:
    poll = SocketPoll.here()
    assert poll is not None
    return poll


def _nobody_there() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def test_a_server_that_answers_is_connected_to_without_nagles_delay() -> None:
    async def scene() -> tuple[object, object, int]:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            end, outcome = dial(_poll(), HERE, listener.getsockname()[1]), Outcome()
            if not end.stands:
                end.tell(outcome)
                await until(lambda: outcome.said)
            told = end.get_extra_info("peername"), outcome.said in ([], ["connected"])
            delay = end.get_extra_info("socket").getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
            there = listener.getsockname()
            end.abort()
            await until(lambda: end.gone)
            return told[0] == there, told[1], delay

    assert run(scene) == (True, True, 1)


def test_a_server_that_refuses_is_told_of_or_raised() -> None:
    async def scene() -> object:
        try:
            end, outcome = dial(_poll(), HERE, _nobody_there()), Outcome()
        except OSError as failure:
            return failure.errno
        end.tell(outcome)
        await until(lambda: outcome.said and end.gone)
        return outcome.said[0]

    assert run(scene) == errno.ECONNREFUSED


def test_what_cannot_be_dialled_at_all_raises_and_leaves_no_descriptor() -> None:
    async def scene() -> tuple[int, int]:
        poll = _poll()
        with socket.socket() as before:
            free = before.fileno()
        with pytest.raises(OSError, match=r"."):
            dial(poll, ip_address("255.255.255.255"), 443)
        with socket.socket() as after:
            return free, after.fileno()

    free, then = run(scene)
    assert free == then


def test_a_connection_that_stands_is_taken_over_with_its_socket() -> None:
    async def scene() -> tuple[int, bytes, bool]:
        ours, theirs = socket.socketpair()
        with theirs:
            end = adopt(_poll(), ours)
            end.begin()
            theirs.sendall(b"hello")
            await until(lambda: end.received)
            heard = bytes(end.received)
            end.abort()
            await until(lambda: end.gone)
            await asyncio.sleep(0)
            return ours.fileno(), heard, end.stands

    assert run(scene) == (-1, b"hello", True)
