"""Files -> one tally: each read to its end in whatever format it is, one after the other.

Knows the order of things. What a line says is records', what is counted is audit's.
"""

import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import BinaryIO

from tierwall.audit.files import LINE_OCTETS, Lines
from tierwall.audit.interest import Interest
from tierwall.audit.tally import Adding, Tally, Window
from tierwall.cli.audit_sources import Broken, blocks, head_of, opened
from tierwall.records.formats import format_of_octets
from tierwall.records.reading import Format, LineFormat, WholeFormat
from tierwall.records.record import Record, Unread

type Progress = Callable[[str, int, int | None], None]
"""Told of a file how far it is, in octets on the disk, and how large it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """How files are to be read."""

    interest: Interest
    window: Window
    chosen: Format | None = None
    progress: Progress = lambda _file, _at, _size: None


def read_files(names: Sequence[str], reading: Reading) -> tuple[Tally, bool]:
    """What all of them hold, and whether that is all: Ctrl-C ends the reading, not the report. Raises BadInput."""
    tally = Tally()
    adding = Adding(tally, reading.interest, reading.window)
    try:
        for name in names:
            read_file(name, reading, adding)
    except KeyboardInterrupt:
        adding.settle()
        return tally, False
    adding.settle()
    return tally, True


def read_file(name: str, reading: Reading, adding: Adding) -> None:
    """Count what one file holds."""
    found = opened(name)
    try:
        head, stream = head_of(found)
        whole = reading.chosen if reading.chosen is not None else format_of_octets(head)
        if isinstance(whole, WholeFormat):
            _whole(found.name, whole.read(stream), whole, adding)
            return
        lines = Lines(found.name, adding, reading.chosen if isinstance(reading.chosen, LineFormat) else None)
        try:
            for octets in blocks(stream, LINE_OCTETS, lines.too_long):
                lines.block(octets)
                reading.progress(found.name, _position(found.raw), found.size)
        except Broken as why:
            adding.tally.failed(found.name, str(why), 0, "", lines=0)
        lines.end()
    finally:
        if found.raw is not sys.stdin.buffer:
            found.raw.close()


def _whole(name: str, records: Iterator[Record | Unread], of: WholeFormat, adding: Adding) -> None:
    """A document's records; what breaks it off is counted as one that could not be read."""
    source = adding.tally.source(name, of.id)
    try:
        for number, record in enumerate(records, start=1):
            if isinstance(record, Unread):
                source.unread += 1
                adding.tally.failed(name, str(record), number, "")
            else:
                adding.add(record, source)
    except Broken as why:
        adding.tally.failed(name, str(why), 0, "", lines=0)


def _position(raw: BinaryIO) -> int:
    try:
        return raw.tell()
    except OSError:
        return 0
