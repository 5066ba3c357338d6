"""A table for terminals of any width: what matters least goes first, and words are never cut.

Knows widths only. Which column matters how much is said by whoever makes the table.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from rich.console import Console, ConsoleOptions, RenderResult
from rich.table import Table
from rich.text import Text

_GAP: Final = 2
"""Columns between two of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One of a table."""

    heading: str
    rank: int
    """1 stays to the last; the greatest goes first."""
    justify: Literal["left", "right"] = "left"
    wraps: int | None = None
    """It may be as narrow as this, and wraps at words; None: each cell is one line."""


@dataclass(frozen=True, slots=True)
class Narrowing:
    """Rows under columns, as many of them as there is room for."""

    columns: Sequence[Column]
    rows: Sequence[Sequence[Text]]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """As rich asks for it."""
        shown = self.fitting(options.max_width)
        table = Table(box=None, pad_edge=False, padding=(0, _GAP, 0, 0), show_edge=False, header_style="dim")
        for at in shown:
            column = self.columns[at]
            table.add_column(column.heading, justify=column.justify, overflow="fold", no_wrap=column.wraps is None)
        for row in self.rows:
            table.add_row(*(row[at] for at in shown))
        yield table

    def fitting(self, width: int) -> list[int]:
        """The columns, by number, that fit; at least the one that matters most."""
        shown = list(range(len(self.columns)))
        while len(shown) > 1 and sum(self._least(at) for at in shown) + _GAP * (len(shown) - 1) > width:
            shown.remove(max(shown, key=lambda at: self.columns[at].rank))
        return shown

    def _least(self, at: int) -> int:
        """How narrow it may become."""
        column = self.columns[at]
        natural = max(cell_len for cell_len in self._lengths(at))
        return natural if column.wraps is None else min(natural, column.wraps)

    def _lengths(self, at: int) -> Iterator[int]:
        yield len(self.columns[at].heading)
        yield from (row[at].cell_len for row in self.rows)
