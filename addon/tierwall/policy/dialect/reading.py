"""What a host pattern covers, whoever's spelling it is: plain readings, odd shapes, addresses, and nothing.

Knows labels and their order, no products; how a lookup finds them among a million is index.py's and shapes.py's.
"""

from dataclasses import dataclass
from typing import Final

from tierwall.policy.model import Network

ONE: Final = "^"
"""In a shape: exactly one label."""
SOME: Final = "+"
"""In a shape: one or more labels."""
ANY: Final = "…"
"""In a shape: any number of labels, none too."""

_RUNS: Final = frozenset({ONE, SOME, ANY})


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
class Shape:
    """What no count of labels before a base can say: an open end, a glued suffix, a wildcard in the middle."""

    spelling: str
    """As the list has it."""
    labels: tuple[str, ...]
    """From the left: a label as it is, one with `*` in it (any characters of that label), or ONE, SOME or ANY."""

    @property
    def tail(self) -> str:
        """The labels behind the last that holds a wildcard: all that is certain of the end of a name."""
        certain: list[str] = []
        for label in reversed(self.labels):
            if label in _RUNS or "*" in label:
                break
            certain.insert(0, label)
        return ".".join(certain)

    def example(self) -> str:
        """A name that it covers, and of the kind that nobody meant: `evil8x8.com`, `8x8.vc.evil.example`."""
        last = len(self.labels) - 1
        names = {ONE: "any", SOME: "any", ANY: ""}
        found = [
            "evil.example" if at == last and label in _RUNS else names.get(label, label.replace("*", "evil"))
            for at, label in enumerate(self.labels)
        ]
        return ".".join(label for label in found if label)


type NamePart = Reading | Shape
"""What covers names."""

type Part = NamePart | Network
"""A spelling covers what its parts cover together. A network: addresses that stand where hosts do."""


@dataclass(frozen=True, slots=True)
class Rejected:
    """A spelling that the dialect does not know: it admits nothing."""

    why: str
    about: str | None = None
    """The domain that it is probably about, where one can be seen in it."""
