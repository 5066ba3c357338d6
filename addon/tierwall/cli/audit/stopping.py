"""Ctrl-C while logs are read: the first one ends the reading at the next block, so that what was counted adds up.

Knows the signal only. A second one ends the program.
"""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import BinaryIO


class Stop:
    """Whether the reading is to end."""

    def __init__(self) -> None:
        self.asked = False
        self.waiting = False
        """Set while octets are waited for, where nothing is counted and the reading can be broken off at once."""

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Ask this, instead of ending the program, at a Ctrl-C in here."""
        before = signal.signal(signal.SIGINT, self._ask)
        try:
            yield
        finally:
            signal.signal(signal.SIGINT, before)

    @contextmanager
    def wait(self) -> Iterator[None]:
        """Octets are waited for in here. Raises KeyboardInterrupt at a Ctrl-C."""
        self.waiting = True
        try:
            yield
        finally:
            self.waiting = False

    def waited(self, stream: BinaryIO) -> "Waited":
        """The stream, broken off at a Ctrl-C."""
        return Waited(stream, self)

    def _ask(self, _number: int, _frame: FrameType | None) -> None:
        if self.asked or self.waiting:
            self.asked = True
            raise KeyboardInterrupt
        self.asked = True


class Waited:
    """A stream whose octets are waited for."""

    def __init__(self, stream: BinaryIO, stop: Stop) -> None:
        self._stream = stream
        self._stop = stop

    def read(self, size: int) -> bytes:
        """At most so many octets. Raises KeyboardInterrupt at a Ctrl-C."""
        with self._stop.wait():
            return self._stream.read(size)
