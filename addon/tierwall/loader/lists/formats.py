"""What a firewall product exports -> the spellings in it, one by one, with their lines.

Knows the formats of files: plain lists, PAN-OS dynamic lists, Squid configuration, Chrome policy JSON and CSV. What a
spelling covers is its dialect's to say; a file that is not what it is said to be is one fault.
"""

import csv
import io
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import BinaryIO

from tierwall.loader.faults import Fault, InvalidFiles, quoted, shown_path, unknown
from tierwall.loader.yaml.octets import whole_file
from tierwall.policy.dialect import Dialect


class ListFormat(StrEnum):
    """How a list's file is written."""

    PLAIN = "plain"
    SQUID = "squid"
    EDL = "edl"
    CHROME_JSON = "chrome-json"
    CSV = "csv"


@dataclass(frozen=True, slots=True)
class Export:
    """A list's file, and how the site says that it is to be read."""

    path: Path
    dialect: Dialect = Dialect.LITERAL
    format: ListFormat | None = None
    """None: what the file itself looks like."""
    column: str | None = None
    """Of a CSV file."""
    acl: str | None = None
    """Of a Squid configuration: the access list that is meant, instead of what the configuration allows."""


LINE_OCTETS = 4096
"""A longer line is no host pattern, and is not read into memory."""

JSON_OCTETS = 64 * 1024**2
"""A JSON file is read as a whole, and Chrome takes a thousand filters."""

_HEAD_OCTETS = 64 * 1024
_ACL = re.compile(rb"^[ \t]*(?:acl[ \t]+\S+[ \t]+\S|http_access[ \t]+(?:allow|deny)[ \t])", re.MULTILINE)
_BLANKS = b" \t\r\n"
_BLANK_THEN_COMMENT = re.compile(rb"(?:^|[ \t\r\n])[ \t\r\n]*#")
_COMMENT = re.compile(r"\s*(?:#|;|//)")
_DELIMITERS = ",;\t"
_DSTDOMAIN = "dstdomain"


def format_of(stream: BinaryIO, export: Export) -> ListFormat:
    """The format as the site says it, or as the beginning of the file shows it.

    Raises:
        InvalidFiles: The file is no text, or plainly something else than a list.
    """
    head = stream.read(_HEAD_OCTETS)
    stream.seek(0)
    _check_text(export.path, head)
    if export.format is not None:
        return export.format
    if export.column is not None:
        return ListFormat.CSV
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if start.startswith((b"{", b"[")):
        return ListFormat.CHROME_JSON
    if _ACL.search(head):
        return ListFormat.SQUID
    if export.dialect in {Dialect.PAN_OS, Dialect.PAN_OS_LEGACY}:
        return ListFormat.EDL
    _check_no_table(export.path, start)
    return ListFormat.PLAIN


def spellings(stream: BinaryIO, found: ListFormat, export: Export) -> Iterator[tuple[int | None, str]]:
    """Each spelling with its line, as it stands there.

    Raises:
        InvalidFiles: The file is not of that format.
    """
    path = export.path
    match found:
        case ListFormat.PLAIN if export.dialect is Dialect.SQUID:
            return _squid_list(path, stream)
        case ListFormat.PLAIN:
            return ((line, _decoded(path, line, octets)) for line, octets in lines(stream))
        case ListFormat.EDL:
            return _dynamic_list(path, stream)
        case ListFormat.SQUID:
            return _squid(path, stream)
        case ListFormat.CHROME_JSON:
            return _chrome_policy(path, stream)
        case ListFormat.CSV:
            return _table(path, stream, export.column or "")


def lines(stream: BinaryIO, comment: bytes = b"#") -> Iterator[tuple[int, bytes]]:
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
        before, found, _ = octets.partition(comment)
        if kept := before.strip() if whole or found else octets:
            yield number, kept


# What it is not


def _check_text(path: Path, head: bytes) -> None:
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise whole_file(path, "is UTF-16: save the file as UTF-8")
    if b"\0" in head:
        what = "is a spreadsheet or an archive" if head.startswith(b"PK") else "is no text"
        raise whole_file(path, f"{what}: export the list as text or CSV")
    if head.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"<"):
        raise whole_file(path, "is HTML or XML, not a list: was a login page saved?")


def _check_no_table(path: Path, start: bytes) -> None:
    """A first line with several fields is the head of a table, and no spelling holds what separates them."""
    _, first = next(lines(io.BytesIO(start)), (1, b""))
    names = _fields(first.decode(errors="replace"))
    while names and not names[-1]:
        names.pop()  # a comma at the end of a line, as from a configuration or a spreadsheet of one column
    if len(names) > 1:
        columns = ", ".join(quoted(name) for name in names[:8])
        raise whole_file(path, f"looks like CSV: say with `column:` which of its columns to read ({columns})")


