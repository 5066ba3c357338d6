"""What a proxy has journalled since it runs, read once by who comes later, so that the page shows the whole run.

Knows a journal's files and the ids of a run's events; other runs may have written there too. Bounded: of a long journal
the end is read, in turns, so that the page is served meanwhile.
"""

import asyncio
import os
import time
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path
from typing import BinaryIO, Final

import msgspec
from msgspec import DecodeError, Struct

from tierwall.dashboard.picture.picture import Picture
from tierwall.journal.reading import journal_files

TAIL_OCTETS: Final = 64 * 1024 * 1024
"""Of the journal, its rotated files included: about 60,000 events."""

_OVERLAP_S: Final = 2.0
"""What was written so shortly before may be told through the socket as well."""

_TURN_S: Final = 0.05
_STAMP: Final = b'{"@timestamp":"'
_SECOND: Final = len("2026-11-27T12:00:00")


class _Event(Struct, gc=False):
    id: str


class _Identity(Struct, gc=False):
    event: _Event


_IDENTITY: Final = msgspec.json.Decoder(_Identity)


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What is looked for."""

    journal: Path
    since: float
    """Seconds since 1970."""
    ids: frozenset[str]
    """What the ids of its events begin with."""


@dataclass(frozen=True, slots=True)
class Replayed:
    """What was found."""

    recent: set[str]
    """The ids of the last events, which may come again."""
    whole: bool
    """Whether it goes back to the beginning of the run."""


def id_of(line: bytes) -> str:
    """The id of the event on the line; empty where there is none."""
    try:
        return _IDENTITY.decode(line).event.id
    except (DecodeError, UnicodeError):
        return ""


async def replay(run: Run, picture: Picture) -> Replayed:
    """Add the run's events to the picture, in their order. Raises OSError where the journal cannot be read."""
    recent: set[str] = set()
    began, recently = _second_of(run.since), _second_of(time.time() - _OVERLAP_S)
    turn = time.monotonic()
    with ExitStack() as stack:
        files, whole = _ends(run.journal, stack)
        for number, line in enumerate(chain.from_iterable(files)):
            second = line[len(_STAMP) :][:_SECOND] if line.startswith(_STAMP) else began
            whole = whole or (number == 0 and second < began)  # what was left out is older still
            if second >= began and (known := id_of(line)).rpartition("-")[0] in run.ids:
                picture.write(line.rstrip(b"\n"))
                if second >= recently:
                    recent.add(known)
            if number % 200 == 0 and time.monotonic() - turn > _TURN_S:
                await asyncio.sleep(0)
                turn = time.monotonic()
    return Replayed(recent, whole)


def _ends(journal: Path, stack: ExitStack) -> tuple[list[BinaryIO], bool]:
    """Its files from TAIL_OCTETS before the end on, the oldest first; and whether that is all of them.

    Opened from the newest on: one that is rotated meanwhile is met again, and left out then.
    """
    files: list[BinaryIO] = []
    seen: set[tuple[int, int]] = set()
    left = TAIL_OCTETS
    for path in reversed(journal_files(journal)):
        file = stack.enter_context(path.open("rb"))
        status = os.fstat(file.fileno())
        if (status.st_dev, status.st_ino) in seen:
            continue
        seen.add((status.st_dev, status.st_ino))
        files.insert(0, file)
        if status.st_size > left:
            file.seek(status.st_size - left)
            file.readline()  # of which the beginning is missing
            return files, False
        left -= status.st_size
    return files, True


def _second_of(when: float) -> bytes:
    return datetime.fromtimestamp(when, UTC).strftime("%Y-%m-%dT%H:%M:%S").encode()
