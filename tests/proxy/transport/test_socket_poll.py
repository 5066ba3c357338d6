"""One epoll for a loop: each is told of its own, what raises stops nobody else, and an end waits for its turn's end."""

import asyncio
import socket
from collections.abc import Iterator

import pytest

from tests.support.endpoints import run, until
from tierwall.proxy.transport.socket_poll import READS, SocketPoll


class Waiting:
    """Who waits for a socket, and notes what it is told."""

    def __init__(self, name: str, log: list[str], poll: SocketPoll | None = None) -> None:
        self.name, self.log, self.poll = name, log, poll
        self.raises: Exception | None = None
        self.agains = 0

    def ready(self, events: int) -> None:
        self.log.append(f"{self.name} ready")
        if self.raises is not None:
            raise self.raises
        if self.poll is not None:
            self.poll.end(self)

    def read_on(self) -> None:
        self.log.append(f"{self.name} reads on")
        self.agains -= 1
        if self.agains > 0 and self.poll is not None:
            self.poll.again(self)

    def bury(self) -> None:
        self.log.append(f"{self.name} buried")

    def failed(self, failure: Exception) -> None:
        self.log.append(f"{self.name} failed: {failure}")


@pytest.fixture
def pairs() -> Iterator[list[tuple[socket.socket, socket.socket]]]:
    made = [socket.socketpair() for _ in range(2)]
    for ours, _ in made:
        ours.setblocking(False)
    yield made
    for pair in made:
        for each in pair:
            each.close()


def _here() -> SocketPoll:
    poll = SocketPoll.here()
    assert poll is not None
    return poll


def test_a_loop_has_one_and_another_loop_another() -> None:
    async def scene() -> SocketPoll:
        assert _here() is _here()
        return _here()

    assert run(scene) is not run(scene)


def test_who_raises_is_told_so_and_the_others_are_served(pairs: list[tuple[socket.socket, socket.socket]]) -> None:
    async def scene() -> list[str]:
        poll, log = _here(), list[str]()
        first, second = Waiting("first", log), Waiting("second", log)
        first.raises = ValueError("of ours")
        for (ours, theirs), who in zip(pairs, (first, second), strict=True):
            poll.add(ours.fileno(), READS, who)
            theirs.send(b"x")
        await until(lambda: len(log) >= 3)
        for ours, _ in pairs:
            poll.remove(ours.fileno())
        return sorted(log)

    assert run(scene) == ["first failed: of ours", "first ready", "second ready"]


def test_who_ends_is_buried_when_all_of_the_turn_were_served(pairs: list[tuple[socket.socket, socket.socket]]) -> None:
    async def scene() -> list[str]:
        poll, log = _here(), list[str]()
        for (ours, theirs), name in zip(pairs, ("first", "second"), strict=True):
            poll.add(ours.fileno(), READS, Waiting(name, log, poll))
            theirs.send(b"x")
        await until(lambda: len(log) == 4)
        for ours, _ in pairs:
            poll.remove(ours.fileno())
        return log

    log = run(scene)
    assert (set(log[:2]), set(log[2:])) == ({"first ready", "second ready"}, {"first buried", "second buried"})


def test_who_is_removed_is_told_nothing_more(pairs: list[tuple[socket.socket, socket.socket]]) -> None:
    async def scene() -> list[str]:
        poll, log = _here(), list[str]()
        for (ours, theirs), name in zip(pairs, ("first", "second"), strict=True):
            poll.add(ours.fileno(), READS, Waiting(name, log))
            theirs.send(b"x")
        poll.remove(pairs[0][0].fileno())
        await until(lambda: log)
        await asyncio.sleep(0)
        poll.remove(pairs[1][0].fileno())
        return log

    assert run(scene) == ["second ready"]


def test_who_is_not_done_reads_on_once_a_turn_so_that_others_come_between() -> None:
    async def scene() -> list[str]:
        poll, log = _here(), list[str]()
        greedy, other = Waiting("greedy", log, poll), Waiting("other", log)
        greedy.agains = 3
        poll.again(greedy)
        poll.again(other)
        await until(lambda: greedy.agains == 0)
        return log

    assert run(scene) == ["greedy reads on", "other reads on", "greedy reads on", "greedy reads on"]
