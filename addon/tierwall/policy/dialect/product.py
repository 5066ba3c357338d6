"""A dialect as a table: the forms of its spellings, what each covers, and the documentation that says so.

Knows how a table is read; the tables are products.py's. The first case whose form a spelling has is the one that holds.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Final

from tierwall.policy import limits
from tierwall.policy.dialect.reading import Part, Reading, Rejected

LABEL: Final = r"[a-z0-9_-]{1,63}"
NAME: Final = rf"(?P<x>(?:{LABEL}\.)*(?!(?:[0-9]+|0x[0-9a-f]*)(?![a-z0-9_.-])){LABEL})"
"""A normalised name, as group `x`: its last label is no number, or it would be an address."""

_VALID_LABEL: Final = re.compile(LABEL)
_SCHEME: Final = re.compile(r"[a-z][a-z0-9+.-]*://")


class Columns(Enum):
    """What the page about a dialect shows of a form beside its example; the names are those of example.com."""

    APEX = "example.com"
    ONE_LABEL = "www.example.com"
    TWO_LABELS = "eu.www.example.com"
    SIX_LABELS = "f.e.d.c.b.a.example.com"
    GLUED = "evilexample.com"
    OPEN_END = "example.com.evil.example"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Case:
    """One form of spelling, and what it covers; or why it covers nothing."""

    form: str
    """As the page shows it, with `x` for a domain."""
    example: str
    """A spelling of that form, about example.com where it can be."""
    matches: re.Pattern[str]
    covers: Callable[[re.Match[str]], tuple[Part, ...] | Rejected] | None = None
    """None: it is rejected."""
    why: str = ""
    """Of a form that is rejected: the reason, as one clause."""
    doubt: str | None = None
    """What the documentation does not say of it, and how it is read here."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Product:
    """A dialect: the product's spellings as its documentation has them. Never the product itself."""

    title: str
    documents: tuple[str, ...]
    """The titles of what it stands on, with the place in them."""
    cases: tuple[Case, ...]
    otherwise: str
    """Why a spelling that has none of the forms covers nothing."""
    exact: str = "{}"
    """How the one name is spelled."""
    below: str | None = None
    """How the names below a domain are spelled, with or without the domain itself; None where no spelling does."""
    note: str | None = None
    """What a reader of the page should know besides."""
    octets: bool = False
    """Whether it compares octets: an entry in U-labels stays so, and no client that sends A-labels meets it."""

    def case_of(self, spelling: str) -> tuple[Case, re.Match[str]] | None:
        """The first case whose form the spelling has."""
        for case in self.cases:
            if found := case.matches.fullmatch(spelling):
                return case, found
        return None

    def read(self, spelling: str) -> tuple[Part, ...] | Rejected:
        """What it covers. The spelling is canonical: see `canonical`."""
        if len(spelling) > limits.HOST_OCTETS + len("**./"):
            return Rejected(f"a host has at most {limits.HOST_OCTETS} octets")
        held = self.case_of(spelling)
        if held is None:
            return Rejected(self.otherwise, _about(spelling))
        case, found = held
        return Rejected(case.why, _about(spelling)) if case.covers is None else case.covers(found)


def form(text: str) -> re.Pattern[str]:
    """A regular expression in which `x` in angle brackets stands for a name."""
    return re.compile(text.replace("<x>", NAME))


def exactly(found: re.Match[str]) -> tuple[Part, ...]:
    """The name alone."""
    return (Reading(found["x"], 0, 0),)


def domain(found: re.Match[str]) -> tuple[Part, ...]:
    """The name and everything below it."""
    return (Reading(found["x"], 0, None),)


def below(found: re.Match[str]) -> tuple[Part, ...]:
    """Everything below the name, at any depth, and never the name."""
    return (Reading(found["x"], 1, None),)


def _about(spelling: str) -> str | None:
    """The domain at the end of the host, of at least two whole labels."""
    host = re.split(r"[/?@]", _SCHEME.sub("", spelling, count=1))[0].partition(":")[0]
    labels = host.removesuffix(".").split(".")
    certain: list[str] = []
    for label in reversed(labels):
        if not _VALID_LABEL.fullmatch(label):
            break
        certain.insert(0, label)
    return ".".join(certain) if len(certain) > 1 and not certain[-1].isdecimal() else None
