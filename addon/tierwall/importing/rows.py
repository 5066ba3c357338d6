"""What an importer reads of a document, row by row, before it is a policy.

Knows values as the document has them, normalised. What becomes of rows is drafting.py's.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from tierwall.policy.model import Direction, Network, Ports, Protocol, Tier


class UnreadableDocument(ValueError):
    """The text is no document of that form; the message says where, and what was expected."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """The service that a row is for, as far as the document says it."""

    id: str
    title: str
    protocol: Protocol = Protocol.UNSPECIFIED
    tier_word: str | None = None
    """The document's own word for how much it is needed."""
    symptom: str | None = None
    """What users see without it, where the document says that."""
    optional: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row or set of a document."""

    id: str
    section: str
    served: Served
    hosts: tuple[str, ...] = ()
    networks: tuple[Network, ...] = ()
    ports: tuple[Ports, ...] = ()
    anywhere: bool = False
    asns: tuple[int, ...] = ()
    paths: tuple[str, ...] = ()
    direction: Direction = Direction.EGRESS
    category: str | None = None
    region: str | None = None
    note: str | None = None
    facts: Mapping[str, str] = field(default_factory=dict)
    """What `--only` can ask for."""
    doubts: tuple[str, ...] = ()
    """What a person has to decide about this row."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A whole document."""

    rows: tuple[Row, ...]
    tier_words: Mapping[str, Tier] = field(default_factory=dict)
    """The document's words for tiers, each with what it is taken for until a person has decided."""
    doubts: tuple[str, ...] = ()
    """What a person has to decide about the document as a whole."""


_SHOWN: Final = 12

NOT_SAID: Final = "Not known: the document asks for this, and does not say what users see without it."
"""The symptom of a service until a person has written one."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which rows are wanted: those for which all conditions of one of the terms hold; all where there is no term."""

    terms: tuple[tuple[tuple[str, str], ...], ...] = ()

    def takes(self, facts: Mapping[str, str]) -> bool:
        """Whether a row with these facts is wanted. Words are compared without their case."""
        return not self.terms or any(
            all(facts.get(key, "").casefold() == value.casefold() for key, value in term) for term in self.terms
        )


def wanted(spelled: Iterable[str]) -> Wanted:
    """`KEY=VALUE`, or several of them with commas, which then all have to hold.

    Raises:
        ValueError: One is spelled otherwise.
    """
    terms = []
    for text in spelled:
        parts = [part.partition("=") for part in text.split(",")]
        if not all(key.strip() and equals and value.strip() for key, equals, value in parts):
            raise ValueError(f"`{text}` is not KEY=VALUE, as in serviceArea=Skype or service=EC2,region=eu-west-1")
        terms.append(tuple((key.strip(), value.strip()) for key, _, value in parts))
    return Wanted(tuple(terms))


def chosen(reading: Reading, which: Wanted) -> tuple[Row, ...]:
    """The rows that are wanted.

    Raises:
        UnreadableDocument: None is, with what could be asked for.
    """
    rows = tuple(row for row in reading.rows if which.takes(row.facts))
    if not rows:
        known = {key: sorted({row.facts[key] for row in reading.rows if key in row.facts}) for key in _keys(reading)}
        listed = "; ".join(f"{key}: {_first(values)}" for key, values in known.items())
        raise UnreadableDocument(f"no row is what --only asks for ({listed or 'its rows have nothing to choose by'})")
    return rows


def _keys(reading: Reading) -> dict[str, None]:
    return dict.fromkeys(key for row in reading.rows for key in row.facts)


def _first(values: list[str]) -> str:
    return ", ".join(values[:_SHOWN]) + (", …" if len(values) > _SHOWN else "")
