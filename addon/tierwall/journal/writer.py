"""Events on their way to the journal's file: bounded memory, one writer thread, and what happens when the disk fails.

`write` and `append` never wait for the disk and never raise. A line is written whole or not at all, at most 100 ms
after it came; only the last line of a killed process may be torn. What could not be kept is counted, said at once, and
written into the journal when it works again.
"""

import errno
import threading
import uuid
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from tierwall.events import Event, Stage, fault, to_line
from tierwall.journal.file import LineFile

BATCH_S: Final = 0.1
"""Seconds a line waits for company before it is written."""

BATCH_OCTETS: Final = 256 * 1024
"""So many octets are written without waiting, and at most so many at once."""

WAITING_OCTETS: Final = 16 * 1024 * 1024
"""Octets of lines that wait while the disk does not take them; above it lines are lost."""

RETRY_S: Final = 1.0
"""Seconds between attempts while the file cannot be written."""

ROTATE_OCTETS: Final = 50 * 1024 * 1024

_OVERFLOW: Final = -1
_NO_JSON: Final = -2
_ROTATION: Final = -3


def _now() -> datetime:
    return datetime.now(UTC)


class CannotJournal(Exception):
    """Why the file cannot be written as a run starts, in one line. What fails later is said, and tried again."""


class Journal:
    """A sink that appends to a JSON Lines file, 0600, rotated by size. Make one in each process, after any fork."""

    def __init__(  # noqa: PLR0913 - limits that only tests and the command line set
        self,
        path: Path,
        on_trouble: Callable[[str], None],
        *,
        rotate_octets: int = ROTATE_OCTETS,
        keep: int = 5,
        waiting_octets: int = WAITING_OCTETS,
        retry_s: float = RETRY_S,
        clock: Callable[[], datetime] = _now,
    ) -> None:
        """Open the file and start the writer thread. `on_trouble` is called from any thread. Raises CannotJournal."""
        self._path = path
        self._file = LineFile(path, rotate_octets=rotate_octets, keep=keep)
        self._on_trouble = on_trouble
        self._waiting_octets = waiting_octets
        self._retry_s = retry_s
        self._clock = clock
        self._lock = threading.RLock()
        self._changed = threading.Condition(self._lock)
        self._lines: deque[bytes] = deque()
        self._octets = 0
        self._closing = False
        self._lost = 0
        self._lost_unsaid = 0
        self._said: set[int] = set()
        self._since: datetime | None = None
        self._cause = ""
        try:
            self._file.open()
        except OSError as trouble:
            raise CannotJournal(f"journal {path}: cannot be written: {_why(trouble, path)}") from None
        self._thread = threading.Thread(target=self._run, name="journal", daemon=True)
        self._thread.start()

    @property
    def lost(self) -> int:
        """How many lines are not in the file and never will be."""
        return self._lost

    def write(self, event: Event) -> None:
        """Append the event's line."""
        try:
            line = to_line(event)
        except ValueError as wrong:  # text that is no Unicode, from an event that build.py did not make
            self._lose(1)
            self._say(_NO_JSON, f"an event cannot be written as JSON: {wrong}")
            return
        self.append(line)

    def append(self, line: bytes) -> None:
        """Append one line, its LF included. After `close`, or with no room left, it is lost and counted."""
        with self._lock:  # itself: the condition's own way to it costs as much as all else here
            before, after = self._octets, self._octets + len(line)
            if not self._closing and after <= self._waiting_octets:
                self._lines.append(line)
                self._octets = after
                if before == 0 or before < BATCH_OCTETS <= after:
                    self._changed.notify()
                return
        self._lose(1)
        if not self._closing:
            self._say(_OVERFLOW, "lines come faster than they can be written; from here on some are lost")

    def close(self, timeout_s: float = 10.0) -> None:
        """Write what waits, sync and close. What cannot be written by then is lost; look at `lost`."""
        with self._changed:
            self._closing = True
            self._changed.notify()
        self._thread.join(timeout_s)
        if self._thread.is_alive():
            with self._changed:
                self._lose(len(self._lines))
                self._lines.clear()
            self._say(errno.ETIMEDOUT, f"the disk did not take the last lines within {timeout_s:g} s")

    def _run(self) -> None:
        while batch := self._next_batch():
            if not self._written(batch) and not self._put_back(batch):
                break
        try:
            self._file.sync()
            self._file.close()
        except OSError as trouble:
            self._failed(trouble)

    def _next_batch(self) -> list[bytes]:
        """Lines to write now; none when closing and all is written."""
        with self._changed:
            self._changed.wait_for(lambda: self._lines or self._closing)
            self._changed.wait_for(lambda: self._octets >= BATCH_OCTETS or self._closing, BATCH_S)
            batch: list[bytes] = []
            octets = 0
            while self._lines and octets < BATCH_OCTETS:
                batch.append(self._lines.popleft())
                octets += len(batch[-1])
            return batch

    def _written(self, batch: list[bytes]) -> bool:
        lines = b"".join(batch)
        gap = self._gap()
        try:
            # One write, so that the fault is in the file exactly once.
            self._file.write(lines if gap is None else _fault_line(gap, self._clock()) + lines)
        except OSError as trouble:
            self._failed(trouble)
            return False
        with self._changed:
            self._octets -= len(lines)
        if gap is not None:
            self._over(gap)
        if self._file.not_rotated is not None:
            self._say(_ROTATION, f"it grows on, as it cannot be rotated: {self._file.not_rotated.strerror}")
        return True

    def _put_back(self, batch: list[bytes]) -> bool:
        """Keep the lines for the next attempt, which comes after a pause; False when there will be none."""
        with self._changed:
            if self._closing:
                self._lose(len(batch) + len(self._lines))
                self._lines.clear()
                return False
            self._lines.extendleft(reversed(batch))
            self._changed.wait_for(lambda: self._closing, self._retry_s)
            return True

    def _gap(self) -> "_Gap | None":
        """What readers of the file have to know before the next lines."""
        if self._since is None and not self._lost_unsaid:
            return None
        if self._since is None:
            return _Gap(self._lost_unsaid, "they came faster than they could be written")
        seconds = (self._clock() - self._since).total_seconds()
        return _Gap(self._lost_unsaid, f"for {seconds:.0f} s it could not be written: {self._cause}")

    def _over(self, gap: "_Gap") -> None:
        with self._changed:
            self._lost_unsaid -= gap.lost
        self._since = None
        self._said.clear()
        self._tell(f"written again; {gap}")

    def _failed(self, trouble: OSError) -> None:
        self._since = self._since or self._clock()
        self._cause = _why(trouble, self._path)
        self._say(trouble.errno or 0, f"cannot be written: {self._cause}. Lines wait in memory, then are lost.")

    def _lose(self, lines: int) -> None:
        with self._changed:
            self._lost += lines
            self._lost_unsaid += lines

    def _say(self, kind: int, what: str) -> None:
        """Once a kind of trouble, until it is over."""
        if kind not in self._said:
            self._said.add(kind)
            self._tell(what)

    def _tell(self, what: str) -> None:
        # A console that is gone is no reason to stop writing.
        with suppress(Exception):
            self._on_trouble(f"journal {self._path}: {what}")


@dataclass(frozen=True, slots=True)
class _Gap:
    """What is missing from the file, and why."""

    lost: int
    why: str

    def __str__(self) -> str:
        return f"{self.lost} {'line was' if self.lost == 1 else 'lines were'} lost: {self.why}"


def _fault_line(gap: _Gap, now: datetime) -> bytes:
    return to_line(fault(f"journal: {gap}", Stage.JOURNAL, when=now, id=uuid.uuid4().hex))


def _why(trouble: OSError, path: Path) -> str:
    match trouble.errno:
        case errno.ENOENT | errno.ENOTDIR:
            return f"there is no folder {path.parent}"
        case errno.ELOOP:
            return "it is a symbolic link, and those are not followed; name the file itself"
        case _:
            return trouble.strerror or repr(trouble)
