"""Text that clients sent, made fit for a line that somebody will `cat`: cut, escaped, redacted.

Whatever comes in is data; nothing here raises.
"""

import re
from enum import Enum
from typing import Final

# How many octets of JSON a value may take: together they leave room for one break in the longest line.
URL_OCTETS: Final = 1024
NAME_OCTETS: Final = 300
TEXT_OCTETS: Final = 512
"""User agent, detail, symptom, the cause of a failed dial."""
FAULT_OCTETS: Final = 4096
"""The message of a fault: a file's every error at once."""
ID_OCTETS: Final = 128
"""Ids of vendors, services, rules, sites, events; refusals, behaviours, methods."""

CUT_MARK = "…[cut]"
"""Ends every value that was cut."""

UNSAFE = re.compile(
    "["
    "\x00-\x1f\x7f-\x9f"  # C0, DEL, C1: what terminals act on
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # bidi controls: they reorder what a reader sees
    "\u2028\u2029"  # line and paragraph separator: some readers break lines there
    "\ufeff"  # byte order mark, invisible
    "]"
)
"""Characters that leave this program only in a spelled-out form."""

_PLAIN: Final = re.compile(r"[ !#-\[\]-~]*").fullmatch
"""Printable ASCII that JSON does not spell out."""

_SURROGATE = re.compile("[\ud800-\udfff]")
_CREDENTIALS = re.compile(r"(^|//)[^/?#]*@")


class Queries(Enum):
    """Whether URLs keep their queries; `?jwt=…` is the key to a meeting."""

    REDACTED = "redacted"
    KEPT = "kept"


def cut(text: str, octets: int) -> str:
    """The text within so many octets of JSON, marked where it was cut; lone surrogates spelled out."""
    if len(text) <= octets and _PLAIN(text) is not None:
        return text
    return _cut(_SURROGATE.sub(_spelled, text[: octets + 1]), octets)


def cut_if_any(text: str | None, octets: int) -> str | None:
    """The same for a text that may be absent."""
    return None if text is None else cut(text, octets)


def redact_url(url: str, queries: Queries = Queries.REDACTED) -> str:
    """The URL without credentials and fragment, and without what its query says unless that is to be kept."""
    url = _CREDENTIALS.sub(r"\1", url.partition("#")[0], count=1)
    path, mark, _ = url.partition("?")
    return f"{path}?[redacted]" if mark and queries is Queries.REDACTED else url


def visible(text: str) -> str:
    r"""The text with everything that a terminal might act on spelled out, as `\x1b` or `\u202e`."""
    if text.isascii() and text.isprintable():
        return text
    return _SURROGATE.sub(_spelled, UNSAFE.sub(_spelled, text))


def json_escaped(text: str) -> str:
    r"""JSON text with the unsafe characters that JSON itself lets stand spelled out as `\u009b`."""
    return UNSAFE.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def _spelled(found: re.Match[str]) -> str:
    code = ord(found[0])
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"


def _cut(text: str, octets: int) -> str:
    spent = 0
    room_for_mark = octets - len(CUT_MARK.encode())
    keep = 0
    for at, character in enumerate(text):
        spent += _octets(character)
        if spent > octets:
            return text[:keep] + CUT_MARK
        if spent <= room_for_mark:
            keep = at + 1
    return text


def _octets(character: str) -> int:
    """What the character takes in a line, at most."""
    if character in '"\\':
        return 2
    if character <= "~" and character >= " ":
        return 1
    return 6 if UNSAFE.match(character) else len(character.encode())
