"""A list's file, opened: UTF-16 as UTF-8, and lines that end in a lone CR as lines.

Knows octets; what stands in them is sniffing.py's and the readers'.
"""

import codecs
import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Final

from tierwall.loader.yaml.octets import check_regular, open_fault, whole_file
from tierwall.policy.dialect import Dialect

HEAD_OCTETS: Final = 64 * 1024
"""What is looked at to find out what a file is."""

WHOLE_OCTETS: Final = 64 * 1024**2
"""A file that has to be read as a whole is not larger."""

LINE_OCTETS: Final = 4096
"""A longer line is no host pattern, and is not read into memory."""


@contextmanager
def opened(path: Path, dialect: Dialect) -> Iterator[BinaryIO]:
    """The file for reading. Squid takes a lone CR for a blank, and so its lists keep theirs.

    Raises:
        InvalidFiles: It cannot be read, or is no text.
    """
    check_regular(path)
    try:
        with path.open("rb") as stream:
            head = stream.read(HEAD_OCTETS)
            stream.seek(0)
            if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
                yield io.BytesIO(_from_utf_16(path, whole(path, stream)))
            elif b"\r" in head and b"\n" not in head and dialect is not Dialect.SQUID:
                yield io.BytesIO(whole(path, stream).replace(b"\r", b"\n"))
            else:
                yield stream
    except OSError as cause:
        raise open_fault(path, cause) from None


def whole(path: Path, stream: BinaryIO) -> bytes:
    """All that is left of it. Raises InvalidFiles where that is too large."""
    octets = stream.read(WHOLE_OCTETS + 1)
    if len(octets) > WHOLE_OCTETS:
        raise whole_file(path, f"is larger than {WHOLE_OCTETS // 1024**2} MB")
    return octets


def decoded(path: Path, stream: BinaryIO) -> str:
    """The same as text. Raises InvalidFiles where it is not UTF-8."""
    try:
        return whole(path, stream).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise whole_file(path, "is not UTF-8: save the file as UTF-8") from None


def _from_utf_16(path: Path, octets: bytes) -> bytes:
    try:
        text = octets.decode("utf-16")
    except UnicodeDecodeError:
        raise whole_file(path, "begins as UTF-16 and is not: save the file as UTF-8") from None
    return text.replace("\r\n", "\n").replace("\r", "\n").encode()
