"""Files -> one tally: each read to its end in whatever format it is, one after the other.

Knows the order of things. What a line says is records', what is counted is audit's; several processes are
jobs.py's.
"""

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

from tierwall.audit.files import LINE_OCTETS, Lines
from tierwall.audit.interest import Interest
from tierwall.audit.tally import Adding, Tally, Window
from tierwall.cli.audit.following import Following
from tierwall.cli.audit.progress import Octets
from tierwall.cli.audit.sources import BLOCK_OCTETS, STDIN, Broken, Opened, blocks, head_of, opened
from tierwall.cli.audit.stopping import Stop
from tierwall.records.formats import format_of_octets
from tierwall.records.reading import Format, LineFormat, WholeFormat
from tierwall.records.record import Record, Unread


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """How files are to be read."""

    interest: Interest
    window: Window
    stop: Stop
    chosen: Format | None = None
    whole: tuple[WholeFormat, ...] = ()
    """Formats of whole files that records/ does not know."""
    progress: Callable[[int], None] = lambda _octets: None
    """Told how many more octets were read."""
    news: Callable[[Adding], None] | None = None
    """Told after each block of a file that is followed; None where none is."""


def read_files(names: Sequence[str], reading: Reading) -> tuple[Tally, bool]:
    """What all of them hold, and whether that is all: Ctrl-C ends the reading, not the report. Raises BadInput."""
    adding = Adding(Tally(), reading.interest, reading.window)
    with reading.stop.listening(), suppress(KeyboardInterrupt):
        for name in names:
            if not reading.stop.asked:
                read_file(name, reading, adding)
    adding.settle()
    return adding.tally, not reading.stop.asked


def shown(octets: Octets) -> Callable[[int], None]:
    """A progress that adds up."""
    read = 0

    def add(more: int) -> None:
        nonlocal read
        read += more
        octets.at(read)

    return add


def read_file(name: str, reading: Reading, adding: Adding) -> None:
    """Count what one file holds. Raises BadInput, and KeyboardInterrupt where octets are waited for."""
    with reading.stop.wait():
        found = opened(name)
    if reading.news is not None and name != STDIN:
        found = _followed(name, found, reading.stop)
    try:
        with reading.stop.wait():
            head, stream = (b"", found.stream) if reading.news is not None else head_of(found)
        whole = reading.chosen if reading.chosen is not None else _whole_format(head, reading)
        if isinstance(whole, WholeFormat):
            _read_whole(found.name, whole.read(stream), whole, adding, reading.stop)
            return
        lines = Lines(found.name, adding, reading.chosen if isinstance(reading.chosen, LineFormat) else None)
        _read_lines(found, stream, lines, reading, adding)
        lines.end()
    finally:
        if found.raw is not sys.stdin.buffer:
            found.raw.close()


def _whole_format(head: bytes, reading: Reading) -> WholeFormat | None:
    return format_of_octets(head) or next((each for each in reading.whole if each.looks(head)), None)


def _followed(name: str, found: Opened, stop: Stop) -> Opened:
    stream = cast("BinaryIO", Following(Path(name), found.raw, stop))
    return Opened(found.name, stream, stream, None, packed=False)


def _read_lines(found: Opened, stream: BinaryIO, lines: Lines, reading: Reading, adding: Adding) -> None:
    before = 0
    try:
        for octets in blocks(reading.stop.waited(stream), LINE_OCTETS, lines.too_long):
            lines.block(octets)
            at = position(found.raw)
            reading.progress(max(at - before, 0))
            before = at
            if reading.news is not None and len(octets) < BLOCK_OCTETS // 2:  # it has caught up
                reading.news(adding)
            if reading.stop.asked:
                return
    except Broken as why:
        adding.tally.failed(found.name, str(why), 0, "", lines=0)


def _read_whole(name: str, records: Iterator[Record | Unread], of: WholeFormat, adding: Adding, stop: Stop) -> None:
    """A document's records; what breaks it off is counted as one that could not be read."""
    source = adding.tally.source(name, of.id)
    try:
        for number, record in enumerate(records, start=1):
            if isinstance(record, Unread):
                source.unread += 1
                adding.tally.failed(name, str(record), number, "")
            else:
                adding.add(record, source)
            if stop.asked:
                return
    except Broken as why:
        adding.tally.failed(name, str(why), 0, "", lines=0)


def position(raw: BinaryIO) -> int:
    """How far it is; 0 where that is not known."""
    try:
        return raw.tell()
    except OSError:
        return 0
