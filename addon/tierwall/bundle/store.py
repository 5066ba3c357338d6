"""Bundles on disk: the one in force under a name that changes in one step, and its archive, checked at each start.

Knows a folder of its own. A process that dies at any point leaves the bundle before in force, whole.
"""

import os
import shutil
from contextlib import suppress
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from tierwall.bundle.archive import Bundle, InvalidBundle, verify
from tierwall.bundle.laid_out import FILES

_ARCHIVE: Final = "bundle.tar.gz"
_ETAG: Final = "etag"


class Store:
    """One bundle's folder. `current` in it leads to the files in force."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.current = folder / "current"

    def in_force(self, key: Ed25519PublicKey) -> Bundle | None:
        """What was taken up last. None where nothing was. Raises InvalidBundle where it was tampered with."""
        try:
            archive = (self.current / _ARCHIVE).read_bytes()
        except OSError:
            return None
        return verify(archive, key)

    @property
    def etag(self) -> str | None:
        """As the server called what is in force."""
        with suppress(OSError):
            return (self.current / _ETAG).read_text(encoding="latin-1") or None
        return None

    def lay_out(self, bundle: Bundle, archive: bytes, etag: str | None) -> Path:
        """Its folder, beside the one in force, for the loader to try its files. Raises OSError."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder = self._folder / f"r{bundle.revision}"
        if folder == self.current.resolve():  # the same one anew, because somebody changed what is in force
            folder = self._folder / f"r{bundle.revision}.1"
        shutil.rmtree(folder, ignore_errors=True)
        for path, octets in bundle.files.items():
            where = folder / FILES / path
            where.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            where.write_bytes(octets)
        (folder / _ETAG).write_text(etag or "", encoding="latin-1", errors="replace")
        (folder / _ARCHIVE).write_bytes(archive)
        return folder

    def put_in_force(self, folder: Path) -> None:
        """From one moment to the next, `current` is that. Raises OSError."""
        before = self.current.resolve()
        beside = self._folder / f"next.{os.getpid()}"
        beside.unlink(missing_ok=True)
        beside.symlink_to(folder.name)
        beside.replace(self.current)
        for other in self._folder.glob("r*"):
            if other not in {before, folder}:  # who reads the one before still finds its files
                shutil.rmtree(other, ignore_errors=True)

    def forget(self, folder: Path) -> None:
        """It did not load."""
        shutil.rmtree(folder, ignore_errors=True)


def check_newer(bundle: Bundle, than: Bundle | None) -> bool:
    """Whether it is another one. Raises InvalidBundle for an older one."""
    if than is None or bundle.revision > than.revision:
        return True
    if bundle.revision < than.revision:
        raise InvalidBundle(f"revision {bundle.revision} is older than {than.revision}, which is in force")
    if bundle.files != than.files:
        raise InvalidBundle(f"revision {bundle.revision} is in force with other files: a revision is used once")
    return False
