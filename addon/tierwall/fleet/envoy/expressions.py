"""Regular expressions (RE2) for what Envoy has no range for: numbers between two, and counts of labels.

Source: Envoy 1.40 knows Int32RangeMatcher and has no implementation of it for destination ports.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Final

type Span = tuple[int, int]
"""The first and the last port."""

LABEL: Final = "[A-Za-z0-9_-]+"
HOST: Final = rf"({LABEL}\.)*{LABEL}\.?"
"""A name in the only spelling that is passed on: judge reads more (IDNA, percent-encoding), and Envoy refuses those."""
AUTHORITY: Final = rf"({HOST}|\[[0-9A-Fa-f:.]+\])(:[0-9]+)?"


def one_of(spans: Iterable[Span]) -> str:
    """Decimal numbers, without leading zeros, in any of the spans."""
    return "|".join(part for first, last in spans for part in _between(first, last))


def labels_before(base: str, fewest: int, most: int | None) -> str:
    """Names with so many labels before the base; letters of either case."""
    count = f"{{{fewest}}}" if fewest == most else f"{{{fewest},{'' if most is None else most}}}"
    return rf"(?i)([^.:]+\.){count}{re.escape(base)}"


def _between(first: int, last: int) -> Iterator[str]:
    """One expression for each run in which only the last digits are free: 8-123 is 8-9, 10-99, 100-119, 120-123."""
    begin = first
    for end in sorted(_ends(first, last)):
        pairs = zip(str(begin), str(end), strict=True)
        yield "".join(low if low == high else f"[{low}-{high}]" for low, high in pairs)
        begin = end + 1


def _ends(first: int, last: int) -> set[int]:
    ends = {last}
    free = 1
    while first <= (end := first // 10**free * 10**free + 10**free - 1) < last:
        ends.add(end)
        free += 1
    free = 1
    while first < (end := (last + 1) // 10**free * 10**free - 1) <= last:
        ends.add(end)
        free += 1
    return ends
