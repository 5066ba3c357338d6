"""A hash that a JSON object carries of itself, so that who gets it can tell whether anybody changed it since.

It shows changes, not who wrote it: whoever changes an object can seal it again. Knows JSON and SHA-256.
"""

import hashlib
import json
from collections.abc import Mapping
from typing import Final

KEY: Final = "sha256"


def sealed(value: Mapping[str, object]) -> dict[str, object]:
    """The object with its hash, as the last key."""
    return {**{key: inside for key, inside in value.items() if key != KEY}, KEY: _digest(value)}


def intact(value: Mapping[str, object]) -> bool | None:
    """Whether it is as it was when it was sealed; None where it never was."""
    return None if KEY not in value else value[KEY] == _digest(value)


def sha256(text: str) -> str:
    """Of ASCII text, in hexadecimal."""
    return hashlib.sha256(text.encode()).hexdigest()


def _digest(value: Mapping[str, object]) -> str:
    """However it is indented, and in whatever order its keys come (as RFC 8785 has it, but for numbers)."""
    rest = {key: inside for key, inside in value.items() if key != KEY}
    return sha256(json.dumps(rest, sort_keys=True, separators=(",", ":")))
