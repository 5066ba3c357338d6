"""A long journal read by a process for each core, each a part of it, which come back as pictures that are put together.

Knows forks, pipes and slices of files. A part that fails is an OSError, as a file that cannot be read.
"""

import asyncio
import gc
import mmap
import os
import pickle
import signal
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from tierwall.dashboard.picture.merging import Part, merge, part_of
from tierwall.dashboard.picture.picture import Picture

WORTH_OCTETS: Final = 32 * 1024 * 1024
"""Shorter journals are read before a process has started."""

_PROCESSES: Final = 8
_COUNT: Final = struct.Struct("q")
_LONGEST: Final = 1 << 16
"""A line that is longer is none of ours."""

_CHUNK_OCTETS: Final = 1 << 20
"""Read at once, and octets between two words of how far a part is."""


@dataclass(frozen=True, slots=True)
class Slice:
    """The lines of a file that begin at these octets."""

    path: Path
    first: int
    end: int


class Parallel:
    """A journal on its way in. Make it while the process has one thread."""

    def __init__(self, files: Sequence[tuple[Path, int]], picture: Picture) -> None:
        """Begin to read. `files`: with their sizes, the oldest first. The picture is empty until `finish` has ended."""
        self._picture = picture
        parts = slices(files, min(_PROCESSES, os.cpu_count() or 1))
        self._progress = mmap.mmap(-1, _COUNT.size * len(parts))
        self._children = [self._start(number, part) for number, part in enumerate(parts)]

    @property
    def read(self) -> int:
        """Octets so far."""
        return sum(_COUNT.unpack_from(self._progress, at * _COUNT.size)[0] for at in range(len(self._children)))

    async def finish(self) -> None:
        """Wait for all parts, and put them together in their order. Raises OSError."""
        try:
            for _, pipe in self._children:
                merge(self._picture, await asyncio.to_thread(_received, pipe))
        finally:
            self.stop()

    def stop(self) -> None:
        """Nothing more is wanted."""
        for pid, pipe in self._children:
            pipe.close()
            os.kill(pid, signal.SIGKILL)  # which has ended, where all is well
            os.waitpid(pid, 0)
        self._children = []

    def _start(self, number: int, part: Sequence[Slice]) -> tuple[int, BinaryIO]:
        reading, writing = os.pipe()
        pid = os.fork()
        if pid == 0:
            status = 1
            try:
                os.close(reading)
                signal.set_wakeup_fd(-1)
                gc.disable()  # what is made here makes no circles, and is gone in seconds
                self._read_part(number, part)
                with open(writing, "wb") as pipe:  # noqa: PTH123 - a descriptor
                    pickle.dump(part_of(self._picture), pipe, pickle.HIGHEST_PROTOCOL)
                status = 0
            finally:
                os._exit(status)
        os.close(writing)
        return pid, open(reading, "rb")  # noqa: PTH123 - a descriptor, closed in `stop`

    def _read_part(self, number: int, part: Sequence[Slice]) -> None:
        done, write = 0, self._picture.write
        for each in part:
            for octets, lines in _lines_of(each):
                for line in lines:
                    if line:
                        write(line)
                done += octets
                _COUNT.pack_into(self._progress, number * _COUNT.size, done)


def slices(files: Sequence[tuple[Path, int]], count: int) -> list[list[Slice]]:
    """So many parts of about the same length, in order."""
    whole = sum(size for _, size in files)
    parts: list[list[Slice]] = [[] for _ in range(count)]
    before = 0
    for path, size in files:
        for number, part in enumerate(parts):
            first, end = (max(0, min(size, whole * at // count - before)) for at in (number, number + 1))
            if first < end:
                part.append(Slice(path, first, end))
        before += size
    return [part for part in parts if part]


def _lines_of(part: Slice) -> Iterator[tuple[int, list[bytes]]]:
    """The lines that begin in it, some at a time, and how many of its octets those are."""
    with part.path.open("rb") as file:
        if part.first:
            file.seek(part.first - 1)
            file.readline()  # the line before, unless it ends there
        position = file.tell()
        yield position - part.first, []
        rest = b""
        while position < part.end and (chunk := file.read(min(_CHUNK_OCTETS, part.end - position))):
            position += len(chunk)
            *lines, rest = (rest + chunk).split(b"\n")
            rest = rest[:_LONGEST]
            yield len(chunk), lines
        if rest:
            yield 0, [rest + file.readline(_LONGEST).removesuffix(b"\n")]  # whose end is in the next part


def _received(pipe: BinaryIO) -> Part:
    try:
        part: Part = pickle.load(pipe)  # noqa: S301 - our own child's
    except (EOFError, pickle.UnpicklingError):
        raise OSError("a part of the journal could not be read") from None
    return part
