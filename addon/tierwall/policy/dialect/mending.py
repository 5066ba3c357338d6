"""Which spelling closes a gap in a list: what to write, in place of what, and what that covers besides.

Knows one gap at a time. A spelling is proposed only after the dialect has read it back.
"""

from dataclasses import dataclass
from typing import Final

from tierwall.policy.dialect import Dialect, NamePart, Reading, Rejected, Shape, read, spelled

IN_USE: Final = 5
"""Labels before a vendor's domain: no host in use has more, so that a dialect that stops there misses nothing."""


SHOWN: Final = 5
"""Entries to leave out that are named; the rest are counted."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """An entry to write."""

    entry: str
    closes: Reading
    """The gap."""
    in_place_of: tuple[str, ...] = ()
    """Entries to leave out, because the product takes no list with both."""
    besides: tuple[NamePart, ...] = ()
    """What it covers that was not asked for."""
    short: bool = False
    """Whether it stops after so many labels that no host in use has more."""

    def __str__(self) -> str:
        words = f"`{self.entry}`"
        if self.in_place_of:
            shown = [f"`{each}`" for each in self.in_place_of[:SHOWN]]
            more = len(self.in_place_of) - len(shown)
            words += f" for {', '.join(shown)}" + (f" and {more} more" if more else "")
        said = [f"also covers {' and '.join(map(_said, self.besides))}"] if self.besides else []
        if self.short:
            said.append("stops after five labels")
        return f"{words} ({'; '.join(said)})" if said else words


def proposal(dialect: Dialect, pattern: str) -> Proposal | None:
    """What covers all that a plain pattern of a vendor does, `x` or `*.x`; None where no spelling does."""
    base = pattern.removeprefix("*.")
    gap = Reading(base, 0, 0) if base == pattern else Reading(base, 1, None)
    entry = spelled(dialect, pattern)
    if entry is None:
        return None
    found = read(dialect, entry)
    parts = () if isinstance(found, Rejected) else tuple(part for part in found if isinstance(part, Reading | Shape))
    closing = next((part for part in parts if isinstance(part, Reading) and _closes(part, gap)), None)
    if closing is None:
        return None
    others = tuple(part for part in parts if part is not closing)
    short = gap.most is None and closing.most is not None
    return Proposal(entry, gap, besides=(*_more(closing, gap), *others), short=short)


def replaced(dialect: Dialect, entry: str, listed: tuple[str, ...]) -> tuple[str, ...]:
    """Which entries of a list must go when that one comes: Squid starts with no list that has both."""
    if dialect is not Dialect.SQUID:
        return ()
    name = entry.removeprefix(".")
    if entry == name:
        return tuple(each for each in dict.fromkeys(listed) if each == f".{name}")
    below = f".{name}"
    return tuple(each for each in dict.fromkeys(listed) if each == name or (each.endswith(below) and each != entry))


def _closes(part: Reading, gap: Reading) -> bool:
    if part.base != gap.base or part.fewest > gap.fewest:
        return False
    return part.most is None or part.most >= (IN_USE if gap.most is None else gap.most)


def _more(part: Reading, gap: Reading) -> tuple[Reading, ...]:
    """What of a reading is outside the gap."""
    if gap.fewest == 0:
        return () if part.most == 0 else (Reading(part.base, 1, part.most),)
    return () if part.fewest == gap.fewest else (Reading(part.base, 0, 0),)


def _said(part: NamePart) -> str:
    if isinstance(part, Shape):
        return f"names such as {part.example()}"
    return part.base if part.most == 0 else f"every name below {part.base}"
