"""Console blocks of the documents: what is typed, and what is printed then, with `… (cut)` for what is left out.

Knows Markdown and how output may differ from run to run: times, and numbers where they are measured.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.docs.reading import ROOT, documents

CUT = "… (cut)"

_BLOCK = re.compile(r"^( *)```console\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
_PROMPT = re.compile(r"[$#] ")
_COMMENT = re.compile(r" {2,}# .*$")
_TIME = re.compile(r"\b\d\d:\d\d:\d\d\b")
_MEASURED = re.compile(r"\d+(?:\.\d+)?")


@dataclass(frozen=True, slots=True)
class Typed:
    """One command, and what the document says that it prints."""

    command: str
    prints: tuple[str, ...]
    as_root: bool
    """Its prompt is root's."""


@dataclass(frozen=True, slots=True)
class Block:
    """One console block."""

    document: str
    number: int
    typed: tuple[Typed, ...]

    def __str__(self) -> str:
        """As a test's id."""
        return f"{self.document}:{self.number}"


def console_blocks() -> Iterator[Block]:
    """All of them, of README, docs/ and certs/README.md."""
    for path in (*documents(), ROOT / "certs" / "README.md"):
        name = str(path.relative_to(ROOT))
        for number, (indent, text) in enumerate(_BLOCK.findall(path.read_text(encoding="utf-8")), start=1):
            yield Block(name, number, tuple(_typed([line[len(indent) :] for line in text.splitlines()])))


def _typed(lines: Sequence[str]) -> Iterator[Typed]:
    starts = [at for at, line in enumerate(lines) if _PROMPT.match(line)]
    for at, end in zip(starts, [*starts[1:], len(lines)], strict=True):
        command = _COMMENT.sub("", lines[at][2:])
        yield Typed(command, tuple(lines[at + 1 : end]), as_root=lines[at].startswith("#"))


def differs(said: Sequence[str], printed: Sequence[str]) -> str | None:
    """The first line of what the document says that is not printed, in its order; None where all is."""
    at, anywhere = 0, False
    for line in said:
        if line == CUT:
            anywhere = True
            continue
        found = next((n for n in range(at, len(printed)) if _same(line, printed[n])), None)
        if found is None or (found != at and not anywhere):
            return f"{line!r}, where there is {printed[at]!r}" if at < len(printed) else f"{line!r}, where all ends"
        at, anywhere = found + 1, False
    if at < len(printed) and not anywhere:
        return f"nothing more, where there is {printed[at]!r}"
    return None


def _same(said: str, printed: str) -> bool:
    said, printed = (_TIME.sub("00:00:00", line.rstrip()) for line in (said, printed))
    if "\t" in said:
        said, printed = (_MEASURED.sub("0", line) for line in (said, printed))
    return printed.startswith(said.removesuffix(CUT).rstrip()) if said.endswith(CUT) else said == printed


def file_in(document: str, begins: str) -> str:
    """The YAML block of a document that begins so, or has that line."""
    text = (ROOT / document).read_text(encoding="utf-8")
    return next(
        block for block in re.findall(r"^```yaml\n(.*?)^```$", text, re.MULTILINE | re.DOTALL) if begins in block
    )


def shown_file(document: str, name: str) -> str:
    """What `cat NAME` prints in a document."""
    for block in console_blocks():
        for typed in block.typed:
            if block.document == document and typed.command == f"cat {name}":
                return "\n".join(typed.prints) + "\n"
    raise LookupError(f"{document} shows no {name}")


def written(folder: Path) -> None:
    """The files that the documents work with."""
    recipe = "docs/recipes/customer-list.md"
    for name in ("acme-allowlist.txt", "acme.yaml"):
        (folder / name).write_text(shown_file(recipe, name), encoding="utf-8")
    (folder / "acme-branch.yaml").write_text(file_in("docs/recipes/ticket.md", "site: acme-branch"), encoding="utf-8")
    (folder / "acme-meet.yaml").write_text(file_in("docs/vendor-policies.md", "vendor: acme-meet"), encoding="utf-8")
    log = "1795800000.000      5 10.1.2.3 TCP_DENIED/403 3900 CONNECT vevox.app:443 - HIER_NONE/- text/html\n"
    (folder / "access.log").write_text(log, encoding="utf-8")
