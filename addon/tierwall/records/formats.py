"""The table of formats, and which of them a file is in, by its first lines.

Knows names and looks; reading is the modules'. A line looks like one format at most, and a test holds that.
"""

from collections import Counter
from collections.abc import Iterable
from typing import Final

from tierwall.policy.dialect import Dialect
from tierwall.records import squid, squid_logformat
from tierwall.records.reading import Format, LineFormat, LineReader, WholeFormat

LINES: Final[tuple[LineFormat, ...]] = (
    LineFormat(
        id="squid",
        title="Squid access.log, native",
        looks=squid.looks_like_squid,
        reader=lambda: squid.read_squid,
        rows=squid.SquidRows(),
        dialect=Dialect.SQUID,
    ),
    LineFormat(
        id="squid-common",
        title="Squid access.log, common and combined",
        looks=squid_logformat.looks_like_common,
        reader=lambda: squid_logformat.read_common,
        dialect=Dialect.SQUID,
    ),
)
"""Formats whose records are lines."""

WHOLE: Final[tuple[WholeFormat, ...]] = ()
"""Formats whose file is one document or stream; asked before those of lines."""

FORMATS: Final[dict[str, Format]] = {**{each.id: each for each in LINES}, **{each.id: each for each in WHOLE}}


def format_of_line(line: str) -> LineFormat | None:
    """The format that the line looks like."""
    return next((each for each in LINES if each.looks(line)), None)


def format_of_lines(lines: Iterable[str]) -> LineFormat | None:
    """The format that most of the lines look like; None where none looks like any."""
    found = Counter(each.id for line in lines if (each := format_of_line(line)) is not None)
    if not found:
        return None
    ((best, _),) = found.most_common(1)
    return next(each for each in LINES if each.id == best)


def format_of_octets(head: bytes) -> WholeFormat | None:
    """The format of a file that is no log of lines, by how it begins."""
    return next((each for each in WHOLE if each.looks(head)), None)


def custom(declared: str) -> LineFormat:
    """What a `logformat` line of squid.conf declares. Raises squid_logformat.InvalidLogformat."""
    read: LineReader = squid_logformat.logformat(declared)
    return LineFormat(
        id="logformat",
        title="Squid access.log, as --logformat declares",
        looks=lambda _: True,
        reader=lambda: read,
        dialect=Dialect.SQUID,
    )
