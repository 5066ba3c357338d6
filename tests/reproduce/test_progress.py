"""What a person who waits is told: what for, and how much longer."""

import asyncio
import io
from dataclasses import replace

from rich.console import Console

from tests.reproduce.test_results import check
from tierwall.reproduce.progress import Waiting, show

LONG = replace(check(), hold_s=60.0)


class Clock:
    """Stands still until it is told."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_connection_that_is_held_is_counted_in_seconds() -> None:
    clock = Clock()
    waiting = Waiting(4, clock)
    telling = waiting.telling(0)
    telling.begins(LONG)
    clock.now = 43.4

    assert waiting.said == "holding 43 of 60 s"
    telling.ends(LONG)
    assert (waiting.said, waiting.over) == ("clients, without and with the site", 1)


def test_of_several_the_one_that_takes_longest_still_is_shown() -> None:
    clock = Clock()
    waiting = Waiting(4, clock)
    waiting.telling(0).begins(LONG)
    clock.now = 50.0
    waiting.telling(1).begins(replace(LONG, hold_s=30.0))

    assert waiting.said == "holding 0 of 30 s"


def test_a_file_gets_one_line_when_waiting_begins() -> None:
    waiting = Waiting(1, Clock())
    waiting.telling(0).begins(LONG)
    talk = Console(file=io.StringIO(), width=100)

    asyncio.run(asyncio.wait_for(show(waiting, talk), 5))

    assert talk.file.getvalue() == "holding connections for 60 s, to see whether they last\n"  # type: ignore[attr-defined]
