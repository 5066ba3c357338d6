"""The W3C extended log format, as ProxySG (Blue Coat, Symantec, Broadcom) and others write it.

Source: W3C working draft WD-logfile-960323; Broadcom, "ProxySG Log Fields and Substitutions". A `#Fields:` line rules
the rows behind it and may come again. A row with more or fewer fields than it declares is not read: which field is
missing cannot be known. blue_coat.py knows what the values mean.
"""

import re
from typing import Final

from tierwall.records.proxies.blue_coat import read_fields
from tierwall.records.record import Record, Unread

_HEADER: Final = re.compile(r"#(?:Fields|Software|Version|Date|Start-Date|End-Date|Remark)\s*:", re.IGNORECASE)
TOKEN: Final = re.compile(r'"((?:[^"\\]|\\.|"")*)"|(\S+)')


def looks_like_elff(line: str) -> bool:
    """A header; the rows look like nothing without one."""
    return _HEADER.match(line) is not None


class ElffReader:
    """Reads rows by the last header."""

    def __init__(self) -> None:
        self._fields: list[str] = []

    def __call__(self, line: str) -> Record | None:
        """One line. Raises Unread."""
        if _HEADER.match(line):
            word, _, rest = line.partition(":")
            if word.lower() == "#fields":
                self._fields = rest.split()
            return None
        if not self._fields:
            raise Unread("has no #Fields header before it")
        values = [quoted or plain for quoted, plain in TOKEN.findall(line)]
        if len(values) != len(self._fields):
            more = "more" if len(values) > len(self._fields) else "fewer"
            raise Unread(f"has {more} fields than its #Fields header declares: which are which cannot be known")
        return read_fields(
            {name: value for name, value in zip(self._fields, values, strict=True) if value not in _ABSENT}
        )


_ABSENT: Final = frozenset({"-", ""})
