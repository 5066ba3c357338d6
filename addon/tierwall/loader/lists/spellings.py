"""A customer's exported list of hosts -> canonical spellings, or the first faults with their lines.

Knows one spelling at a time: in `literal` one that makes no sense is a fault, in a product's dialect it is what the
customer has, and is warned of. A million of them take seconds and little memory.
"""

import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import BinaryIO, assert_never

from tierwall.loader.faults import Fault, InvalidFiles, quoted, shown_path
from tierwall.loader.lists.configured import configured
from tierwall.loader.lists.content import Content, Destination, Item, Listed, Spelling, Unplaced
from tierwall.loader.lists.formats import DIALECTS, Export, ListFormat
from tierwall.loader.lists.items import SIMPLE, items, simple
from tierwall.loader.lists.octets import LINE_OCTETS, opened
from tierwall.loader.lists.plain import lines, unwrapped
from tierwall.loader.lists.products import terraform
from tierwall.loader.lists.sniffing import format_of, json_of
from tierwall.loader.yaml.octets import whole_file
from tierwall.policy.dialect import Dialect, Part, Reading, Rejected, Shape, canonical, read
from tierwall.policy.dialect.overlaps import overlaps
from tierwall.policy.dialect.suffixes import suffix_of
from tierwall.policy.hostname import InvalidPattern, normalise_pattern
from tierwall.policy.model import Network, Ports

FAULTS = 20
"""Of one list; the rest are counted."""

_PLAIN = re.compile(rb"(?:\*\.)?(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.){1,6}[a-z]{2,63}")
"""Nearly every pattern, in lower case; normalise_pattern says the same of these, and takes five times as long."""

_PLAIN_OCTETS = 253
_DECORATED = re.compile(r"[^a-z0-9._/*^:-]|^[-*]\s|hxxp", re.IGNORECASE)
"""What no host pattern holds, but a line that was pasted from somewhere."""


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

    def found(self) -> list[Fault]:
        if self._count <= FAULTS:
            return self._first
        return [*self._first, Fault(self._path, None, "", f"and {self._count - FAULTS} more")]


def read_content(export: Export) -> Content:
    """All that a customer's file lists, those spellings too that its dialect rejects.

    Raises:
        InvalidFiles: The file is not what it is said to be, or its product does not start with it; in `literal` also
            with the first spellings that make no sense, and the number of those that follow.
    """
    path = export.path
    faults, notes = _Tally(path), _Tally(path)
    with opened(path, export.dialect) as stream:
        found = format_of(stream, export)
        if found is ListFormat.SQUID:
            return configured(export)
        dialect = dialect_of(export, found)
        listed: tuple[Listed, ...]
        if found in SIMPLE:
            listed = (Listed(hosts=tuple(_simple(stream, found, export, (faults, notes)))),)
        else:
            listed = tuple(_grouped(items(stream, found, export), dialect, faults, notes))
    if dialect is Dialect.SQUID:
        for each in listed:
            for message, at in overlap_faults(each.hosts):
                faults.add(_line_of(export, found, at), message)
    if faults.found():
        raise InvalidFiles(faults.found())
    if not any(each.hosts or each.networks for each in listed):
        raise InvalidFiles([*whole_file(path, "holds no host pattern").faults, *notes.found()])
    return Content(listed, dialect=None if dialect is export.dialect else dialect, notes=tuple(notes.found()))


def read_list(export: Export) -> tuple[str, ...]:
    """The host patterns of a list, in its order. Raises InvalidFiles, as `read_content`."""
    return read_content(export).hosts


def dialect_of(export: Export, found: ListFormat) -> Dialect:
    """How its hosts are read: as the site says, or as the product does whose format it is."""
    if export.dialect is not Dialect.LITERAL:
        return export.dialect
    if found is ListFormat.TERRAFORM:
        with opened(export.path, export.dialect) as stream:
            return terraform.dialect_of(json_of(export.path, stream)) or Dialect.LITERAL
    return DIALECTS.get(found, Dialect.LITERAL)


def list_warnings(export: Export) -> list[Fault]:
    """The spellings of a valid list that cover nothing, or a whole public suffix: the first, and how many follow."""
    tally = _Tally(export.path)
    with opened(export.path, export.dialect) as stream:
        found = format_of(stream, export)
        if found is ListFormat.SQUID:
            return []  # said by what read it
        dialect = dialect_of(export, found)
        for item in items(stream, found, export):
            if isinstance(item, Spelling):
                for message in _warnings(dialect, item.text):
                    tally.add(item.line, message)
    return tally.found()


