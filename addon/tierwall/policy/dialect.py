"""How one firewall product reads a host pattern: a spelling becomes what it covers, or a reason why not.

Knows spellings and label counts; which entries a site has, and what they decide, is index.py's and judge.py's.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import assert_never


class Dialect(StrEnum):
    """The products whose reading can be reproduced."""

    LITERAL = "literal"
    """`x` is x alone, `*.x` is one or more labels before x and never x itself. The catalogue is always read so."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What a spelling covers: names with `fewest` to `most` labels before `base` (None: any number)."""

    base: str
    fewest: int
    most: int | None

    def cover(self, labels_before: int) -> bool:
        """Whether a name with so many labels before the base is covered; 0 is the base itself."""
        return self.fewest <= labels_before and (self.most is None or labels_before <= self.most)


@dataclass(frozen=True, slots=True)
class Rejected:
    """A spelling that the dialect does not know: it admits nothing."""

    why: str


def read(dialect: Dialect, spelling: str) -> Reading | Rejected:
    """What that product takes the spelling to cover. The spelling is normalised (lower case, A-labels)."""
    match dialect:
        case Dialect.LITERAL:
            return _literal(spelling)
        case _:
            assert_never(dialect)


def _literal(spelling: str) -> Reading | Rejected:
    base = spelling.removeprefix("*.")
    if "*" in base or not base:
        return Rejected("a wildcard must be a whole leading label, `*.`")
    if base != spelling:
        return Reading(base, 1, None)
    return Reading(base, 0, 0)
