"""A CSV file -> the hosts in one of its columns.

Knows separators, headings that products write, encodings of spreadsheets; what a host covers is its dialect's to say.
"""

import csv
import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final

from tierwall.loader.faults import quoted, unknown
from tierwall.loader.lists.content import Item, Spelling, Unplaced
from tierwall.loader.lists.octets import LINE_OCTETS, whole
from tierwall.loader.lists.plain import lines
from tierwall.loader.lists.reading import place
from tierwall.loader.yaml.octets import whole_file

_DELIMITERS: Final = ",;\t"
_HEADINGS: Final = (
    ("destination", frozenset({"type", "comment"})),  # Cisco Umbrella, destination lists
    ("value", frozenset({"description"})),  # Cloudflare Gateway, lists
    ("match", frozenset({"type", "location"})),  # PAN-OS, custom URL categories
    ("sites", frozenset({"type", "location"})),  # PAN-OS before 9.0
)
"""Of products' own exports: the column with the hosts, and others by one of which the export is known."""
_CELL: Final = re.compile(r"[\s,;|]+")
_CATEGORIES: Final = "category match"
_ADDRESSES: Final = frozenset({"ipv4", "ip", "ip address", "cidr"})


def column_of(start: bytes) -> str | None:
    """The column with the hosts where the first line is that of a product's export."""
    names = _first_fields(start)
    lower = [name.lower() for name in names]
    for hosts, others in _HEADINGS:
        if hosts in lower and others & set(lower):
            return names[lower.index(hosts)]
    return None


def check_no_table(path: Path, start: bytes) -> None:
    """A first line with several fields is the head of a table, and no spelling holds what separates them."""
    names = _first_fields(start)
    while names and not names[-1]:
        names.pop()  # a comma at the end of a line, as from a configuration or a spreadsheet of one column
    if len(names) > 1:
        columns = ", ".join(quoted(name) for name in names[:8])
        raise whole_file(path, f"looks like CSV: say with `column:` which of its columns to read ({columns})")


def read_table(path: Path, stream: BinaryIO, column: str) -> Iterator[Item]:
    """What is in the cells of the named column, several hosts in a cell too.

    Raises:
        InvalidFiles: There is no such column, or it is not CSV.
    """
    text, note = _text(path, stream)
    if note is not None:
        yield note
    first, _, _ = text.partition("\n")
    names = _fields(first[:LINE_OCTETS])
    if column not in names:
        raise whole_file(path, unknown("column", column, names))
    at = names.index(column)
    kinds = [name.lower() for name in names]
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(first))
    try:
        for number, row in enumerate(rows):
            if number and at < len(row) and row[at].strip():
                kind = row[kinds.index("type")].strip().lower() if "type" in kinds[: len(row)] else ""
                yield from _cell(rows.line_num, row[at], kind)
    except csv.Error as cause:
        raise whole_file(path, f"is not CSV: {cause}") from None


def _cell(line: int, cell: str, kind: str) -> Iterator[Item]:
    for host in filter(None, _CELL.split(cell.strip())):
        if kind == _CATEGORIES:
            yield Unplaced(line, f"{quoted(host)} is a category, and no host: left out")
        elif kind in _ADDRESSES:
            yield from place(line, host)
        else:
            yield Spelling(line, host)


def _text(path: Path, stream: BinaryIO) -> tuple[str, Unplaced | None]:
    """UTF-8, or what spreadsheets write in the west: a host is in ASCII either way."""
    octets = whole(path, stream)
    try:
        return octets.decode("utf-8-sig"), None
    except UnicodeDecodeError as fault:
        line = octets.count(b"\n", 0, fault.start) + 1
    try:
        return octets.decode("cp1252"), Unplaced(line, "is not UTF-8: read as Windows-1252, as spreadsheets write it")
    except UnicodeDecodeError:
        raise whole_file(path, "is not UTF-8: save the file as UTF-8") from None


def _first_fields(start: bytes) -> list[str]:
    _, first = next(lines(io.BytesIO(start)), (1, b""))
    return _fields(first.decode(errors="replace"))


def _fields(line: str) -> list[str]:
    try:
        fields = next(csv.reader([line.strip("\r\n")], delimiter=_delimiter(line)), [])
    except csv.Error:
        return []
    return [name.strip() for name in fields]


def _delimiter(line: str) -> str:
    return max(_DELIMITERS, key=line.count)
