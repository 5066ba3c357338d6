"""How many tries a second, by outcome and tier, over the whole run: at most BUCKETS columns, however long that is.

Knows seconds and counts. A column is a power of two seconds wide; where they do not suffice, all become twice as wide.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from tierwall.dashboard.picture.outcome import OUTCOMES
from tierwall.policy.model import Tier

BUCKETS: Final = 480
TIERS: Final = tuple(Tier)
SERIES: Final = len(OUTCOMES) * len(TIERS)
"""Numbers in a column: of each outcome, those of each tier."""


@dataclass(slots=True)
class Timeline:
    """The columns. `start` is the first second, since 1970."""

    start: int = 0
    width_s: int = 1
    columns: list[list[int]] = field(default_factory=list)

    def column(self, second: int) -> int:
        """Which one this second is in; a clock that went back counts for the first. Makes room for it."""
        if not self.columns:
            self.start = second
        at = max(0, (second - self.start) // self.width_s)
        while at >= BUCKETS:
            self.widen()
            at = (second - self.start) // self.width_s
        while len(self.columns) <= at:
            self.columns.append([0] * SERIES)
        return at

    def of(self, first: int, last: int) -> int:
        """The columns between two seconds, as a bit for each."""
        if last < first or not self.columns:
            return 0
        low = max(0, (first - self.start) // self.width_s)
        high = min(len(self.columns) - 1, (last - self.start) // self.width_s)
        return ((1 << (high + 1)) - 1) & ~((1 << low) - 1) if high >= low else 0

    def widen(self) -> None:
        """Columns that are twice as wide."""
        self.width_s *= 2
        pairs = [self.columns[at : at + 2] for at in range(0, len(self.columns), 2)]
        self.columns = [[sum(counts) for counts in zip(*pair, strict=True)] for pair in pairs]


def bits_of(columns: int) -> Iterator[int]:
    """Which columns these bits stand for."""
    while columns:
        lowest = columns & -columns
        yield lowest.bit_length() - 1
        columns ^= lowest


def widened(bits: int) -> int:
    """What columns' bits become where the columns became twice as wide."""
    text = f"{bits:b}"
    text = text.zfill(len(text) + len(text) % 2)
    return int("".join("01"[text[at : at + 2] != "00"] for at in range(0, len(text), 2)), 2)
