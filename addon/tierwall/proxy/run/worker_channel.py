"""What a worker says to its parent, a line each over a pipe, without ever waiting for it.

Knows the pipe and what can be said. The parent's terminal and tally are its own.
"""

import asyncio
import json
import os
from dataclasses import asdict
from enum import Enum
from typing import Final

import rich.console

from tierwall.events import Action, Event, to_line
from tierwall.report.run.start import Start, say_start
from tierwall.report.run.summary import Quiet, Tally, Tunnels

_WAITING_OCTETS: Final = 16 * 1024 * 1024
"""What may wait for a parent that is slow; above it lines are missing on the console, never in the journal."""

_QUIET: Final = frozenset({Action.ALLOWED, Action.CLOSED})
"""Not printed, and by far the most: they are added up here, and said once a second."""


class Said(Enum):
    """The first octet of a line."""

    EVENT = b"E"
    QUIET = b"Q"
    STARTED = b"S"
    COMPLAINT = b"C"
    WARNING = b"W"
    NOTE = b"N"
    LOST = b"L"
    CANNOT_START = b"X"


class WorkerChannel:
    """A worker's voice. `talks`: this one also says what the start-up talk says, for all of them."""

    def __init__(self, pipe: int, *, talks: bool) -> None:
        os.set_blocking(pipe, False)
        self._pipe, self._talks = pipe, talks
        self._waiting = bytearray()
        self._watching = False
        self._quiet = Tally()
        self._unseen = 0

    def write(self, event: Event) -> None:
        """What happened."""
        if event.action in _QUIET:
            self._quiet.write(event)
        elif len(self._waiting) < _WAITING_OCTETS:
            self._say(Said.EVENT, to_line(event)[:-1])
        else:
            self._unseen += 1

    def started(self, start: Start) -> None:
        """It listens."""
        self._say(Said.STARTED, b"")
        if self._talks:
            say_start(start, rich.console.Console(stderr=True))

    def complain(self, message: str) -> None:
        """Something of ours is wrong."""
        self._say(Said.COMPLAINT, _one_line(message))

    def warn(self, message: str) -> None:
        """Something may go wrong."""
        self._say(Said.WARNING, _one_line(message))

    def note(self, message: str) -> None:
        """Something that was asked for is done."""
        self._say(Said.NOTE, _one_line(message))

    def tick(self) -> None:
        """A second passed: what was added up meanwhile."""
        self._add_up()
        self._send()

    def cannot_start(self, message: str) -> None:
        """The last word of a worker that never listened."""
        self._finish(Said.CANNOT_START, message.encode().hex().encode())

    def fail(self, message: str) -> None:
        """The last word of a worker that breaks."""
        self._finish(Said.COMPLAINT, _one_line(message))

    def end(self, lost: int) -> None:
        """The last word: how many lines the journal lost."""
        self._add_up()
        if self._unseen:
            self._put(Said.WARNING, b"%d events are in the journal, but not in this summary" % self._unseen)
        self._finish(Said.LOST, str(lost).encode())

    def _add_up(self) -> None:
        tally, self._quiet = self._quiet.summary(), Tally()
        if tally.first is not None and tally.last is not None:
            quiet = Quiet(
                sites=tally.sites,
                first=tally.first,
                last=tally.last,
                allowed=tally.counts.get(Action.ALLOWED.value, 0),
                tunnels=tally.tunnels,
            )
            self._put(Said.QUIET, json.dumps(asdict(quiet)).encode())

    def _say(self, said: Said, what: bytes) -> None:
        self._put(said, what)
        self._send()

    def _put(self, said: Said, what: bytes) -> None:
        self._waiting += said.value + what + b"\n"

    def _finish(self, said: Said, what: bytes) -> None:
        """Say it and wait until the parent has it all; without a parent, nobody waits."""
        os.set_blocking(self._pipe, True)
        self._put(said, what)
        try:
            while self._waiting:
                del self._waiting[: os.write(self._pipe, self._waiting)]
        except BrokenPipeError:
            self._waiting.clear()

    def _send(self) -> None:
        try:
            while self._waiting:
                del self._waiting[: os.write(self._pipe, self._waiting[:65536])]
        except BlockingIOError:
            if not self._watching:
                self._watching = True
                asyncio.get_running_loop().add_writer(self._pipe, self._send)
            return
        except BrokenPipeError:  # the parent is gone; the journal still has it all
            self._waiting.clear()
        if self._watching:
            self._watching = False
            asyncio.get_running_loop().remove_writer(self._pipe)


def quiet_from(what: bytes) -> Quiet:
    """What a worker added up, as it was said."""
    read = json.loads(what)
    return Quiet(**read | {"sites": tuple(read["sites"]), "tunnels": Tunnels(**read["tunnels"])})


def _one_line(message: str) -> bytes:
    return message.replace("\n", "; ").encode(errors="replace")
