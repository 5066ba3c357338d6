"""A file of whole lines that several processes may append to and rotate.

Each write holds the file's lock, so that lines never interleave, a failed write leaves nothing behind, and only one
process rotates. Raises OSError; who retries and who is told is writer.py's.
"""

import fcntl
import os
import stat
from contextlib import suppress
from pathlib import Path
from typing import Final

MODE: Final = 0o600
"""Who visits what is nobody else's business."""

_FLAGS: Final = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW


class LineFile:
    """Opened at the first write, opened again where it was moved, removed or rotated by another process."""

    def __init__(self, path: Path, *, rotate_octets: int, keep: int) -> None:
        self._path = path
        self._rotate_octets = rotate_octets
        self._keep = max(keep, 1)
        self._fd: int | None = None
        self.not_rotated: OSError | None = None
        """Why the last rotation failed; lines go on into the same file."""

    def open(self) -> int:
        """The descriptor, of an existing folder's file with mode 0600."""
        if self._fd is None:
            self._fd = os.open(self._path, _FLAGS, MODE)
            found = os.fstat(self._fd)
            if stat.S_ISREG(found.st_mode) and stat.S_IMODE(found.st_mode) & 0o077:
                with suppress(PermissionError):  # another user's file, that we may write: its owner decides
                    os.fchmod(self._fd, MODE)
        return self._fd

    def write(self, lines: bytes) -> None:
        """Append whole lines: all of them, or where it raises, none."""
        rotation_tried = False
        while True:
            fd = self.open()
            fcntl.flock(fd, fcntl.LOCK_EX)
            try:
                if self._moved_away(fd):
                    self.close()
                    continue
                found = os.fstat(fd)
                regular = stat.S_ISREG(found.st_mode)
                size = found.st_size if regular else 0
                if size and size + len(lines) > self._rotate_octets and not rotation_tried:
                    rotation_tried = True
                    if self._rotated():
                        self.close()
                        continue
                if size and os.pread(fd, 1, size - 1) != b"\n":
                    lines = b"\n" + lines  # somebody died in the middle of a line
                _append(fd, lines, size if regular else None)
                return
            finally:
                if self._fd is not None:
                    fcntl.flock(fd, fcntl.LOCK_UN)

    def sync(self) -> None:
        """What was written is on the disk, where it is a disk."""
        if self._fd is not None and stat.S_ISREG(os.fstat(self._fd).st_mode):
            os.fsync(self._fd)

    def close(self) -> None:
        """Let the descriptor and its lock go. The next write opens the file again."""
        if self._fd is not None:
            fd, self._fd = self._fd, None
            os.close(fd)

    def _moved_away(self, fd: int) -> bool:
        try:
            there = self._path.lstat()
        except FileNotFoundError:
            return True
        return not os.path.samestat(there, os.fstat(fd))

    def _rotated(self) -> bool:
        """`journal.jsonl` becomes `.1`, `.1` becomes `.2`, and so on; the oldest goes."""
        try:
            for number in range(self._keep - 1, 0, -1):
                with suppress(FileNotFoundError):
                    self._numbered(number).replace(self._numbered(number + 1))
            self._path.replace(self._numbered(1))
        except OSError as trouble:
            self.not_rotated = trouble
            return False
        self.not_rotated = None
        return True

    def _numbered(self, number: int) -> Path:
        return self._path.with_name(f"{self._path.name}.{number}")


def _append(fd: int, lines: bytes, size: int | None) -> None:
    rest = memoryview(lines)
    try:
        while rest:
            rest = rest[os.write(fd, rest) :]
    except OSError:
        if size is not None and len(rest) < len(lines):
            with suppress(OSError):
                os.ftruncate(fd, size)  # the lock is ours: nobody has written after us
        raise
