"""The directives of a Squid configuration, as its parser finds them: joined lines, `if`, `include`, words.

Knows src/cache_cf.cc, parseOneConfigFile(), and src/ConfigParser.cc; what a directive means is rules.py's. Files that
it names are looked for beside the configuration and below, wherever they were on the customer's machine.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Final

from tierwall.loader.faults import Fault, InvalidFiles, quoted, shown_path
from tierwall.loader.yaml.octets import check_regular, open_fault, whole_file

DEPTH: Final = 16
"""So deep may files include others, as in Squid."""
FILE_OCTETS: Final = 64 * 1024**2

_BLANKS: Final = " \t"
_WORD: Final = re.compile(r"[^ \t\n\r]+")
_PATTERN: Final = re.compile(r"(?:\\.|[^ \t\n\r\\])+")
_QUOTED: Final = re.compile(r"(['\"])((?:\\.|(?!\1).)*)\1(?=[ \t]|$)")
_EQUATION: Final = re.compile(r"\s*(-?(?:0[xX][0-9a-fA-F]+|[0-9]+))\s*=\s*(-?(?:0[xX][0-9a-fA-F]+|[0-9]+))\s*")


@dataclass(frozen=True, slots=True)
class Directive:
    """One, with where it begins."""

    path: Path
    line: int
    name: str
    rest: str
    """What stands behind its name, comments too."""

    @property
    def place(self) -> str:
        """For messages."""
        return f"{self.path.name}:{self.line}"

    def fault(self, message: str) -> Fault:
        """Something that is wrong with it."""
        return Fault(shown_path(self.path), self.line, "", message)

    def refused(self, message: str) -> InvalidFiles:
        """The same, raised: what Squid does not start with."""
        return InvalidFiles([self.fault(message)])


@dataclass(slots=True)
class Reading:
    """What is known of the files while they are read."""

    top: Path
    quoted_values: bool = False
    """`configuration_includes_quoted_values on`: quotes are around values, and no longer around files."""
    files: list[Path] = field(default_factory=list)

    def beside(self, directive: Directive, name: str) -> Path:
        """The file of that name: below the configuration's folder, by as much of its path as is there.

        Raises:
            InvalidFiles: There is none.
        """
        folder = self.top.parent
        parts = PurePosixPath(name).parts
        for at in range(len(parts)):
            tail = [part for part in parts[at:] if part not in {"/", "..", "."}]
            found = folder.joinpath(*tail)
            if tail and found.is_file() and found.resolve().is_relative_to(folder.resolve()):
                check_regular(found)
                if found not in self.files:
                    self.files.append(found)
                return found
        last = parts[-1] if parts else name
        raise directive.refused(f"{quoted(name)} is another file: put {quoted(last)} beside {quoted(self.top.name)}")


def directives(reading: Reading) -> Iterator[Directive]:
    """All that Squid would obey, in their order.

    Raises:
        InvalidFiles: Squid does not start with it, or a file that it names is not there.
    """
    yield from _of_file(reading, reading.top, 0)


def words(reading: Reading, text: str) -> Iterator[tuple[str, bool]]:
    """The words of a directive up to a comment, each with whether it stood in quotes."""
    at = 0
    while True:
        while at < len(text) and text[at] in " \t\n\r":
            at += 1
        if at >= len(text) or text[at] == "#":
            return
        if reading.quoted_values and (found := _QUOTED.match(text, at)):
            yield re.sub(r"\\(.)", r"\1", found[2]), True
        elif found := _WORD.match(text, at):
            yield found.group(), False
        else:
            return
        at = found.end()


def patterns(text: str) -> Iterator[str]:
    """The same of regular expressions, in which a backslash keeps a blank within the word."""
    at = 0
    while found := _PATTERN.search(text, at):
        if found.group().startswith("#"):
            return
        yield found.group()
        at = found.end()


def file_lines(path: Path) -> Iterator[tuple[int, str]]:
    """The entries of a list file: a line each, with comments at the start or behind a blank."""
    for number, line in enumerate(_text(path).split("\n"), 1):
        entry = re.split(r"(?:^|[ \t\r])[ \t\r]*#", line, maxsplit=1)[0].strip(" \t\r")
        if entry:
            yield number, entry


def _of_file(reading: Reading, path: Path, depth: int) -> Iterator[Directive]:
    conditions: list[bool] = []
    last = Directive(path, 1, "", "")
    for number, line in _joined(path):
        name = line.replace("\t", " ").partition(" ")[0]
        directive = last = Directive(path, number, name, line[len(name) :].strip(_BLANKS))
        match name:
            case "if":
                conditions.append(_true(directive))
            case "else" | "endif" if not conditions:
                raise directive.refused(f"`{name}` without `if`")
            case "else":
                conditions[-1] = not conditions[-1]
            case "endif":
                conditions.pop()
            case _ if conditions and not conditions[-1]:
                pass
            case "include":
                yield from _included(reading, directive, depth)
            case _:
                yield directive
    if conditions:
        raise last.refused("an `if` without `endif`")


def _joined(path: Path) -> Iterator[tuple[int, str]]:
    """Lines without comments and blanks around them; one that ends in a backslash goes on in the next that is left."""
    begun, number_of_begun = "", 0
    for number, physical in enumerate(_text(path).split("\n"), 1):
        line = physical.partition("\r")[0].lstrip(_BLANKS)
        if not line or line.startswith("#"):
            continue
        number_of_begun = number_of_begun if begun else number
        begun += line
        if begun.endswith("\\"):
            begun = begun[:-1]
            continue
        yield number_of_begun, begun.rstrip(_BLANKS)
        begun = ""


def _text(path: Path) -> str:
    try:
        if check_regular(path) > FILE_OCTETS:
            raise whole_file(path, f"is larger than {FILE_OCTETS // 1024**2} MB")
        return path.read_bytes().decode(errors="surrogateescape")
    except OSError as cause:
        raise open_fault(path, cause) from None


def _included(reading: Reading, directive: Directive, depth: int) -> Iterator[Directive]:
    if depth >= DEPTH:
        raise directive.refused(f"files include each other more than {DEPTH} deep")
    for name in directive.rest.split():
        glob = PurePosixPath(name)
        if any(character in glob.name for character in "*?["):
            found = sorted(each for each in reading.top.parent.rglob(glob.name) if each.is_file())
            if not found:
                raise directive.refused(f"no file {quoted(glob.name)} is beside {quoted(reading.top.name)} or below")
            reading.files += [each for each in found if each not in reading.files]
        else:
            found = [reading.beside(directive, name)]
        for each in found:
            yield from _of_file(reading, each, depth + 1)


def _true(directive: Directive) -> bool:
    expression = directive.rest
    if expression in {"true", "false"}:
        return expression == "true"
    if found := _EQUATION.fullmatch(expression):
        return int(found[1], 0) == int(found[2], 0)
    raise directive.refused(f"Squid cannot evaluate {quoted(expression)}")
