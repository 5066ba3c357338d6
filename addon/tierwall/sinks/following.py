"""A journal followed through its rotations, from a position that outlives the process.

Knows files, their first lines and the numbers in events' ids. Waits for nothing: where there is no more, it says so.
"""

import fcntl
import hashlib
import os
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import msgspec

from tierwall.journal import journal_files
from tierwall.sinks.entry import Entry

CHUNK_OCTETS: Final = 256 * 1024
"""So much is read at once: more than any line has."""

_FIRST_OCTETS: Final = 16 * 1024
"""Of a file, in which its first line ends."""

_NONE: Final = -1
"""No descriptor."""

_RUNS: Final = 64
"""Whose last numbers are remembered: processes that wrote to the journal."""


class Position(msgspec.Struct, frozen=True):
    """Up to where a journal was read."""

    file: str
    """A hash of the first line of the file, which has an id of its own; empty before anything was written."""
    offset: int
    last: dict[str, int] = {}
    """By the run that events' ids begin with: the number of the last one read."""


class _Event(msgspec.Struct, frozen=True):
    id: str


class _Head(msgspec.Struct, frozen=True):
    """What a follower looks at in a line; the rest is read by whoever needs it."""

    event: _Event


_HEAD: Final = msgspec.json.Decoder(_Head)

START: Final = Position(file="", offset=0)


@dataclass(slots=True)
class Follower:
    """Reads on. One thread's own."""

    journal: Path
    position: Position = START
    missed: int = 0
    """Events that rotation removed before they were read, as far as their numbers tell."""
    gaps: int = 0
    """How often rotation was faster."""
    unreadable: int = 0
    """Lines that are no objects with an event's id."""
    _fd: int = _NONE
    _offset: int = 0
    _file: str = ""
    _last: dict[str, int] = field(default_factory=dict)
    _after_gap: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._last = dict(self.position.last)

    def read(self) -> list[Entry]:
        """The next entries; none where there are none yet. `position` is behind them from now on. Raises OSError."""
        if self._fd == _NONE and not self._open_where_it_was():
            return []
        while True:
            moved_on = self._is_rotated()  # before the look for more: what was written before it moved is there
            entries = self._read_on()
            if entries is not None:
                self.position = Position(file=self._file, offset=self._offset, last=dict(self._last))
                return entries
            if os.fstat(self._fd).st_size < self._offset:  # somebody emptied it
                self._note_gap()
                self._offset, self._file = 0, ""
            elif not moved_on or not self._open_next():
                return []

    def behind(self) -> int:
        """Octets of the journal that were not read yet. Raises OSError."""
        ours = None if self._fd == _NONE else os.fstat(self._fd)
        total = 0
        for path in reversed(journal_files(self.journal)):
            found = path.stat()
            if os.path.samestat(found, ours) if ours is not None else _first_line(path) == self.position.file:
                return total + max(found.st_size - self.position.offset, 0)
            total += found.st_size
        return total

    def back_to(self, position: Position) -> None:
        """Read from there again."""
        self.close()
        self.position, self._last = position, dict(position.last)

    def close(self) -> None:
        """Let the file go."""
        if self._fd != _NONE:
            fd, self._fd = self._fd, _NONE
            os.close(fd)

    # -- private

    def _read_on(self) -> list[Entry] | None:
        """Whole lines from here; None where there are none. A list may be empty, where no line was an event."""
        octets = os.pread(self._fd, CHUNK_OCTETS, self._offset)
        if self._offset == 0 and octets:
            self._file = _fingerprint(octets)
        end = octets.rfind(b"\n") + 1
        if end == 0:
            if len(octets) < CHUNK_OCTETS:
                return None
            end = len(octets)  # no line of ours is so long
        self._offset += end
        return [entry for line in octets[:end].split(b"\n") if line and (entry := self._entry(line)) is not None]

    def _entry(self, line: bytes) -> Entry | None:
        try:
            id = _HEAD.decode(line).event.id  # noqa: A001 - its name there
        except (msgspec.DecodeError, UnicodeError):
            self.unreadable += 1
            return None
        run, _, number = id.partition("-")
        with suppress(ValueError):
            self._count(run, int(number, 16))
        return Entry(line, id)

    def _count(self, run: str, number: int) -> None:
        """Events of one run stand in the journal in their order; after a gap the first of each says how many went."""
        before = self._last.pop(run, None)
        if run in self._after_gap:
            self._after_gap.discard(run)
            self.missed += max(number - (before or 0) - 1, 0)
        self._last[run] = number
        if len(self._last) > _RUNS:
            del self._last[next(iter(self._last))]

    def _open_where_it_was(self) -> bool:
        files = journal_files(self.journal)
        if not files:
            return False
        if not self.position.file:
            return self._open(files[0], 0)
        for path in reversed(files):
            if _first_line(path) == self.position.file and path.stat().st_size >= self.position.offset:
                return self._open(path, self.position.offset)
        self._note_gap()
        return self._open(files[0], 0)

    def _is_rotated(self) -> bool:
        try:
            return not os.path.samestat(self.journal.stat(), os.fstat(self._fd))
        except FileNotFoundError:
            return False  # its name comes again with the next line

    def _open_next(self) -> bool:
        """The file that was written after ours. The journal's lock keeps rotation away meanwhile."""
        ours = os.fstat(self._fd)
        with suppress(FileNotFoundError):
            lock = os.open(self.journal, os.O_RDONLY | os.O_CLOEXEC)
            try:
                fcntl.flock(lock, fcntl.LOCK_SH)
                if not os.path.samestat(self.journal.stat(), os.fstat(lock)):
                    return False  # it was rotated again before the lock was ours
                files = journal_files(self.journal)
                numbers = [number for number, path in enumerate(files) if os.path.samestat(path.stat(), ours)]
                if not numbers:
                    self._note_gap()
                elif numbers[0] + 1 == len(files):
                    return False
                return self._open(files[numbers[0] + 1] if numbers else files[0], 0)
            finally:
                os.close(lock)
        return False

    def _open(self, path: Path, offset: int) -> bool:
        try:
            fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
        except FileNotFoundError:
            return False
        self.close()
        self._fd, self._offset = fd, offset
        self._file = self.position.file if offset else ""
        return True

    def _note_gap(self) -> None:
        self.gaps += 1
        self._after_gap = set(self._last)


def at_end(journal: Path) -> Position:
    """Behind all that is there now."""
    for path in reversed(journal_files(journal)):
        with suppress(OSError), path.open("rb") as file:
            if size := os.fstat(file.fileno()).st_size:
                return Position(file=_fingerprint(file.read(_FIRST_OCTETS)), offset=size)
    return START


def at_start(journal: Path) -> Position:
    """Before all that is there now, what was rotated away too."""
    files = journal_files(journal)
    return Position(file=_first_line(files[0]), offset=0) if files else START


def _first_line(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return _fingerprint(file.read(_FIRST_OCTETS))
    except OSError:
        return ""


def _fingerprint(octets: bytes) -> str:
    return hashlib.sha256(octets[:_FIRST_OCTETS].partition(b"\n")[0]).hexdigest()[:32]