def _warnings(dialect: Dialect, text: str) -> Iterator[str]:
    if not _fits(text):
        yield f"{quoted(text)} is no host pattern, and is left out"
        return
    with suppress(ValueError):  # a fault, and said already
        yield from spelling_warnings(dialect, _taken(dialect, text) or text)


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
    with opened(export.path, export.dialect) as stream:
        several = (item for item in items(stream, found, export) if isinstance(item, Spelling) and _fits(item.text))
        item = next(islice(several, place, None), None)
        return None if item is None else item.line


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


def _simple(stream: BinaryIO, found: ListFormat, export: Export, tallies: tuple[_Tally, _Tally]) -> Iterator[str]:
    """The hosts of a list with an entry a line; the tallies are for faults and for notes."""
    dialect, (_, notes) = export.dialect, tallies
    if dialect is Dialect.LITERAL:
        yield from _patterns(stream, *tallies)
        return
    for line, text in simple(stream, found, export):
        if not _fits(text):
            continue
        if _DECORATED.search(text) and (taken := _taken(dialect, text)) is not None:
            notes.add(line, f"{quoted(text)} is read as {quoted(taken)}")
            yield taken
        else:
            yield canonical(text, dialect)


def _taken(dialect: Dialect, text: str) -> str | None:
    """The spelling in what somebody pasted, where the dialect knows it and does not know the whole; never for Squid."""
    if dialect is Dialect.SQUID or not isinstance(read(dialect, canonical(text, dialect)), Rejected):
        return None
    inside = unwrapped(text)
    if inside is None or isinstance(read(dialect, canonical(inside, dialect)), Rejected):
        return None
    return canonical(inside, dialect)


def _patterns(stream: BinaryIO, faults: _Tally, notes: _Tally) -> Iterator[str]:
    is_plain = _PLAIN.fullmatch
    for number, octets in lines(stream):
        lower = octets.lower()
        if len(lower) <= _PLAIN_OCTETS and is_plain(lower):
            yield lower.decode("ascii")
            continue
        try:
            yield _pattern(octets)
        except ValueError as fault:
            if (taken := _pasted(octets)) is None:
                faults.add(number, str(fault))
            else:
                notes.add(number, f"{quoted(octets.decode())} is read as {quoted(taken)}")
                yield taken


def _pasted(octets: bytes) -> str | None:
    try:
        inside = unwrapped(octets.decode())
        return None if inside is None else normalise_pattern(inside)
    except ValueError:
        return None


def _pattern(octets: bytes) -> str:
    if len(octets) >= LINE_OCTETS:
        raise InvalidPattern(f"is longer than {LINE_OCTETS} octets: expected one host pattern a line")
    try:
        return normalise_pattern(octets.decode())
    except UnicodeDecodeError:
        raise InvalidPattern("is not UTF-8: save the file as UTF-8") from None


def _grouped(found: Iterator[Item], dialect: Dialect, faults: _Tally, notes: _Tally) -> Iterator[Listed]:
    """What a product's file lists, by the ports that it says."""
    hosts: dict[tuple[Ports, ...] | None, dict[str, None]] = {}
    networks: dict[tuple[Ports, ...] | None, dict[Network, None]] = {}
    for item in found:
        match item:
            case Spelling():
                if (host := _spelled(item, dialect, faults, notes)) is not None:
                    hosts.setdefault(item.ports, {})[host] = None
            case Destination():
                networks.setdefault(item.ports, {})[item.network] = None
            case Unplaced():
                notes.add(item.line, item.message)
            case _:
                assert_never(item)
    for ports in dict.fromkeys((*hosts, *networks)):
        yield Listed(tuple(hosts.get(ports, ())), tuple(networks.get(ports, ())), ports)


def _spelled(item: Spelling, dialect: Dialect, faults: _Tally, notes: _Tally) -> str | None:
    if not _fits(item.text):
        return None
    if dialect is not Dialect.LITERAL:
        if (taken := _taken(dialect, item.text)) is not None:
            notes.add(item.line, f"{quoted(item.text)} is read as {quoted(taken)}")
        return taken or canonical(item.text, dialect)
    try:
        return normalise_pattern(item.text)
    except ValueError as fault:
        if (taken := _pasted(item.text.encode())) is None:
            faults.add(item.line, str(fault))
        return taken