def _decoded(path: Path, line: int, octets: bytes) -> str:
    try:
        return octets.decode()
    except UnicodeDecodeError:
        raise InvalidFiles([Fault(shown_path(path), line, "", "is not UTF-8: save the file as UTF-8")]) from None


# One format each


def _dynamic_list(path: Path, stream: BinaryIO) -> Iterator[tuple[int, str]]:
    """An entry a line; what follows behind a space is a comment."""
    for line, octets in lines(stream, b"#"):
        text = _decoded(path, line, octets)
        if not _COMMENT.match(text):
            yield line, text.split(maxsplit=1)[0]


def _squid_list(path: Path, stream: BinaryIO) -> Iterator[tuple[int, str]]:
    """An entry a line, whatever is in it; a comment begins a line, or stands behind a blank.

    As Squid's ConfigParser::strtokFile() reads it: a byte order mark stays where it is, and so does a `;`.
    """
    for line, octets in enumerate(iter(lambda: stream.readline(LINE_OCTETS), b""), 1):
        entry = _BLANK_THEN_COMMENT.split(octets, maxsplit=1)[0].strip(_BLANKS)
        if entry:
            yield line, _decoded(path, line, entry)


def _squid(path: Path, stream: BinaryIO) -> Iterator[tuple[int, str]]:
    """The values of every `acl NAME dstdomain …`; all other directives are left alone."""
    continued: list[str] = []
    directives = 0
    for line, octets in lines(stream):
        text = _decoded(path, line, octets)
        continued += text.removesuffix("\\").split()
        if text.endswith("\\"):
            continue
        words, continued = continued, []
        if words[:1] == ["acl"] and words[2:3] == [_DSTDOMAIN]:
            directives += 1
            for word in words[3:]:
                if word.startswith('"'):
                    message = f"{quoted(word)} is a file of its own: name it as the `file` of an entry"
                    raise InvalidFiles([Fault(shown_path(path), line, "", message)])
                if not word.startswith("-"):
                    yield line, word
    if not directives:
        raise whole_file(path, "is no Squid configuration with hosts: it has no `acl NAME dstdomain …`")


def _chrome_policy(path: Path, stream: BinaryIO) -> Iterator[tuple[None, str]]:
    """The filters of `URLAllowlist`, at the top or inside what chrome://policy exports."""
    octets = stream.read(JSON_OCTETS + 1)
    if len(octets) > JSON_OCTETS:
        raise whole_file(path, f"is larger than {JSON_OCTETS // 1024**2} MB")
    try:
        filters = _allowlist(json.loads(octets.decode("utf-8-sig")))
    except UnicodeDecodeError:
        raise whole_file(path, "is not UTF-8: save the file as UTF-8") from None
    except (ValueError, RecursionError) as cause:
        where = f": {cause.msg}, line {cause.lineno}" if isinstance(cause, json.JSONDecodeError) else ""
        raise whole_file(path, f"is not JSON{where}") from None
    if filters is None:
        raise whole_file(path, "is no Chrome policy with an allowlist: it has no list `URLAllowlist`")
    for each in filters:
        if not isinstance(each, str):
            raise whole_file(path, f"is no Chrome policy: in `URLAllowlist` stands {quoted(json.dumps(each))}")
        yield None, each


def _allowlist(value: object) -> list[object] | None:
    """The list at that key, however deep; chrome://policy has it as the `value` of an object."""
    inside = [value]
    while inside:
        match inside.pop():
            case {"URLAllowlist": list(filters)} | {"URLAllowlist": {"value": list(filters)}}:
                return filters
            case dict() as mapping:
                inside += mapping.values()
            case list() as items:
                inside += items
            case _:
                pass
    return None


def _table(path: Path, stream: BinaryIO, column: str) -> Iterator[tuple[int, str]]:
    """The cells of the named column that are not empty."""
    text = io.TextIOWrapper(stream, encoding="utf-8-sig", newline="")
    try:
        first = text.readline(LINE_OCTETS)
        names = _fields(first)
        if column not in names:
            raise whole_file(path, unknown("column", column, names))
        at = names.index(column)
        rows = csv.reader(text, delimiter=_delimiter(first))
        for row in rows:
            if at < len(row) and row[at].strip():
                yield rows.line_num + 1, row[at].strip()
    except UnicodeDecodeError:
        raise whole_file(path, "is not UTF-8: save the file as UTF-8") from None
    except csv.Error as cause:
        raise whole_file(path, f"is not CSV: {cause}") from None
    finally:
        text.detach()  # the stream is closed by whoever opened it


def _fields(line: str) -> list[str]:
    return [name.strip() for name in next(csv.reader([line.strip("\r\n")], delimiter=_delimiter(line)), [])]


def _delimiter(line: str) -> str:
    return max(_DELIMITERS, key=line.count)
