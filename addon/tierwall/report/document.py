"""A report as a value: headings, sentences, tables, and cases for test runners. as_*.py show it, one module a form.

Knows structure only. All text is data: each form escapes it in its own way, and none of it is markup.
"""

from dataclasses import dataclass
from enum import StrEnum

from tierwall.policy.model import Tier


class Mood(StrEnum):
    """How a section or case is meant."""

    BAD = "bad"
    GOOD = "good"
    OPEN = "open"
    """Nothing is known, or nothing can be said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Rows under a head; a row's cells are as many as the head's."""

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numbers: frozenset[int] = frozenset()
    """Columns that hold numbers."""
    codes: frozenset[int] = frozenset()
    """Columns that hold hosts, entries and words of products."""
    words: frozenset[int] = frozenset()
    """Columns of one word that says how something is: `broken`, `core`. Forms with colours colour it."""

    def filled(self) -> "Table":
        """The same without columns that no row has anything in."""
        kept = [column for column in range(len(self.head)) if any(row[column] for row in self.rows)]
        at = {column: place for place, column in enumerate(kept)}
        return Table(
            head=tuple(self.head[column] for column in kept),
            rows=tuple(tuple(row[column] for column in kept) for row in self.rows),
            numbers=frozenset(at[column] for column in self.numbers & at.keys()),
            codes=frozenset(at[column] for column in self.codes & at.keys()),
            words=frozenset(at[column] for column in self.words & at.keys()),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """A named thing with a sentence about it, and a table below."""

    name: str
    tier: Tier | None = None
    text: str = ""
    table: Table | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """Lines that are to be copied as they are: commands, entries, data."""

    text: str
    title: str = ""
    sha256: str | None = None
    """Of the text in UTF-8, where it is data."""
    folded: bool = False
    """Long and for programs: a page shows it when it is asked for, other forms name it and leave it out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """What one question is answered with."""

    title: str
    mood: Mood
    lead: tuple[str, ...] = ()
    items: tuple[Item, ...] = ()
    table: Table | None = None
    blocks: tuple[Block, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A line for a test runner: GOOD passed, BAD failed, OPEN was skipped."""

    group: str
    name: str
    mood: Mood
    message: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """The whole report."""

    title: str
    lead: tuple[str, ...]
    warnings: tuple[str, ...] = ()
    sections: tuple[Section, ...]
    cases: tuple[Case, ...]
