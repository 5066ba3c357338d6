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


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """A named thing with a sentence about it, and a table below."""

    name: str
    tier: Tier | None = None
    text: str = ""
    table: Table | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """What one question is answered with."""

    title: str
    mood: Mood
    lead: tuple[str, ...] = ()
    items: tuple[Item, ...] = ()
    table: Table | None = None


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
