"""A customer's exported list of hosts -> canonical spellings, or the first faults with their lines.

Knows one spelling at a time: in `literal` one that makes no sense is a fault, in a product's dialect it is what the
customer has, and is warned of. A million of them take seconds and little memory.
"""

import re
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import BinaryIO

from tierwall.loader.faults import Fault, InvalidFiles, quoted, shown_path
from tierwall.loader.lists.configured import configured
from tierwall.loader.lists.content import Content, Listed
from tierwall.loader.lists.formats import LINE_OCTETS, Export, ListFormat, format_of, lines, spellings
from tierwall.loader.yaml.octets import check_regular, open_fault, whole_file
from tierwall.policy.dialect import Dialect, Part, Reading, Rejected, Shape, canonical, read
from tierwall.policy.dialect.overlaps import overlaps
from tierwall.policy.dialect.suffixes import suffix_of
from tierwall.policy.hostname import InvalidPattern, normalise_pattern

FAULTS = 20
"""Of one list; the rest are counted."""

_PLAIN = re.compile(rb"(?:\*\.)?(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.){1,6}[a-z]{2,63}")
"""Nearly every pattern, in lower case; normalise_pattern says the same of these, and takes five times as long."""

_PLAIN_OCTETS = 253


class _Tally:
    """The first faults of a list, and how many there are in all: a list of rubbish must not fill the memory."""

    def __init__(self, path: Path) -> None:
        self._path = shown_path(path)
        self._first: list[Fault] = []
        self._count = 0

    def add(self, line: int | None, message: str) -> None:
        self._count += 1
        if self._count <= FAULTS:
            self._first.append(Fault(self._path, line, "", message))

    def faults(self) -> list[Fault]:
        if self._count <= FAULTS:
            return self._first
        return [*self._first, Fault(self._path, None, "", f"and {self._count - FAULTS} more")]


def read_content(export: Export) -> Content:
    """All that a customer's file lists.

    Raises:
        InvalidFiles: As `read_list`; and a configuration that its product does not start with.
    """
    try:
        with export.path.open("rb") as stream:
            found = format_of(stream, export)
    except OSError as cause:
        raise open_fault(export.path, cause) from None
    if found is ListFormat.SQUID:
        return configured(export)
    return Content(listed=(Listed(hosts=read_list(export)),))


def read_list(export: Export) -> tuple[str, ...]:
    """The spellings of a list, in its order, those too that its dialect rejects.

    Raises:
        InvalidFiles: The file is not what it is said to be; in `literal` also with the first spellings that make no
            sense, and the number of those that follow.
    """
    path = export.path
    check_regular(path)
    tally = _Tally(path)
    try:
        with path.open("rb") as stream:
            found = format_of(stream, export)
            if export.dialect is not Dialect.LITERAL:
                hosts = tuple(
                    canonical(text, export.dialect) for _, text in spellings(stream, found, export) if _fits(text)
                )
            elif found is ListFormat.PLAIN:
                hosts = tuple(_patterns(stream, tally))
            else:
                hosts = tuple(_checked(spellings(stream, found, export), tally))
    except OSError as cause:
        raise open_fault(path, cause) from None
    if export.dialect is Dialect.SQUID and found is ListFormat.PLAIN:
        for message, at in overlap_faults(hosts):
            tally.add(_line_of(export, found, at), message)
    if faults := tally.faults():
        raise InvalidFiles(faults)
    if not hosts:
        raise whole_file(path, "holds no host pattern")
    return hosts


def list_warnings(export: Export) -> list[Fault]:
    """The spellings of a valid list that cover nothing, or a whole public suffix: the first, and how many follow."""
    tally = _Tally(export.path)
    with export.path.open("rb") as stream:
        if format_of(stream, export) is ListFormat.SQUID:
            return []  # said by what read it
        for line, text in spellings(stream, format_of(stream, export), export):
            if not _fits(text):
                tally.add(line, f"{quoted(text)} is no host pattern, and is left out")
                continue
            for message in spelling_warnings(export.dialect, text):
                tally.add(line, message)
    return tally.faults()


def overlap_faults(hosts: Sequence[str]) -> Iterator[tuple[str, int]]:
    """What Squid does not start with: a sentence, and the place of the entry to leave out."""
    for narrow, wide in overlaps(hosts):
        small, large = quoted(hosts[narrow]), quoted(hosts[wide])
        yield (
            f"{small} lies within {large}, and Squid 5 does not start with both in this order: leave out {small}",
            narrow,
        )


def _line_of(export: Export, found: ListFormat, place: int) -> int | None:
    """The line of the entry at that place, which is looked for only where it is at fault."""
    with export.path.open("rb") as stream:
        kept = (line for line, text in spellings(stream, found, export) if _fits(text))
        return next(islice(kept, place, None), None)


def spelling_warnings(dialect: Dialect, raw: str) -> Iterator[str]:
    """What a customer surely did not mean: the sentences of warnings, for sites and lists alike."""
    if dialect is Dialect.LITERAL:
        raw = normalise_pattern(raw)
    found = read(dialect, canonical(raw, dialect))
    if isinstance(found, Rejected):
        yield f"{quoted(raw)} covers nothing, because `{dialect}` rejects it: {found.why}"
        return
    for suffix in dict.fromkeys(map(_too_wide, found)):
        if suffix is not None:
            yield f"{quoted(raw)} covers {suffix}: does the network really admit that?"


def _too_wide(part: Part) -> str | None:
    if not isinstance(part, Reading | Shape):
        return None
    if isinstance(part, Shape):
        return "every host" if len(part.labels) == 1 and not part.tail else None
    suffix = suffix_of(part)
    return None if suffix is None else f"the whole public suffix {quoted(suffix)}"


def _fits(text: str) -> bool:
    """Whether it can be shown and kept; no dialect knows anything that cannot."""
    return len(text) < LINE_OCTETS and text.isprintable()


def _patterns(stream: BinaryIO, tally: _Tally) -> Iterator[str]:
    is_plain = _PLAIN.fullmatch
    for number, octets in lines(stream):
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


def _checked(found: Iterator[tuple[int | None, str]], tally: _Tally) -> Iterator[str]:
    for line, text in found:
        try:
            yield normalise_pattern(text)
        except ValueError as fault:
            tally.add(line, str(fault))
