"""A document for a terminal: wrapped at words, nothing at the ends of lines, coloured where the terminal is."""

from collections.abc import Iterator, Sequence
from typing import Final

from rich.console import Console, RenderableType
from rich.text import Text

from tierwall.events.hostile_text import visible
from tierwall.report.document import Document, Item, Mood, Section, Table
from tierwall.report.indented import Indented
from tierwall.report.wording import TIER_STYLES

SHOWN: Final = 15
"""Rows of each table; the other forms have all."""

_STYLES: Final = {Mood.BAD: "bold red", Mood.GOOD: "bold green", Mood.OPEN: "bold yellow"}
_WIDEST: Final = 44
"""Columns of a cell that is followed by another."""


def print_document(document: Document, console: Console) -> None:
    """All of it."""
    for line in document.lead:
        console.print(Indented(Text(visible(line), "bold"), 0))
    for line in document.warnings:
        console.print(Indented(Text(visible(line), "yellow"), 0))
    for section in document.sections:
        console.print()
        for each in _section(section):
            console.print(each, soft_wrap=isinstance(each, Text))


def _section(section: Section) -> Iterator[RenderableType]:
    yield Indented(Text(visible(section.title), _STYLES[section.mood]), 0)
    for line in section.lead:
        yield Indented(Text(visible(line)), 2)
    for item in section.items:
        yield from _item(item)
    if section.table is not None:
        yield from _table(section.table, 2)


def _item(item: Item) -> Iterator[RenderableType]:
    name = Text(visible(item.name), "bold")
    if item.tier is not None:
        name.append(f"  {item.tier}", TIER_STYLES[item.tier])
    yield Indented(name, 2)
    if item.text:
        yield Indented(Text(visible(item.text)), 4)
    if item.table is not None:
        yield from _table(item.table, 4)


def _table(table: Table, indent: int) -> Iterator[RenderableType]:
    """Columns as wide as what they hold; the last one wraps behind the others."""
    rows = [tuple(visible(cell) for cell in row) for row in table.rows[:SHOWN]]
    widths = [_width(table, rows, at) for at in range(len(table.head) - 1)]
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
    if (more := len(table.rows) - SHOWN) > 0:
        yield Indented(Text(f"… and {more:,} more", "dim"), indent)


def _width(table: Table, rows: Sequence[tuple[str, ...]], at: int) -> int:
    return min(max(len(row[at]) for row in [table.head, *rows]), _WIDEST)
