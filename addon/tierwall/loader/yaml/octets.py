"""A policy or site file -> its text, or every fault of its octets and characters.

Knows files, UTF-8 and which characters YAML allows; the structure of the text is tree.py's.
"""

import re
import stat
from collections.abc import Iterator
from pathlib import Path

from tierwall.loader.faults import Fault, InvalidFiles, shown_path
from tierwall.policy import limits

_FORBIDDEN = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""YAML 1.2 section 5.1, c-printable, turned round."""

_TAB_INDENT = re.compile(r"[ ]*\t[ \t]*\S")


def read_text(path: Path) -> str:
    """The text of a YAML file, at most 5 MB of UTF-8 in which every character is one that YAML allows.

    Raises:
        InvalidFiles: With every line that is at fault.
    """
    text = _decoded(path, _octets(path))
    if faults := [*_forbidden_characters(path, text), *_tabs(path, text)]:
        raise InvalidFiles(faults)
    return text


def open_fault(path: Path, cause: OSError) -> InvalidFiles:
    """The fault of a file that the system does not let us read."""
    match cause:
        case FileNotFoundError():
            return whole_file(path, "no such file")
        case PermissionError():
            return whole_file(path, "no permission to read it")
        case _:
            return whole_file(path, f"cannot be read: {cause.strerror or cause}")


def check_regular(path: Path) -> int:
    """The size of a regular file in octets. Raises InvalidFiles for anything else: a pipe or device could hang."""
    try:
        status = path.stat()
    except OSError as cause:
        raise open_fault(path, cause) from None
    except ValueError:
        raise whole_file(path, "no such file") from None  # a NUL in its name
    if stat.S_ISDIR(status.st_mode):
        raise whole_file(path, "is a folder; expected a file")
    if not stat.S_ISREG(status.st_mode):
        raise whole_file(path, "is not a regular file")
    return status.st_size


def _octets(path: Path) -> bytes:
    size = check_regular(path)
    if size <= limits.POLICY_FILE_OCTETS:
        try:
            with path.open("rb") as stream:
                octets = stream.read(limits.POLICY_FILE_OCTETS + 1)
        except OSError as cause:
            raise open_fault(path, cause) from None
        size = len(octets)
    if size > limits.POLICY_FILE_OCTETS:
        at_most = limits.POLICY_FILE_OCTETS // 1024**2
        raise whole_file(
            path, f"is larger than {at_most} MB; a long list of hosts belongs in a text file, named by `file:`"
        )
    return octets


def _decoded(path: Path, octets: bytes) -> str:
    try:
        return octets.decode("utf-8-sig")
    except UnicodeDecodeError as fault:
        line = octets.count(b"\n", 0, fault.start) + 1
        found = octets[fault.start]
        raise InvalidFiles(
            [Fault(shown_path(path), line, "", f"octet 0x{found:02X} is not UTF-8: save the file as UTF-8")]
        ) from None


def _forbidden_characters(path: Path, text: str) -> Iterator[Fault]:
    if not _FORBIDDEN.search(text):
        return
    for number, line in enumerate(text.split("\n"), 1):
        if found := _FORBIDDEN.search(line):
            name = "NUL" if found.group() == "\0" else f"character U+{ord(found.group()):04X}"
            yield Fault(shown_path(path), number, "", f"{name} in column {found.start() + 1} is not allowed")


def _tabs(path: Path, text: str) -> Iterator[Fault]:
    if "\t" not in text:
        return
    for number, line in enumerate(text.split("\n"), 1):
        if _TAB_INDENT.match(line):
            yield Fault(shown_path(path), number, "", "a tab in the indentation: YAML wants spaces")


def whole_file(path: Path, message: str) -> InvalidFiles:
    """The fault of a file as a whole."""
    return InvalidFiles([Fault(shown_path(path), None, "", message)])
