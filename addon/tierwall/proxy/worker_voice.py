"""What a worker says to its parent, a line each over a pipe, without ever waiting for it.

Knows the pipe and what can be said. The parent's terminal and tally are its own.
"""

import asyncio
import os
from enum import Enum
from typing import Final

import rich.console

from tierwall.events import Action, Event, to_line
from tierwall.report.start import Start, say_start

_WAITING_OCTETS: Final = 16 * 1024 * 1024
"""What may wait for a parent that is slow; above it lines are missing on the console, never in the journal."""


class Said(Enum):
    """The first octet of a line."""

    EVENT = b"E"
    STARTED = b"S"
    COMPLAINT = b"C"
    WARNING = b"W"
    LOST = b"L"
    CANNOT_START = b"X"


class ToParent:
    """A worker's voice. `talks`: this one also says what the start-up talk says, for all of them."""

    def __init__(self, pipe: int, *, talks: bool) -> None:
        os.set_blocking(pipe, False)
        self._pipe, self._talks = pipe, talks
        self._waiting = bytearray()
        self._watching = False

    def write(self, event: Event) -> None:
        """What happened; but not every allow, which nobody prints or counts."""
        if event.event.action is not Action.ALLOWED and len(self._waiting) < _WAITING_OCTETS:
            self._say(Said.EVENT, to_line(event)[:-1])

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

    def tick(self) -> None:
        """The parent has its own clock."""

    def cannot_start(self, message: str) -> None:
        """The last word of a worker that never listened."""
        self._finish(Said.CANNOT_START, message.encode().hex().encode())

    def end(self, lost: int) -> None:
        """The last word: how many lines the journal lost."""
        self._finish(Said.LOST, str(lost).encode())

    def _say(self, said: Said, what: bytes) -> None:
        self._waiting += said.value + what + b"\n"
        self._send()

    def _finish(self, said: Said, what: bytes) -> None:
        os.set_blocking(self._pipe, True)
        self._waiting += said.value + what + b"\n"
        while self._waiting:
            del self._waiting[: os.write(self._pipe, self._waiting)]

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


def _one_line(message: str) -> bytes:
    return message.replace("\n", "; ").encode()
