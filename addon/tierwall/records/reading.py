"""What a format is: how its lines look, and who reads them. The table of them all is formats.py's.

Knows forms. A reader is made anew for each file, because a header rules the lines behind it.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import BinaryIO, Protocol

from tierwall.policy.dialect import Dialect
from tierwall.records.record import Record, Statement, Unread

type LineReader = Callable[[str], Record | None]
"""The record of one line, without its end; None where it is a header or a comment. Raises Unread."""


class Rows(Protocol):
    """Reads many lines at once: for formats whose logs have hundreds of millions."""

    def rows(self, octets: bytes) -> list[tuple[bytes, ...]]:
        """Of whole lines: when, client, then what the statement is made of; of fewer rows than lines, none counts."""

    def statement(self, essence: tuple[bytes, ...]) -> Statement:
        """What a row says, by all but its first two values."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LineFormat:
    """A format whose records are lines."""

    id: str
    title: str
    looks: Callable[[str], bool]
    """Whether a line is of this format, and of no other."""
    reader: Callable[[], LineReader]
    rows: Rows | None = None
    dialect: Dialect | None = None
    """How the product spells lists, where that is known."""
    headed: bool = False
    """Whether a header rules the lines behind it, so that the file cannot be read from its middle."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WholeFormat:
    """A format whose file is one document or stream."""

    id: str
    title: str
    looks: Callable[[bytes], bool]
    """Whether a file that begins so is of this format."""
    read: Callable[[BinaryIO], Iterator[Record | Unread]]
    """Its records in their order. What breaks the file off comes last, as Unread."""


type Format = LineFormat | WholeFormat
