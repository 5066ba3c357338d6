"""Sockets that listen: every family at one port, and whoever comes is accepted until they are closed."""

import asyncio
import resource
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.support.endpoints import run, until
from tierwall.proxy.transport.endpoints.socket_endpoint import SocketEndpoint
from tierwall.proxy.transport.listening import ListeningSocket, bind
from tierwall.proxy.transport.socket_poll import SocketPoll

_WAITING = 40


def test_every_family_of_a_free_port_has_the_same_one() -> None:
    sockets = bind(None, 0)
    try:
        assert len({sock.getsockname()[1] for sock in sockets}) == 1
        assert len({sock.family for sock in sockets}) == len(sockets)
    finally:
        for sock in sockets:
            sock.close()


def test_a_port_that_is_taken_is_an_error() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(OSError, match="in use"):
        bind("127.0.0.1", taken.getsockname()[1])


def test_who_comes_is_accepted_and_once_it_is_closed_nobody_is() -> None:
    async def scene() -> tuple[int, bool]:
        poll = SocketPoll.here()
        assert poll is not None
        accepted: list[SocketEndpoint] = []
        [sock] = bind("127.0.0.1", 0)
        address = sock.getsockname()
        listening = ListeningSocket(poll, sock, lambda end, _sock, _fd: accepted.append(end))
        clients = [socket.create_connection(address) for _ in range(3)]
        await until(lambda: len(accepted) == 3)
        listening.close()
        refused = False
        try:
            socket.create_connection(address)
        except ConnectionRefusedError:
            refused = True
        for end, client in zip(accepted, clients, strict=True):
            end.abort()
            client.close()
        await asyncio.sleep(0)
        return len(accepted), refused

    assert run(scene) == (3, True)


def test_those_who_are_turned_away_leave_room_for_the_next_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each turn closes what it turned away, so that the next turn need not rest although this one had no room left."""
    monkeypatch.setattr("tierwall.proxy.transport.listening._REST_S", 3600.0)

    async def scene() -> int:
        poll = SocketPoll.here()
        assert poll is not None
        [sock] = bind("127.0.0.1", 0)
        clients = [socket.create_connection(sock.getsockname()) for _ in range(_WAITING)]
        turned_away: list[SocketEndpoint] = []

        def turn_away(end: SocketEndpoint, _sock: object, _fd: int) -> None:
            turned_away.append(end)
            end.abort()

        with few_descriptors_left(5):
            listening = ListeningSocket(poll, sock, turn_away)
            await until(lambda: len(turned_away) == _WAITING)
            listening.close()
        for client in clients:
            client.close()
        return len(turned_away)

    assert run(scene) == _WAITING


@contextmanager
def few_descriptors_left(number: int) -> Iterator[None]:
    """So many more can be opened, and no others."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with socket.socket() as newest:
        free = newest.fileno()
    resource.setrlimit(resource.RLIMIT_NOFILE, (free + number, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
