"""The lines of a file -> records in a tally, whatever format they are in.

Knows lines and formats; where the octets come from is the shell's. A line that the file's format cannot read is tried
against the others, because files are put together from several; one that nobody reads is counted, and never stops it.
"""

import re
from collections.abc import Iterator
from typing import Final

from tierwall.audit.tally import Adding
from tierwall.records.formats import format_of_line, format_of_lines
from tierwall.records.reading import LineFormat, LineReader
from tierwall.records.record import Unread

UNKNOWN: Final = "unknown"
"""The format of lines that look like none."""

LINE_OCTETS: Final = 256 * 1024
LOOKED_AT: Final = 200
"""Lines at the beginning of a file by which its format is found."""

_SMALL: Final = 16 * 1024
_COMMENT: Final = re.compile(r"\s*(?:#|//|;)")
_CONTROLS: Final = re.compile(r"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
TOO_LONG: Final = f"is longer than {LINE_OCTETS:,} octets"
BINARY: Final = "is no text"
NO_FORMAT: Final = "looks like no format that is known"


class Lines:
    """Reads one file's blocks of whole lines into a tally."""

    def __init__(self, file: str, adding: Adding, of: LineFormat | None = None, *, said: bool = True) -> None:
        """`of` the format, where that is known; it is found out from the first block otherwise.

        Where somebody said it, lines of other formats are not looked for.
        """
        self._file = file
        self._adding = adding
        self._said = of is not None and said
        self._format = of
        self._readers: dict[str, LineReader] = {}
        self._number = 0
        self._started = False

    def block(self, octets: bytes) -> None:
        """Count what stands on these lines; all but the file's last end in LF."""
        if not self._started:
            self._started = True
            octets = octets.removeprefix(b"\xef\xbb\xbf")
            if self._format is None:
                head = [line for line in self._texts(octets[: 4 * LINE_OCTETS]) if line.strip()]
                self._format = format_of_lines(head[:LOOKED_AT])
            self._adding.tally.source(self._file, self._format.id if self._format else UNKNOWN)
        self._rows(octets)

    def end(self) -> None:
        """The file has ended: an empty one is a source too."""
        self._adding.tally.source(self._file, self._format.id if self._format else UNKNOWN)

    @property
    def count(self) -> int:
        """How many lines there were."""
        return self._number

    def too_long(self) -> None:
        """A line came that nobody would want in memory."""
        self._number += 1
        self._fail(TOO_LONG, "")

    def _rows(self, octets: bytes) -> None:
        """Many lines at once where the format can; where one among them is odd, it is looked for by halves."""
        rows = self._format.rows if self._format else None
        count = octets.count(b"\n")
        if self._format is None or rows is None or not octets.endswith(b"\n"):
            self._lines(octets)
            return
        found = rows.rows(octets)
        if len(found) == count:
            self._number += count
            self._adding.add_rows(found, rows, self._adding.tally.source(self._file, self._format.id))
        elif len(octets) <= _SMALL:
            self._lines(octets)
        else:
            half = octets.rfind(b"\n", 0, len(octets) // 2) + 1 or octets.find(b"\n") + 1
            if half >= len(octets):
                self._lines(octets)
                return
            self._rows(octets[:half])
            self._rows(octets[half:])

    def _lines(self, octets: bytes) -> None:
        for text in self._texts(octets):
            self._number += 1
            if text and not text.isspace():
                self._line(text)

    def _line(self, text: str) -> None:
        if _CONTROLS.search(text):
            self._fail(BINARY, text)
            return
        current = self._format
        try:
            if current is None:
                raise Unread(NO_FORMAT)
            self._read(current, text)
        except Unread as why:
            other = None if self._said else format_of_line(text)
            if other is None or other is current:
                self._not_read(text, str(why))
                return
            try:
                self._read(other, text)
            except Unread:
                self._fail(str(why), text)

    def _not_read(self, text: str, why: str) -> None:
        if _COMMENT.match(text):
            self._adding.tally.source(self._file, self._format.id if self._format else UNKNOWN).headers += 1
        else:
            self._fail(why, text)

    def _read(self, of: LineFormat, text: str) -> None:
        reader = self._readers.get(of.id)
        if reader is None:
            reader = self._readers[of.id] = of.reader()
        record = reader(text)
        source = self._adding.tally.source(self._file, of.id)
        if record is None:
            source.headers += 1
        else:
            self._adding.add(record, source)

    def _fail(self, kind: str, text: str) -> None:
        tally = self._adding.tally
        tally.source(self._file, self._format.id if self._format else UNKNOWN).unread += 1
        tally.failed(self._file, kind, self._number, text)

    @staticmethod
    def _texts(octets: bytes) -> Iterator[str]:
        lines = octets.split(b"\n")
        if lines and not lines[-1]:
            lines.pop()
        return (line.removesuffix(b"\r").decode(errors="replace") for line in lines)
