"""The envelopes that many products share: key=value, CEF, LEEF, JSON in JSON -> fields by their names.

Knows envelopes, no product. A field that is empty or a lone hyphen is absent.
"""

import csv
import json
import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Final, NamedTuple

type Fields = Mapping[str, str]

_PAIR: Final = re.compile(r'([\w.()/-]+)=("(?:[^"\\]|\\.)*"|[^\s"]*)(?=\s|$|,|;)')
_NEXT: Final = re.compile(r"(?:^|(?<=\s))([\w.()/-]+)=")
_CEF: Final = re.compile(r"(?:CEF:\s?)?\b[01]\|(?=[^|=]*\|[^|=]+\|[^|]*\|)")
_LEEF: Final = re.compile(r"LEEF:\s?(?P<version>[12](?:\.0)?)\|")
_MORE_HEADER: Final = re.compile(r"^(?:[^=|]*\|)+")
"""What stands before the extension where a product has a field too many in its header."""
_BAR: Final = re.compile(r"(?<!\\)\|")
_ABSENT: Final = frozenset({"", "-", "N/A", "n/a"})
JSON_CHARACTERS: Final = 1024**2


class Event(NamedTuple):
    """A line in the Common Event Format, or in LEEF."""

    vendor: str
    product: str
    event: str
    """The event's class and name."""
    fields: Fields


def pairs(text: str) -> dict[str, str]:
    """`key=value` and `key="value with spaces"`, in any order."""
    return {key: unquoted(value) for key, value in _PAIR.findall(text) if value not in _ABSENT and value != '""'}


def spaced_pairs(text: str) -> dict[str, str]:
    """`key=value` where a value may hold spaces, and ends before the next `key=` (CEF does so)."""
    found: dict[str, str] = {}
    marks = list(_NEXT.finditer(text))
    ends = [*(mark.start() for mark in marks[1:]), len(text)]
    for mark, end in zip(marks, ends, strict=False):
        value = text[mark.end() : end].strip()
        if value not in _ABSENT:
            found[mark[1]] = value.replace("\\=", "=").replace("\\|", "|")
    return found


def cef(text: str) -> Event | None:
    """The Common Event Format (Micro Focus, "ArcSight Common Event Format", rev. 25); some relays cut `CEF:` off."""
    found = _CEF.search(text)
    if found is None:
        return None
    parts = _BAR.split(text[found.end() :], maxsplit=6)
    if len(parts) < 7:
        parts = _BAR.split(text[found.end() :], maxsplit=5)
    if len(parts) < 6:
        return None
    extension = _MORE_HEADER.sub("", parts[-1])
    return Event(parts[0], parts[1], f"{parts[3]} {parts[4]}", _labelled(spaced_pairs(extension)))


def leef(text: str) -> Event | None:
    """The Log Event Extended Format (IBM): fields between tabs, or what its version 2 says."""
    found = _LEEF.search(text)
    if found is None:
        return None
    count = 5 if found["version"].startswith("2") else 4
    parts = _BAR.split(text[found.end() :], maxsplit=count)
    if len(parts) <= 4:
        return None
    delimiter = "\t"
    if count == 5 and len(parts) == 6:
        delimiter = chr(int(parts[4][1:], 16)) if re.fullmatch(r"x[0-9A-Fa-f]{2}", parts[4]) else parts[4] or "\t"
    items = (item.partition("=") for item in parts[-1].split(delimiter))
    fields = {key.strip(): value for key, equals, value in items if equals and value not in _ABSENT}
    return Event(parts[0], parts[1], parts[3], fields)


def _labelled(fields: dict[str, str]) -> dict[str, str]:
    """Custom fields by their labels too: `cs1Label=Policy cs1=X` is `Policy=X`."""
    for key, label in list(fields.items()):
        if key.endswith("Label") and (custom := fields.get(key.removesuffix("Label"))) is not None:
            fields.setdefault(label, custom)
    return fields


@lru_cache(maxsize=16)
def json_object(text: str) -> dict[str, object] | None:
    """The object of a JSON line, flat: `a.b` for what is inside; None where the line is no object.

    What a collector wrapped around it is taken off: Splunk's `{"event": {…}}`, AWS's the same, a `message` or `_raw`
    that is JSON itself. Cached, because each format is asked about the same first lines.
    """
    start = text.find("{")
    if start < 0 or len(text) > JSON_CHARACTERS or not text.rstrip().endswith(("}", "},", "}]")):
        return None
    try:
        found = json.loads(text[start:].strip().rstrip("],"))
    except (ValueError, RecursionError):
        return None
    return flat(found) if isinstance(found, dict) else None


def flat(found: dict[str, object]) -> dict[str, object]:
    """An object and what is inside it, by the path of each value."""
    kept = dict(_walk(found, "", 0))
    for wrapper in ("message", "_raw", "event"):
        inside = kept.get(wrapper)
        if isinstance(inside, str) and inside.startswith("{") and (inner := json_object(inside)) is not None:
            kept |= inner
    if isinstance(found.get("event"), dict):
        kept |= dict(_walk(found["event"], "", 0))
    return kept


def _walk(value: object, path: str, depth: int) -> Iterator[tuple[str, object]]:
    if isinstance(value, dict) and depth < 8:
        for key, inside in value.items():
            yield from _walk(inside, f"{path}.{key}" if path else str(key), depth + 1)
    elif value is not None and value not in ("", "-"):
        yield path, value


def text_of(found: Mapping[str, object], *keys: str) -> str | None:
    """The first of the fields that is there, as text."""
    for key in keys:
        value = found.get(key)
        if isinstance(value, (str, int, float)) and not isinstance(value, bool) and value not in _ABSENT:
            return str(value)
    return None


def row_of(line: str) -> list[str]:
    """The values of a CSV line; none where it is no CSV."""
    try:
        return next(csv.reader([line]), [])
    except csv.Error:
        return []


def in_turn(text: str, *patterns: re.Pattern[str]) -> bool:
    """Whether each is somewhere behind the one before it; in one go, where `.*` between them would take n² steps."""
    at = 0
    for pattern in patterns:
        found = pattern.search(text, at)
        if found is None:
            return False
        at = found.end()
    return True


def words(*parts: str | None) -> str:
    """The product's own words, one after the other; long ones are cut."""
    return " ".join(part[:200] for part in parts if part and part not in _ABSENT)


def unquoted(value: str) -> str:
    """Without the quotes around it."""
    return value[1:-1].replace('\\"', '"') if len(value) > 1 and value[0] == value[-1] == '"' else value
