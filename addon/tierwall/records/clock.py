"""Timestamps as logs write them -> seconds since 1970 in UTC. A clock that names no zone is read as UTC.

Knows spellings. A second's text is read once and remembered: lines of one second share it.
"""

import re
from datetime import UTC, datetime, timedelta, timezone
from functools import lru_cache
from typing import Final

_OFFSET: Final = re.compile(r"([+-])(\d{1,2}):?(\d{2})?")
_NAMES: Final = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTHS: Final = {name: at for at, name in enumerate(_NAMES, start=1)}
_CLF: Final = re.compile(r"(\d{1,2})/(\w{3}|\d{2})/(\d{4})[: ](\d\d):(\d\d):(\d\d)(?: ([+-]\d{4}))?")
_DATED: Final = re.compile(
    r"(?:[A-Za-z]{3},? )?(?:(?P<a>[A-Za-z]{3})[a-z]* +(?P<b>\d{1,2})|(?P<c>\d{1,2}) (?P<d>[A-Za-z]{3})[a-z]*),?"
    r"(?: (?P<y>\d{4}))?"
    r"[ T](?P<h>\d\d):(?P<m>\d\d):(?P<s>\d\d)(?:[.,]\d+)?(?: (?P<z>[+-]\d{4}|GMT|UTC|Z))?(?: (?P<y2>\d{4}))?"
)


@lru_cache(maxsize=8192)
def iso(text: str, offset: str | None = None) -> float | None:
    """RFC 3339 and what looks like it: `2024-03-22 16:16:01`, `2018/11/30T16:44:36.5+0100`; `offset` as `-0500`."""
    try:
        found = datetime.fromisoformat(text.strip().replace("/", "-").replace(",", "."))
    except ValueError:
        return None
    return _seconds(found, offset)


@lru_cache(maxsize=8192)
def clf(text: str) -> float | None:
    """The common log format's: `05/Feb/2025:11:31:06 +0100`, also with the month in digits."""
    found = _CLF.match(text)
    if found is None:
        return None
    day, month, year, *time = found.groups()
    number = int(month) if month.isdecimal() else _MONTHS.get(month.lower(), 0)
    return _made(int(year), number, int(day), [int(part) for part in time[:3]], time[3])


@lru_cache(maxsize=8192)
def dated(text: str) -> float | None:
    """A month by name and a year: `Fri Dec 31 07:07:07 2021`, `Mon, 20 Jan 2025 10:00:00 GMT`; None without a year."""
    found = _DATED.match(text.strip())
    if found is None or not (year := found["y"] or found["y2"]):
        return None
    month = _MONTHS.get((found["a"] or found["d"]).lower(), 0)
    time = [int(found[key]) for key in "hms"]
    return _made(int(year), month, int(found["b"] or found["c"]), time, found["z"])


def epoch(text: str | float | int | None) -> float | None:
    """Seconds, milliseconds, microseconds or nanoseconds since 1970, told apart by their size."""
    try:
        number = float(text) if text is not None else 0.0
    except ValueError:
        return None
    if not 1e8 <= number < 1e20:
        return None
    while number >= 1e11:
        number /= 1000
    return number


def any_of(text: object, offset: str | None = None) -> float | None:
    """A time in whichever of these spellings."""
    if isinstance(text, (int, float)):
        return epoch(text)
    if not isinstance(text, str) or not text:
        return None
    if text.replace(".", "", 1).isdecimal():
        return epoch(text)
    return iso(text, offset) or clf(text) or dated(text)


def _made(year: int, month: int, day: int, time: list[int], offset: str | None) -> float | None:
    hour, minute, second = time
    try:
        return _seconds(datetime(year, month, day, hour, minute, second), offset)  # noqa: DTZ001 - the zone comes next
    except ValueError:
        return None


def _seconds(found: datetime, offset: str | None) -> float | None:
    if found.tzinfo is None:
        found = found.replace(tzinfo=_zone(offset))
    try:
        return found.timestamp()
    except (OverflowError, ValueError):
        return None


def _zone(offset: str | None) -> timezone:
    found = _OFFSET.fullmatch(offset.strip()) if offset else None
    if found is None:
        return UTC
    hours, minutes = int(found[2]), int(found[3] or 0)
    if hours > 14:
        return UTC
    shift = timedelta(hours=hours, minutes=minutes)
    return timezone(-shift if found[1] == "-" else shift)
