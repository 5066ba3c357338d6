"""A customer's exported list of hosts -> normalised patterns, or the first faults with their lines.

Knows text files with one pattern a line, `#` before a comment; a million lines take seconds and little memory.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from tierwall.loader.faults import Fault, InvalidFiles, quoted, shown_path
from tierwall.loader.suffixes import public_suffix
from tierwall.loader.text import check_regular, open_fault, whole_file
from tierwall.policy.hostname import InvalidPattern, normalise_pattern

FAULTS = 20
"""Of one list; the rest are counted."""

LINE_OCTETS = 4096
"""A longer line is no host pattern, and is not read into memory."""

_PLAIN = re.compile(rb"(?:\*\.)?(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.){1,6}[a-z]{2,63}")
"""Nearly every pattern, in lower case; normalise_pattern says the same of these, and takes five times as long."""

_PLAIN_OCTETS = 253


class _Tally:
    """The first faults of a list, and how many there are in all: a list of rubbish must not fill the memory."""

    def __init__(self, path: Path) -> None:
        self._path = shown_path(path)
        self._first: list[Fault] = []
        self._count = 0

    def add(self, line: int, message: str) -> None:
        self._count += 1
        if self._count <= FAULTS:
            self._first.append(Fault(self._path, line, "", message))

    def faults(self) -> list[Fault]:
        if self._count <= FAULTS:
            return self._first
        return [*self._first, Fault(self._path, None, "", f"and {self._count - FAULTS} more")]


def read_list(path: Path) -> tuple[str, ...]:
    """The patterns of a list, in its order.

    Raises:
        InvalidFiles: With the first faults, and the number of those that follow.
    """
    check_regular(path)
    tally = _Tally(path)
    try:
        with path.open("rb") as stream:
            patterns = tuple(_patterns(stream, tally))
    except OSError as cause:
        raise open_fault(path, cause) from None
    if faults := tally.faults():
        raise InvalidFiles(faults)
    if not patterns:
        raise whole_file(path, "holds no host pattern")
    return patterns


def suffix_warnings(path: Path) -> list[Fault]:
    """The lines of a valid list that cover a whole public suffix: the first of them, and how many follow."""
    tally = _Tally(path)
    with path.open("rb") as stream:
        for number, octets in _lines(stream):
            pattern = _pattern(octets)
            if (suffix := public_suffix(pattern)) is not None:
                tally.add(number, covers_suffix(pattern, suffix))
    return tally.faults()


def covers_suffix(pattern: str, suffix: str) -> str:
    """The sentence of a warning, for sites and lists alike."""
    return f"{quoted(pattern)} covers the whole public suffix {quoted(suffix)}: does the network really admit that?"


def _patterns(stream: BinaryIO, tally: _Tally) -> Iterator[str]:
    is_plain = _PLAIN.fullmatch
    for number, octets in _lines(stream):
        lower = octets.lower()
        if len(lower) <= _PLAIN_OCTETS and is_plain(lower):
            yield lower.decode("ascii")
            continue
        try:
            yield _pattern(octets)
        except ValueError as fault:
            tally.add(number, str(fault))


def _pattern(octets: bytes) -> str:
    if len(octets) >= LINE_OCTETS:
        raise InvalidPattern(f"is longer than {LINE_OCTETS} octets: expected one host pattern a line")
    try:
        return normalise_pattern(octets.decode())
    except UnicodeDecodeError:
        raise InvalidPattern("is not UTF-8: save the file as UTF-8") from None


def _lines(stream: BinaryIO) -> Iterator[tuple[int, bytes]]:
    """What stands on each line, from 1, without comments; empty lines are left out, long ones cut."""
    number = 0
    while octets := stream.readline(LINE_OCTETS):
        number += 1
        whole = rest = octets.endswith(b"\n") or len(octets) < LINE_OCTETS
        while not rest:
            chunk = stream.readline(LINE_OCTETS)
            rest = chunk.endswith(b"\n") or len(chunk) < LINE_OCTETS
        if number == 1:
            octets = octets.removeprefix(b"\xef\xbb\xbf")
        before, comment, _ = octets.partition(b"#")
        if kept := before.strip() if whole or comment else octets:
            yield number, kept
