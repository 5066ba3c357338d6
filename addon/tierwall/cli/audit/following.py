"""A live log: what is appended to it, through rotation and truncation.

Knows one file by its name. A writer that still has the old file open after it was renamed is read to its end first.
"""

import io
import os
import time
from pathlib import Path
from typing import BinaryIO, Final

from tierwall.cli.audit.stopping import Stop

_EACH_S: Final = 0.25


class Following(io.RawIOBase):
    """A stream that never ends by itself: `read` waits for more, and ends when it is asked to stop."""

    def __init__(self, path: Path, first: BinaryIO, stop: Stop) -> None:
        self._path = path
        self._file = first
        self._stop = stop
        self._ended_line = True

    def read(self, size: int = -1) -> bytes:
        """What came since, at most so much; nothing once it is stopped."""
        while not self._stop.asked:
            octets = self._file.read(size)
            if octets:
                self._ended_line = octets.endswith(b"\n")
                return octets
            if self._moved():
                if not self._ended_line:
                    self._ended_line = True
                    return b"\n"  # what the old file ended with is a line of its own
                continue
            try:
                with self._stop.wait():
                    time.sleep(_EACH_S)
            except KeyboardInterrupt:
                break
        return b""

    def _moved(self) -> bool:
        """Whether the name leads to another file by now, or to one that was cut: then that is read from its start."""
        try:
            there = self._path.stat()
        except OSError:
            return False  # renamed, and the new one not made yet
        here = os.fstat(self._file.fileno())
        if (there.st_dev, there.st_ino) != (here.st_dev, here.st_ino):
            self._file.close()
            self._file = self._path.open("rb")
            return True
        if there.st_size < self._file.tell():
            self._file.seek(0)
            return True
        return False

    def tell(self) -> int:
        """How far it is in the file that it is at."""
        return self._file.tell()

    def fileno(self) -> int:
        """Of the file that it is at."""
        return self._file.fileno()

    def close(self) -> None:
        """Both."""
        self._file.close()
        super().close()
