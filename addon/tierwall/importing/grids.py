"""Tables in HTML, Markdown, CSV or a pasted page -> cells of text, under the heading that they stand below.

Knows text forms of tables; what a column means is tables.py's.
"""

import csv
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Final

_HEADING: Final = re.compile(r"(#{1,6})\s+(.+?)\s*#*")
_BREAK: Final = re.compile(r"(?i)<br\s*/?>")
_LINK: Final = re.compile(r"!?\[([^\[\]]*)\]\([^()\s]*(?:\s\"[^\"]*\")?\)")
_RULE_CELL: Final = re.compile(r":?-+:?")
_COMMENT: Final = re.compile(r"<!--.*?-->", re.DOTALL)
_COLUMNS: Final = re.compile(r"\s{2,}")
_SPAN_AT_MOST: Final = 200
_BLOCKS: Final = {"p", "div", "li", "br", "ul", "ol", "tr", "pre"}
_SILENT: Final = {"script", "style", "template"}


@dataclass(frozen=True, slots=True)
class Grid:
    """A table: its first row may be headings."""

    heading: str
    """What stands above it; empty where nothing does."""
    rows: tuple[tuple[str, ...], ...]


def grids(text: str) -> tuple[Grid, ...]:
    """Every table of the text that has at least two rows and two columns."""
    if re.search(r"(?i)<table[\s>]", text):
        found: Iterable[Grid] = _html(text)
    elif sum(1 for line in text.splitlines() if line.strip().startswith("|")) > 1:
        found = _markdown(text)
    else:
        found = _delimited(text)
    return tuple(grid for grid in found if len(grid.rows) > 1 and max(map(len, grid.rows)) > 1)


# HTML


@dataclass(slots=True)
class _Span:
    text: str
    rows_left: int


@dataclass(slots=True)
class _Table:
    heading: str
    rows: list[tuple[str, ...]] = field(default_factory=list)
    row: list[str] | None = None
    hanging: dict[int, _Span] = field(default_factory=dict)


class _Tables(HTMLParser):
    """Cells with a line for each block in them; a cell that spans several rows or columns stands in each."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.grids: list[Grid] = []
        self._heading = ""
        self._tables: list[_Table] = []
        self._text: list[str] | None = None
        self._span = (1, 1)
        self._silent = 0
        self._in_heading = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        match tag:
            case "table":
                self._tables.append(_Table(self._heading))
            case "tr" if self._tables:
                self._end_row()
                self._tables[-1].row = []
            case "td" | "th" if self._tables:
                self._end_cell()
                self._text, self._span = [], (_number(attrs, "rowspan"), _number(attrs, "colspan"))
            case "h1" | "h2" | "h3" | "h4" | "h5" | "h6" | "caption":
                self._heading, self._in_heading = "", True
            case _ if tag in _SILENT:
                self._silent += 1
            case _ if tag in _BLOCKS and self._text is not None:
                self._text.append("\n")
            case _:
                pass

    def handle_endtag(self, tag: str) -> None:
        match tag:
            case "table" if self._tables:
                self._end_row()
                table = self._tables.pop()
                self.grids.append(Grid(table.heading or self._heading, tuple(table.rows)))
            case "tr" if self._tables:
                self._end_row()
            case "td" | "th" if self._tables:
                self._end_cell()
            case "h1" | "h2" | "h3" | "h4" | "h5" | "h6" | "caption":
                self._in_heading = False
            case _ if tag in _SILENT:
                self._silent = max(self._silent - 1, 0)
            case _ if tag in _BLOCKS and self._text is not None:
                self._text.append("\n")
            case _:
                pass

    def handle_data(self, data: str) -> None:
        if self._silent:
            return
        if self._in_heading:
            self._heading = " ".join(f"{self._heading} {data}".split())
        elif self._text is not None:
            self._text.append(re.sub(r"\s+", " ", data))

    def _end_cell(self) -> None:
        if self._text is None or not self._tables:
            return
        table = self._tables[-1]
        text = _lines("".join(self._text))
        if table.row is None:
            table.row = []
        _fill(table)
        rows, columns = self._span
        for _ in range(columns):
            if rows > 1:
                table.hanging[len(table.row)] = _Span(text, rows - 1)
            table.row.append(text)
        self._text = None

    def _end_row(self) -> None:
        self._end_cell()
        table = self._tables[-1]
        if table.row is not None:
            _fill(table)
            if any(table.row):
                table.rows.append(tuple(table.row))
            table.row = None


def _fill(table: _Table) -> None:
    """Put what hangs down from earlier rows into its columns."""
    row = table.row if table.row is not None else []
    while (span := table.hanging.get(len(row))) is not None:
        span.rows_left -= 1
        if span.rows_left == 0:
            del table.hanging[len(row)]
        row.append(span.text)


def _number(attrs: list[tuple[str, str | None]], name: str) -> int:
    text = dict(attrs).get(name) or "1"
    return min(max(int(text), 1), _SPAN_AT_MOST) if text.isdecimal() else 1


def _html(text: str) -> list[Grid]:
    parser = _Tables()
    parser.feed(text)
    parser.close()
    return parser.grids


# Markdown


def _markdown(text: str) -> Iterator[Grid]:
    heading, rows = "", list[tuple[str, ...]]()
    for line in [*_COMMENT.sub("", text).splitlines(), ""]:
        bare = line.strip()
        if bare.startswith("|"):
            cells = tuple(map(_plain, re.split(r"(?<!\\)\|", bare.strip("|"))))
            if len(rows) != 1 or not all(_RULE_CELL.fullmatch(cell.replace(" ", "")) for cell in cells):
                rows.append(cells)
            continue
        if rows:
            yield Grid(heading, tuple(rows))
            rows = []
        if found := _HEADING.fullmatch(bare):
            heading = _plain(found[2])


def _plain(cell: str) -> str:
    text = _LINK.sub(r"\1", _BREAK.sub("\n", cell.replace("\\|", "|")))
    return _lines(re.sub(r"[`]|\*\*(?=\w)|(?<=\w)\*\*|^__|__$", "", text))


def _lines(text: str) -> str:
    return "\n".join(line for raw in text.split("\n") if (line := " ".join(raw.split())))


# CSV, and what a page becomes when it is copied


def _delimited(text: str) -> Iterator[Grid]:
    delimiter = None if "\t" in text else next((mark for mark in (";", ",", "|") if _is_delimited_by(mark, text)), None)
    if delimiter is not None:
        rows = [tuple(map(_lines, row)) for row in csv.reader(text.splitlines(), delimiter=delimiter) if any(row)]
        yield Grid("", tuple(row[:-1] if row[-1] == "" and delimiter == "|" else row for row in rows))
        return
    heading, found = "", list[tuple[str, ...]]()
    for line in [*text.splitlines(), ""]:
        cells = tuple(map(_lines, line.split("\t"))) if "\t" in line else tuple(filter(None, _COLUMNS.split(line)))
        if len(cells) > 1:
            found.append(cells)
            continue
        if found:
            yield Grid(heading, tuple(found))
            found = []
        if cells:
            heading = cells[0]


def _is_delimited_by(mark: str, text: str) -> bool:
    """Whether the lines that hold the mark are most of them, and hold it equally often."""
    counts = [line.count(mark) for line in text.splitlines() if line.strip()]
    having = [count for count in counts if count]
    return len(having) > 1 and len(having) * 2 > len(counts) and len(set(having[:50])) <= 2 + (mark in ",;")
