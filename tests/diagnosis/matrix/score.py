"""A site's row: what was to be named, what was, and whether that is right.

Knows values; a time, a rate or a delay may be a tenth off.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from tests.diagnosis.matrix.sites import CLOSED, Seen
from tierwall.diagnosis import Diagnosed

OFF: Final = 0.10
_UNITS: Final = {"s": 1.0, "ms": 0.001, "m": 60.0, "h": 3600.0, "kbit/s": 1.0}


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One site."""

    site: str
    expected: tuple[str, ...]
    named: tuple[str, ...]
    """With parameters, the best first."""
    faults: tuple[str, ...]
    """What is wrong with it; nothing where it is right."""
    undecided: tuple[str, ...]
    unseen: tuple[str, ...]


def row(site: str, seen: Seen, closed: list[str], diagnosed: Diagnosed) -> Row:
    """Hold one against the other."""
    expected = {name: dict(values) for name, values in seen.behaviours.items()}
    if CLOSED in expected and closed:
        expected[CLOSED]["closed"] = closed
    named = {each.behaviour: each for each in diagnosed.diagnoses}
    faults = [f"{name} is not named" for name in expected if name not in named]
    faults += [f"{name} is named, and is not there" for name in named if name not in expected]
    for name in expected.keys() & named.keys():
        measured = named[name].parameters
        faults += [
            f"{name}: {key} is {measured.get(key)}, not {value}"
            for key, value in expected[name].items()
            if not _same(measured.get(key), value)
        ]
    faults += [f"unexplained: {each}" for each in diagnosed.unexplained]
    return Row(
        site=site,
        expected=tuple(_shown(name, values) for name, values in expected.items()),
        named=tuple(_shown(each.behaviour, each.parameters) for each in diagnosed.diagnoses),
        faults=tuple(faults),
        undecided=tuple(" or ".join(each.between) for each in diagnosed.undecided),
        unseen=tuple(f"{name}: {why}" for name, why in seen.unseen.items()),
    )


def _same(measured: object, value: object) -> bool:
    if isinstance(value, list):
        return isinstance(measured, tuple) and sorted(measured) == sorted(value)
    number, meant = _number(measured), _number(value)
    if number is not None and meant is not None:
        return abs(number - meant) <= OFF * meant
    return measured == value


def _number(value: object) -> float | None:
    found = re.fullmatch(r"([\d.]+)(s|ms|m|h|kbit/s)", value) if isinstance(value, str) else None
    return float(found.group(1)) * _UNITS[found.group(2)] if found else None


def _shown(name: str, parameters: Mapping[str, object]) -> str:
    words = [f"{key}: {', '.join(map(str, v)) if isinstance(v, (tuple, list)) else v}" for key, v in parameters.items()]
    return f"{name} ({'; '.join(words)})" if words else name
