"""A document for a terminal: wrapped at words, nothing at the ends of lines, coloured where the terminal is."""

from collections.abc import Iterator, Sequence
from typing import Final

from rich.console import Console, RenderableType
from rich.text import Text

from tierwall.events.hostile_text import visible
from tierwall.report.document import Block, Document, Item, Mood, Section, Table
from tierwall.report.indented import Indented
from tierwall.report.wording import TIER_STYLES

SHOWN: Final = 15
"""Rows of each table; the other forms have all."""

_STYLES: Final = {Mood.BAD: "bold red", Mood.GOOD: "bold green", Mood.OPEN: "bold yellow"}
_WIDEST: Final = 44
"""Columns of a cell that is followed by another."""
_NARROWEST: Final = 20
"""Columns that are left for a table's last cell, at least."""
_FEW: Final = 3
"""Columns of a table that stays one on any terminal."""


def print_document(document: Document, console: Console) -> None:
    """All of it."""
    for line in document.lead:
        console.print(Indented(Text(visible(line), "bold"), 0))
    for line in document.warnings:
        console.print(Indented(Text(visible(line), "yellow"), 0))
    for section in document.sections:
        console.print()
        for each in _section(section, console.width):
            console.print(each, soft_wrap=isinstance(each, Text))


def _section(section: Section, width: int) -> Iterator[RenderableType]:
    yield Indented(Text(visible(section.title), _STYLES[section.mood]), 0)
    for line in section.lead:
        yield Indented(Text(visible(line)), 2)
    for item in section.items:
        yield from _item(item, width)
    if section.table is not None:
        yield from _table(section.table, 2, width)
    for block in section.blocks:
        yield from _block(block)


def _block(block: Block) -> Iterator[RenderableType]:
    if block.folded:
        digest = f", SHA-256 {block.sha256}" if block.sha256 is not None else ""
        yield Indented(Text(f"{visible(block.title)}: in the HTML form{digest}", "dim"), 2)
        return
    for line in block.text.splitlines():
        yield Indented(Text(visible(line)), 4)


def _item(item: Item, width: int) -> Iterator[RenderableType]:
    name = Text(visible(item.name), "bold")
    if item.tier is not None:
        name.append(f"  {item.tier}", TIER_STYLES[item.tier])
    yield Indented(name, 2)
    if item.text:
        yield Indented(Text(visible(item.text)), 4)
    if item.table is not None:
        yield from _table(item.table, 4, width)


def _table(table: Table, indent: int, width: int) -> Iterator[RenderableType]:
    """Columns as wide as what they hold; the last one wraps behind the others. A block a row where that is too wide."""
    rows = [tuple(visible(cell) for cell in row) for row in table.rows[:SHOWN]]
    widths = [_width(table, rows, at) for at in range(len(table.head) - 1)]
    before_last = indent + sum(widths) + 2 * len(widths)
    if len(table.head) > _FEW and width - before_last < _NARROWEST:
        yield from _stacked(table, rows, indent)
    else:
        yield from _columns(table, rows, widths, indent)
    if (more := len(table.rows) - SHOWN) > 0:
        yield Indented(Text(f"… and {more:,} more", "dim"), indent)


def _stacked(table: Table, rows: Sequence[tuple[str, ...]], indent: int) -> Iterator[RenderableType]:
    """Each row as lines of a heading and what stands under it."""
    longest = max(map(len, table.head))
    for number, row in enumerate(rows):
        if number:
            yield Text("")
        for head, cell in zip(table.head, row, strict=True):
            if cell:
                lead = Text(" " * indent + head.ljust(longest) + "  ", "dim")
                yield Indented(Text(cell), indent + longest + 2, lead)


def _columns(
    table: Table, rows: Sequence[tuple[str, ...]], widths: Sequence[int], indent: int
) -> Iterator[RenderableType]:
    for number, row in enumerate([table.head, *rows]):
        style = "dim" if number == 0 else ""
        lead = Text(" " * indent, style)
        for at, cell in enumerate(row[:-1]):
            lead.append(cell.rjust(widths[at]) if at in table.numbers else cell.ljust(widths[at]), style)
            lead.append("  ")
            if len(cell) > widths[at]:  # a long name keeps a line of its own
                yield lead
                lead = Text(" " * (indent + sum(widths[: at + 1]) + 2 * (at + 1)))
        if row[-1]:
            yield Indented(Text(row[-1], style), indent + sum(widths) + 2 * len(widths), lead)
        else:
            lead.rstrip()
            yield lead


def _width(table: Table, rows: Sequence[tuple[str, ...]], at: int) -> int:
    return min(max(len(row[at]) for row in [table.head, *rows]), _WIDEST)
