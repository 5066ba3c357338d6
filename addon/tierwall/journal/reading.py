"""A journal read back, line by line: what a crash or another program left in it is named, not fatal."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from tierwall.events import Event, parse

_LINE_OCTETS: Final = 64 * 1024
"""Longer lines are not ours, and not read into memory whole."""


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A line that is no event."""

    line: int
    why: str


def read_journal(path: Path) -> Iterator[Event | Unreadable]:
    """The events of one file, in its order. Raises OSError where it cannot be opened or read."""
    with path.open("rb") as file:
        number = 0
        while line := file.readline(_LINE_OCTETS):
            number += 1
            if line.isspace():
                continue
            yield _read(line, number, file)


def journal_files(path: Path) -> list[Path]:
    """The journal and what was rotated away from it, the oldest first."""
    rotated = []
    number = 1
    while (older := path.with_name(f"{path.name}.{number}")).exists():
        rotated.append(older)
        number += 1
    return [*reversed(rotated), *([path] if path.exists() else [])]


def _read(line: bytes, number: int, file: BinaryIO) -> Event | Unreadable:
    if not line.endswith(b"\n") and len(line) == _LINE_OCTETS:
        while (rest := file.readline(_LINE_OCTETS)) and not rest.endswith(b"\n"):
            pass
        return Unreadable(number, "longer than any event")
    try:
        return parse(line)
    except ValueError as wrong:
        return Unreadable(number, str(wrong))
