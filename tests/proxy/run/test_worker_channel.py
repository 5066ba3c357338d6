"""A worker says what happened without ever waiting for its parent, and says it all in the end."""

import asyncio
import json
import os
from collections.abc import Callable, Iterator

import pytest

from tests.policy.catalogues import CATALOGUE, connect, everything
from tests.support.endpoints import Told
from tierwall.events import Event, Stage, parse
from tierwall.policy.site import Site
from tierwall.proxy.run.worker_channel import Said, WorkerChannel
from tierwall.proxy.state.active_policy import ActivePolicy
from tierwall.proxy.state.recorder import Caller, Recorder


class Pipe:
    """One, and what the parent reads of it."""

    def __init__(self) -> None:
        self.parent, worker = os.pipe()
        self.worker = worker
        self.channel = WorkerChannel(worker, talks=False)

    def said(self) -> list[tuple[str, bytes]]:
        """The lines so far, each by what its first octet says."""
        lines = os.read(self.parent, 1 << 20).split(b"\n")[:-1]
        return [(Said(line[:1]).name, line[1:]) for line in lines]


@pytest.fixture
def pipe() -> Iterator[Pipe]:
    made = Pipe()
    yield made
    for descriptor in (made.parent, made.worker):
        os.close(descriptor)


def happened(host: str) -> Event:
    """As a recorder tells it: a denial, or what was let through."""
    told, policy = Told(), ActivePolicy(Site(id="lab", admit=(everything(),)), CATALOGUE)
    attempt = connect(host)
    Recorder(told, policy, everything=True).decided(Caller(None, 0), attempt, policy.judge(attempt), Stage.CONNECT)
    return told.only


def test_a_denial_is_said_as_its_line(pipe: Pipe) -> None:
    pipe.channel.write(happened("evil.example"))

    [(what, line)] = pipe.said()
    assert what == "EVENT"
    assert parse(line.decode()).event.reason == "unlisted"


def test_what_was_let_through_is_added_up_once_a_second(pipe: Pipe) -> None:
    for _ in range(3):
        pipe.channel.write(happened("8x8.vc"))
    pipe.channel.tick()
    pipe.channel.tick()

    [(what, line)] = pipe.said()
    assert (what, json.loads(line)["allowed"]) == ("QUIET", 3)


@pytest.mark.parametrize(
    ("say", "what"),
    [
        (WorkerChannel.complain, "COMPLAINT"),
        (WorkerChannel.warn, "WARNING"),
        (WorkerChannel.note, "NOTE"),
        (WorkerChannel.fail, "COMPLAINT"),
    ],
)
def test_what_is_said_is_one_line(pipe: Pipe, say: Callable[[WorkerChannel, str], None], what: str) -> None:
    say(pipe.channel, "first\nsecond")

    [(said, line)] = pipe.said()
    assert said == what
    assert b"first" in line


def test_the_last_word_is_how_many_lines_the_journal_lost(pipe: Pipe) -> None:
    pipe.channel.write(happened("8x8.vc"))
    pipe.channel.end(7)

    (first, _), last = pipe.said()
    assert (first, last) == ("QUIET", ("LOST", b"7"))


def test_a_parent_that_is_slow_is_not_waited_for_and_gets_it_later(pipe: Pipe) -> None:
    line = "x" * 50_000

    async def scene() -> int:
        for _ in range(20):
            pipe.channel.complain(line)  # more than a pipe takes
        heard = 0
        while heard < 20:
            heard += (await asyncio.to_thread(os.read, pipe.parent, 1 << 20)).count(b"\n")
        return heard

    assert asyncio.run(scene()) == 20


def test_a_parent_that_is_gone_is_no_failure() -> None:
    pipe = Pipe()
    os.close(pipe.parent)

    pipe.channel.complain("nobody hears")
    pipe.channel.end(0)

    os.close(pipe.worker)
