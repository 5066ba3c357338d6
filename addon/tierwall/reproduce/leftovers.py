"""The folder of one run, and what runs that were killed have left: folders that carry our mark and whose owner is gone.

Knows processes by their number and start. Processes and namespaces need no such mending: the kernel ends them with
the run.
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory, gettempdir
from typing import Final

PREFIX: Final = "tierwall-reproduce-"
_OWNER: Final = "owner"


@contextmanager
def folder_of_a_run() -> Iterator[Path]:
    """A new one, with our mark; gone afterwards. Those of runs that were killed go first."""
    for left in leftovers(Path(gettempdir())):
        shutil.rmtree(left, ignore_errors=True)
    with TemporaryDirectory(prefix=PREFIX, ignore_cleanup_errors=True) as name:
        folder = Path(name)
        (folder / _OWNER).write_text(f"{os.getpid()} {_started(os.getpid())}\n")
        yield folder


def leftovers(where: Path) -> Iterator[Path]:
    """Folders of ours there whose run is over. What is another user's, or has no mark yet, is left alone."""
    for folder in where.glob(f"{PREFIX}*"):
        with suppress(OSError, ValueError):
            if folder.is_symlink() or folder.stat().st_uid != os.geteuid():
                continue
            number, started = (folder / _OWNER).read_text().split()
            if _started(int(number)) != started:
                yield folder


def _started(number: int) -> str:
    """When the process of that number was started, in the kernel's ticks (proc(5), field 22)."""
    try:
        return Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[19]
    except OSError:
        return "gone"
