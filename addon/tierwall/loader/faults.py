"""Faults of policy and site files: where they are, what was expected, and the nearest right spelling.

Knows sentences only; what is wrong with a file is found by the modules that read it.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from functools import lru_cache
from pathlib import Path

_SHOWN_CHARACTERS = 60
"""Of what a file holds, so that a message stays one line."""

_LISTED_WORDS = 12
_LISTED_WITHOUT_A_NEAR_ONE = 20
"""A longer list of known words helps nobody; the nearest one is named all the same."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong with a file."""

    path: str
    """As people know it; empty where it is about a name that no file has."""
    line: int | None
    """From 1; None where the file as a whole is meant."""
    where: str
    """The place in the file's structure, such as `rules[3].ports[0]`; empty for the file as a whole."""
    message: str

    def __str__(self) -> str:
        place = self.path if self.line is None else f"{self.path}:{self.line}"
        return ": ".join(part for part in (place, self.where, self.message) if part)


class InvalidFiles(Exception):
    """Files that cannot be used, with every fault that was found in them."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(dict.fromkeys(faults))
        super().__init__(self.faults)

    def __str__(self) -> str:
        return "\n".join(str(fault) for fault in self.faults)


def by_line(faults: Iterable[Fault]) -> list[Fault]:
    """The faults of one file in the order of its lines; those of the file as a whole come first."""
    return sorted(faults, key=lambda fault: fault.line or 0)


def quoted(text: str) -> str:
    """What a file holds, as messages show it: cut, and nothing in it reaches a terminal as a control character."""
    shown = text if len(text) <= _SHOWN_CHARACTERS else text[: _SHOWN_CHARACTERS - 1] + "…"
    return "`" + "".join(c if c.isprintable() else ascii(c)[1:-1] for c in shown) + "`"


def unknown(what: str, word: str, known: Collection[str]) -> str:
    """The sentence for a word that is not among the known ones, with the nearest of them."""
    sentence = f"unknown {what} {quoted(word)}"
    nearest = _nearest(word[:_SHOWN_CHARACTERS], tuple(known))
    if nearest:
        sentence += f"; did you mean {quoted(nearest)}?"
    if not known:
        return f"{sentence}; there is none"
    if len(known) > (_LISTED_WORDS if nearest else _LISTED_WITHOUT_A_NEAR_ONE):
        return sentence
    return f"{sentence} (known: {', '.join(known)})"


def shown_path(path: Path) -> str:
    """The path as people know it: as they wrote it, or relative to where they are."""
    if path.is_absolute() and path.is_relative_to(Path.cwd()):
        return str(path.relative_to(Path.cwd()))
    return str(path)


@lru_cache(maxsize=1024)
def _nearest(word: str, known: tuple[str, ...]) -> str | None:
    lower = {spelling.lower(): spelling for spelling in known}
    matches = get_close_matches(word.lower(), lower, n=1, cutoff=0.65)
    return lower[matches[0]] if matches else None
