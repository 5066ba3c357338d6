"""How files spell durations, amounts and rates -> numbers in seconds, octets and octets a second.

Knows one value at a time, and raises ValueError with the whole sentence; a number without its unit is one.
"""

import re
from typing import Final

from tierwall.loader.faults import quoted
from tierwall.policy.behaviour.parameters import Octets, OctetsPerSecond, Seconds

_SECONDS: Final = {"ms": 0.001, "s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0, "d": 86400.0}
_OCTETS: Final = {"b": 1, "kb": 1000, "kib": 1024, "mb": 1000**2, "mib": 1024**2, "gb": 1000**3, "gib": 1024**3}
_BITS: Final = {"bit": 1, "kbit": 1000, "mbit": 1000**2, "gbit": 1000**3}
_LONGEST_S: Final = 10 * 365 * 86400.0

_MEASURE: Final = re.compile(r"([0-9]+(?:\.[0-9]+)?) ?([A-Za-z]*)")
_RATE: Final = re.compile(r"([0-9]+(?:\.[0-9]+)?) ?([A-Za-z]+)/s")

DURATION_PATTERN: Final = r"^[0-9]+(\.[0-9]+)? ?(ms|s|m|min|h|d)$"
OCTETS_PATTERN: Final = r"^[0-9]+(\.[0-9]+)? ?([kMG]i?)?B$"
RATE_PATTERN: Final = r"^[0-9]+(\.[0-9]+)? ?([kMG]?bit|([kMG]i?)?B)/s$"


def duration(raw: object) -> Seconds:
    """`250ms`, `60s`, `10m`, `1h`. Raises ValueError."""
    number, unit = _parts(raw, "a duration", "60s", "10m", "250ms")
    if not unit:
        raise ValueError(f"{quoted(str(raw))} has no unit: write {raw}s for seconds, {raw}ms for milliseconds")
    if unit.lower() not in _SECONDS:
        raise ValueError(f"{quoted(str(raw))}: unknown unit {quoted(unit)} (known: {', '.join(_SECONDS)})")
    seconds = number * _SECONDS[unit.lower()]
    if not 0 < seconds <= _LONGEST_S:
        raise ValueError(f"{quoted(str(raw))} must be more than nothing and less than ten years")
    return Seconds(seconds)


def octets(raw: object) -> Octets:
    """`1500B`, `64KiB`, `1MB`. Raises ValueError."""
    number, unit = _parts(raw, "an amount of data", "64KiB", "1MB", "1500B")
    if not unit:
        raise ValueError(f"{quoted(str(raw))} has no unit: write {raw}B for octets, {raw}KiB for 1,024 of them each")
    if unit.lower() not in _OCTETS:
        raise ValueError(f"{quoted(str(raw))}: unknown unit {quoted(unit)} (known: B, kB, KiB, MB, MiB, GB, GiB)")
    found = round(number * _OCTETS[unit.lower()])
    if found < 1:
        raise ValueError(f"{quoted(str(raw))} must be at least 1B")
    return Octets(found)


def rate(raw: object) -> OctetsPerSecond:
    """`512kbit/s`, `2Mbit/s`, `64kB/s`. Raises ValueError."""
    match = _RATE.fullmatch(raw) if isinstance(raw, str) else None
    unit = match[2].lower() if match is not None else ""
    if match is None or unit not in (*_BITS, *_OCTETS):
        raise ValueError(f"{quoted(str(raw))} is not a rate; expected e.g. 512kbit/s, 2Mbit/s or 64kB/s")
    each = _BITS[unit] / 8 if unit in _BITS else _OCTETS[unit]
    found = round(float(match[1]) * each)
    if found < 1:
        raise ValueError(f"{quoted(str(raw))} must be at least 1B/s")
    return OctetsPerSecond(found)


def _parts(raw: object, what: str, *examples: str) -> tuple[float, str]:
    match = None if isinstance(raw, bool) else _MEASURE.fullmatch(str(raw))
    if match is None:
        raise ValueError(f"{quoted(str(raw))} is not {what}; expected e.g. {', '.join(examples)}")
    return float(match[1]), match[2]
