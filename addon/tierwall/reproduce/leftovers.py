"""The folder of one run, and what runs that were killed have left: folders that carry our mark and that nobody holds.

Knows files and locks. Processes and namespaces need no such mending: the kernel ends them with the run.
"""

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory, gettempdir
from typing import Final

PREFIX: Final = "tierwall-reproduce-"
MARK: Final = "held"
"""A file that the run holds a lock on, which the kernel lets go when the run ends, however; other processes see that
from any namespace, and where there is no /proc."""


@contextmanager
def folder_of_a_run() -> Iterator[Path]:
    """A new one, with our mark; gone afterwards. Those of runs that were killed go first."""
    for left in leftovers(Path(gettempdir())):
        shutil.rmtree(left, ignore_errors=True)
    with TemporaryDirectory(prefix=PREFIX, ignore_cleanup_errors=True) as name:
        folder = Path(name)
        with (folder / "being-marked").open("w") as mark:
            fcntl.flock(mark, fcntl.LOCK_EX)
            Path(mark.name).rename(folder / MARK)  # from here on it counts as ours, and it is locked already
            yield folder


def leftovers(where: Path) -> Iterator[Path]:
    """Folders of ours there whose run is over. What is another user's, or has no mark yet, is left alone."""
    for folder in where.glob(f"{PREFIX}*"):
        with suppress(OSError):
            if not folder.is_symlink() and folder.stat().st_uid == os.geteuid() and not _is_held(folder / MARK):
                yield folder


def _is_held(mark: Path) -> bool:
    """Whether a run has it. Raises OSError where it is not there."""
    with mark.open("r+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False
