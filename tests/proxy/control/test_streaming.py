"""Who watches hears events as the journal has them, and how things stand; then it is forgotten."""

import asyncio
import json
from typing import Any

import pytest

from tests.events.material import ALLOWED, ATTEMPT, DENIED, context
from tests.support.endpoints import run, until
from tests.support.insides import inside
from tierwall import events
from tierwall.proxy.control import streaming
from tierwall.proxy.control.streaming import stream
from tierwall.proxy.state.live import Live


class Writer:
    """A watcher's end of the pipe; it leaves when a test says so."""

    def __init__(self) -> None:
        self.lines: list[dict[str, Any]] = []
        self.has_left = False

    def write(self, octets: bytes) -> None:
        assert octets.endswith(b"\n")
        self.lines += map(json.loads, octets.splitlines())

    async def drain(self) -> None:
        if self.has_left:
            raise ConnectionResetError


@pytest.fixture(autouse=True)
def short_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streaming, "TURN_S", 0.001)


def _watched(*told: events.Event) -> tuple[list[dict[str, Any]], Live]:
    """What a watcher hears first of how things stand, and then of these."""
    live = Live()

    async def scene() -> list[dict[str, Any]]:
        writer = Writer()
        pipe: Any = writer
        streaming_ = asyncio.create_task(stream(inside(live), pipe))
        await until(lambda: writer.lines)
        for event in told:
            live.write(event)
        await until(lambda: len(writer.lines) > len(told))
        writer.has_left = True
        with pytest.raises(ConnectionResetError):
            await streaming_
        return writer.lines

    return run(scene), live


def test_how_things_stand_is_told_at_once() -> None:
    [first], _ = _watched()

    assert first["now"]["site"] == "lab"
    assert (first["now"]["lost"], first["now"]["open"], first["now"]["tunnels"]) == (0, 0, [])


def test_events_come_as_the_journal_has_them_and_in_their_order() -> None:
    told = [events.from_verdict(verdict, ATTEMPT, context()) for verdict in (DENIED, ALLOWED)]

    lines, _ = _watched(*told)

    assert lines[1:] == [json.loads(events.to_line(event)) for event in told]


def test_who_has_left_is_watched_for_no_more() -> None:
    _, live = _watched()

    assert not live.watched
