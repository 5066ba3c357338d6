"""How vendors' documents write host patterns: as `literal` has them, and with wildcards that `literal` does not know.

Knows spellings and labels. `*cdn.example.com` and `tenant-*.example.com` are within one label, `a.*.example.com` is for
one label, and a leading `*.` is for any number of them: Microsoft 365 endpoints web service, sets 8 and 51.
"""

import re
from typing import Final

from tierwall.policy.dialect.reading import ONE, SOME, NamePart, Reading, Shape

_PATTERN: Final = re.compile(r"(?:[a-z0-9_*-]{1,63}\.)+[a-z0-9_-]{1,63}\.(?=[a-z0-9_-]*[a-z])[a-z0-9_-]{1,63}")


def vendors_pattern(spelling: str) -> bool:
    """Whether a canonical spelling is one that a vendor policy may hold beside the plain ones."""
    return _PATTERN.fullmatch(spelling) is not None and "**" not in spelling


def vendors_part(pattern: str) -> NamePart:
    """What a pattern of a vendor policy covers; it was checked when it was loaded."""
    base = pattern.removeprefix("*.")
    if "*" not in base:
        return Reading(base, 1, None) if base != pattern else Reading(base, 0, 0)
    first, *others = pattern.split(".")
    labels = [SOME if first == "*" else first, *(ONE if label == "*" else label for label in others)]
    return Shape(pattern, tuple(labels))


def certain_end(pattern: str) -> str:
    """The name at the end of a vendor's pattern, behind every wildcard."""
    part = vendors_part(pattern)
    return part.base if isinstance(part, Reading) else part.tail


def example_of(pattern: str, filling: str) -> str:
    """A name that the pattern covers, with the filling where the wildcards are."""
    return pattern.replace("*", filling)
