"""A journal's file, from its oldest rotated part to its end, and what is appended while somebody watches.

Knows files that grow, rotate, or are cut. Reads in turns, so that the page is served meanwhile.
"""

import asyncio
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, Final

from tierwall.dashboard.picture.picture import Picture
from tierwall.dashboard.sources.feed import CannotDo
from tierwall.dashboard.sources.parallel import WORTH_OCTETS, Parallel
from tierwall.dashboard.sources.reporting import report_of
from tierwall.events import visible
from tierwall.journal.reading import journal_files
from tierwall.loader import InvalidFiles, load_site, site_names
from tierwall.policy.claimed_names import claim_of
from tierwall.policy.judge import judge
from tierwall.policy.target import InvalidTarget, attempt_for
from tierwall.report.explanation import as_object, explanation

LOOK_EVERY_S: Final = 0.25
_TURN_S: Final = 0.05
"""How long lines are read before the page has its turn."""

_CHUNK_OCTETS: Final = 1 << 20
_LONGEST: Final = 1 << 16
"""A line that is longer is none of ours."""


class JournalFeed:
    """A journal as a source. It is read only, so nothing can be switched or marked."""

    def __init__(self, path: Path, picture: Picture) -> None:
        self.picture = picture
        self._path = path
        self._read = 0
        self._parallel: Parallel | None = None
        self._size = 0

    def about(self) -> dict[str, Any]:
        """Where it comes from, and how far it was read."""
        read = self._read if self._parallel is None else min(self._parallel.read, self._size - 1)
        return {
            "kind": "journal",
            "title": visible(self._path.name),
            "site": self.picture.sites[-1] if self.picture.sites else None,
            "reading": None if read >= self._size else read / self._size,
            "actions": ["clear", "report"],
        }

    async def run(self) -> None:
        """Read it all, then wait for more. Raises OSError where it cannot be read."""
        file = self._path.open("rb")
        try:
            rest = await self._so_far(file)
            while True:
                await self._follow(file, rest)
                file.close()
                file, rest = self._path.open("rb"), b""
        finally:
            file.close()
            if self._parallel is not None:
                self._parallel.stop()

    async def explain(self, target: str, site: str) -> dict[str, Any]:
        """Under the site that the destination's last event names, where it is a bundled one. Raises CannotDo."""
        try:
            if site not in site_names():
                raise CannotDo(f"the site {visible(site)} of this journal is no bundled one")
            found = load_site(site, self.picture.catalogue)
            attempt = attempt_for(target)
        except InvalidTarget as fault:
            raise CannotDo(str(fault)) from None
        except InvalidFiles as invalid:
            raise CannotDo(str(invalid)) from None
        catalogue = self.picture.catalogue
        said = explanation(target, judge(found, catalogue, attempt), found.id, claim_of(found, catalogue, attempt))
        return as_object(said)

    def choices(self) -> dict[str, Any]:
        """Nothing can be switched."""
        return {"behaviours": [], "sites": []}

    async def do(self, request: dict[str, Any]) -> None:  # noqa: ARG002 - as other feeds
        """Nothing. Raises CannotDo."""
        raise CannotDo("this is a journal: there is no proxy to tell")

    async def report(self) -> str:
        """Of the whole journal. Raises CannotDo."""
        return await report_of(self._path)

    def proxy(self) -> str:
        """That of a default run: the journal does not say."""
        return "http://127.0.0.1:8080"

    async def _so_far(self, file: BinaryIO) -> bytes:
        """What is there: in this process, or where that takes long in several. The last line, if it is not whole."""
        older = [path for path in journal_files(self._path) if path != self._path]
        whole = _whole(file)
        sizes = [*((path, path.stat().st_size) for path in older), (self._path, whole)]
        self._size = sum(size for _, size in sizes)
        if self._size >= WORTH_OCTETS:
            self._parallel = Parallel(sizes, self.picture)
            await self._parallel.finish()
            self._read, self._parallel = self._size, None
            file.seek(whole)
            return b""
        for path in older:
            with path.open("rb") as each:
                await self._to_the_end(each, b"")
        return await self._to_the_end(file, b"")

    async def _follow(self, file: BinaryIO, rest: bytes) -> None:
        """Until another file has its name, or it was cut."""
        while True:
            rest = await self._to_the_end(file, rest)
            await asyncio.sleep(LOOK_EVERY_S)
            here = os.fstat(file.fileno())
            try:
                named = self._path.stat()
            except FileNotFoundError:
                continue  # between two names, while it is rotated
            if not os.path.samestat(here, named) or named.st_size < file.tell():
                await self._to_the_end(file, rest)
                return

    async def _to_the_end(self, file: BinaryIO, rest: bytes) -> bytes:
        """Add what is there; the last line where it is not whole yet."""
        turn = time.monotonic()
        while chunk := file.read(_CHUNK_OCTETS):
            *lines, rest = (rest + chunk).split(b"\n")
            for part in _parts(lines):
                for line in part:
                    if line:
                        self.picture.write(line)
                if time.monotonic() - turn > _TURN_S:
                    await asyncio.sleep(0)
                    turn = time.monotonic()
            self._read += len(chunk)
            if len(rest) > _LONGEST:
                rest = rest[:_LONGEST]  # no event, whatever else comes
        self._size = max(self._size, self._read)
        return rest


def _whole(file: BinaryIO) -> int:
    """Octets up to the end of its last whole line."""
    size = os.fstat(file.fileno()).st_size
    file.seek(max(0, size - _LONGEST))
    end = file.read(_LONGEST)
    file.seek(0)
    return size - len(end) + end.rfind(b"\n") + 1


def _parts(lines: list[bytes]) -> Iterator[list[bytes]]:
    for at in range(0, len(lines), 500):
        yield lines[at : at + 500]
