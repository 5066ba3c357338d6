"""Lists with an entry a line: anybody's, a PAN-OS dynamic list's, Squid's, and lines pasted from somewhere.

Knows comments and what people leave around a host when they copy it; what an entry covers is its dialect's to say.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final

from tierwall.loader.faults import Fault, InvalidFiles, shown_path
from tierwall.loader.lists.octets import LINE_OCTETS

_BLANKS: Final = b" \t\r\n"
_BLANK_THEN_COMMENT: Final = re.compile(rb"(?:^|[ \t\r\n])[ \t\r\n]*#")
_COMMENT: Final = re.compile(r"\s*(?:#|;|//)")
_INVISIBLE: Final = dict.fromkeys(map(ord, "\u200b\u200c\u200d\u2060\ufeff\u00ad"))
_BULLET: Final = re.compile(r"^(?:[-*+•·▪◦–—]|\d{1,3}[.)])\s+(?=\S)")
_AROUND: Final = "`'\"“”‘’„«»<>()|,; \t\u00a0"
_MARKDOWN: Final = re.compile(r"^\[([^\]\s]+)\]\([^)]*\)$")
_DEFANGED_SCHEME: Final = re.compile(r"^h[xX]{2}p(s?)(?=\[?:)")
_DEFANGED: Final = re.compile(r"\[([.:])\]|\(([.])\)|\{([.])\}|\[dot\]", re.IGNORECASE)
_URL: Final = re.compile(r"^[a-z][a-z0-9+.-]*://([^/?#\s]*)[/?#]?.*$", re.IGNORECASE)


def lines(stream: BinaryIO, comment: bytes = b"#") -> Iterator[tuple[int, bytes]]:
    """What stands on each line, from 1, without comments; empty lines are left out, long ones cut."""
    number = 0
    while octets := stream.readline(LINE_OCTETS):
        number += 1
        whole = rest = octets.endswith(b"\n") or len(octets) < LINE_OCTETS
        while not rest:
            chunk = stream.readline(LINE_OCTETS)
            rest = chunk.endswith(b"\n") or len(chunk) < LINE_OCTETS
        if number == 1:
            octets = octets.removeprefix(b"\xef\xbb\xbf")
        before, found, _ = octets.partition(comment)
        if kept := before.strip() if whole or found else octets:
            yield number, kept


def plain_list(path: Path, stream: BinaryIO) -> Iterator[tuple[int, str]]:
    """An entry a line. Raises InvalidFiles where a line is not UTF-8."""
    return ((line, decoded(path, line, octets)) for line, octets in lines(stream))


def dynamic_list(path: Path, stream: BinaryIO) -> Iterator[tuple[int, str]]:
    """The same of PAN-OS: what follows behind a space is a comment."""
    for line, octets in lines(stream, b"#"):
        text = decoded(path, line, octets)
        if not _COMMENT.match(text):
            yield line, text if _BULLET.match(text) else text.split(maxsplit=1)[0]


def squid_list(path: Path, stream: BinaryIO) -> Iterator[tuple[int, str]]:
    """The same of Squid: an entry a line, whatever is in it; a comment begins a line, or stands behind a blank.

    As Squid's ConfigParser::strtokFile() reads it: a byte order mark stays where it is, and so does a `;`.
    """
    for line, octets in enumerate(iter(lambda: stream.readline(LINE_OCTETS), b""), 1):
        entry = _BLANK_THEN_COMMENT.split(octets, maxsplit=1)[0].strip(_BLANKS)
        if entry:
            yield line, decoded(path, line, entry)


def decoded(path: Path, line: int, octets: bytes) -> str:
    """A line as text. Raises InvalidFiles."""
    try:
        return octets.decode()
    except UnicodeDecodeError:
        raise InvalidFiles([Fault(shown_path(path), line, "", "is not UTF-8: save the file as UTF-8")]) from None


def unwrapped(text: str) -> str | None:
    """The host in a line pasted from a page, a mail or Word; None where nothing around it can be taken off."""
    found = text.translate(_INVISIBLE).replace("\u00a0", " ").strip()
    found = _BULLET.sub("", found)
    link = _MARKDOWN.match(found)
    found = (link[1] if link else found).strip(_AROUND)
    found = _DEFANGED_SCHEME.sub(r"http\1", found)
    found = _DEFANGED.sub(lambda at: at[1] or at[2] or at[3] or ".", found)
    if found == text or " " in found or not found:
        return None
    url = _URL.match(found)
    return url[1] if url else found
