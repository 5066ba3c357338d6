"""Cisco Umbrella, exported CSV: proxy and DNS logs, without a header.

Source: Cisco Umbrella, "Log Formats and Versioning" (proxy logs, DNS logs, versions 1 to 10: columns are added at the
end). The verdict is the seventh column of proxy logs, the sixth of DNS logs. Times are UTC.
"""

import re
from typing import Final

from tierwall.records.clock import iso
from tierwall.records.destination import of_question
from tierwall.records.fields import row_of, words
from tierwall.records.http_log import by_url, by_words, statement
from tierwall.records.record import Decision, Record, Unread

_LOOKS: Final = re.compile(r'^"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d","')
_VERDICTS: Final = {
    "allowed": Decision.ALLOWED,
    "blocked": Decision.DENIED,
    "proxied": Decision.ALLOWED,
    "warned": Decision.DENIED,
    "isolated": Decision.ALLOWED,
}
_TYPE: Final = re.compile(r"\d+ \(\w+\)|Other")
_CATEGORIES, _BLOCKED_CATEGORIES = 15, 22


def looks_like_umbrella(line: str) -> bool:
    """A quoted time first, and a verdict where one of the two kinds has it."""
    return _row(line) is not None


def read_umbrella(line: str) -> Record:
    """One row. Raises Unread."""
    row = _row(line)
    if row is None:
        raise Unread("is no row of Umbrella's proxy or DNS logs")
    return _dns(row) if _is_dns(row) else _proxy(row)


def _row(line: str) -> list[str] | None:
    if not _LOOKS.match(line):
        return None
    row = row_of(line)
    if _is_dns(row) or (len(row) > 8 and row[6].lower() in _VERDICTS):
        return row
    return None


def _is_dns(row: list[str]) -> bool:
    return len(row) > 8 and row[5].lower() in _VERDICTS and _TYPE.fullmatch(row[6]) is not None


def _proxy(row: list[str]) -> Record:
    category = row[_CATEGORIES] if len(row) > _CATEGORIES else ""
    blocked = row[_BLOCKED_CATEGORIES] if len(row) > _BLOCKED_CATEGORIES else ""
    said = by_words(_VERDICTS, row[6])
    why = blocked or (category if said is Decision.DENIED else "")
    method = next((value for value in row[25:26] if value.isupper() and value.isalpha()), None)
    return Record(
        statement(said, by_url(row[7], "https"), words(row[6], why), method), iso(row[0]), row[2] or row[3] or row[1]
    )


def _dns(row: list[str]) -> Record:
    blocked = row[12] if len(row) > 12 else ""
    said = by_words(_VERDICTS, row[5])
    if said is Decision.ALLOWED and row[7] not in {"NOERROR", ""}:
        said = Decision.ERROR
    return Record(
        statement(said, of_question(row[8]), words(row[5], row[7], blocked)), iso(row[0]), row[3] or row[4] or row[1]
    )
