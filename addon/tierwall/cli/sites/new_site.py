"""`tierwall new-site`: the site file for what a customer sent, and what lint says of it.

Knows how a site file is written; what is in the lists is the loader's, what is odd about the site is lint's.
"""

import os
import re
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tierwall.cli.faults import BadInput
from tierwall.cli.output import talk, write
from tierwall.cli.sites.lint import lint, print_text
from tierwall.events.hostile_text import visible
from tierwall.loader.faults import Fault, InvalidFiles, shown_path
from tierwall.loader.lists.drafting import Draft, draft
from tierwall.loader.lists.formats import Export, ListFormat
from tierwall.policy.dialect import Dialect

SAID_AT_MOST: Final = 50
"""Comments on what could not be placed, of one list; the rest are counted."""

_SCHEMA: Final = Path(__file__).parents[1] / "schemas" / "site.schema.json"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What was asked for."""

    lists: tuple[Path, ...]
    dialect: Dialect | None = None
    column: str | None = None
    output: Path | None = None
    site: str | None = None
    title: str | None = None


def new_site(wanted: Wanted) -> int:
    """Write the site file, then lint it: 1 where lint warns. Raises BadInput."""
    drafts = _drafts(wanted)
    if wanted.output is not None and wanted.output.exists():
        raise BadInput([f"{wanted.output}: is there already: choose another name with -o, or remove it"])
    folder = Path.cwd() if wanted.output is None else wanted.output.absolute().parent
    text = "\n".join(_lines(wanted, drafts, folder)) + "\n"
    if wanted.output is None:
        write(text.rstrip("\n"))
    else:
        try:
            wanted.output.write_text(text, encoding="utf-8")
        except OSError as cause:
            raise BadInput([f"{wanted.output}: cannot be written: {cause.strerror}"]) from None
        talk().print(f"wrote {visible(str(wanted.output))}")
    return _linted(wanted, drafts)


def _drafts(wanted: Wanted) -> list[tuple[Path, Draft]]:
    made: list[tuple[Path, Draft]] = []
    faults: list[Fault] = []
    for path in wanted.lists:
        try:
            made.append((path, draft(Export(path, wanted.dialect or Dialect.LITERAL, column=wanted.column))))
        except InvalidFiles as invalid:
            faults += invalid.faults
    if faults:
        raise BadInput(faults)
    return made


def _linted(wanted: Wanted, drafts: Sequence[tuple[Path, Draft]]) -> int:
    if wanted.output is not None:
        return print_text(lint([wanted.output]))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "site.yaml"
        path.write_text("\n".join(_lines(wanted, drafts, Path(folder))) + "\n", encoding="utf-8")
        findings = lint([path])
    said = talk()
    for finding in findings:
        mend = f" → {finding.mend}" if finding.mend else ""
        said.print(visible(f"{finding.severity}: {finding.message}{mend}"))
    return int(any(finding.severity != "note" for finding in findings))


# The file


def _lines(wanted: Wanted, drafts: Sequence[tuple[Path, Draft]], folder: Path) -> Iterator[str]:
    name = wanted.site or _id((wanted.output or wanted.lists[0]).stem)
    title = wanted.title or f"What {', '.join(path.name for path in wanted.lists)} admits"
    yield f"# yaml-language-server: $schema={os.path.relpath(_SCHEMA, folder)}"
    yield "version: 1"
    yield f"site: {name}"
    yield f"title: {_quoted(title)}"
    yield "admit:"
    for path, made in drafts:
        yield from _entry(wanted, path, made, folder)


def _entry(wanted: Wanted, path: Path, made: Draft, folder: Path) -> Iterator[str]:
    counted = f"{made.format}, {len(made.hosts)} host patterns"
    addresses = f", {len(made.networks)} networks" if made.networks else ""
    yield f"  # {_shown(path.name)}: {counted}{addresses}"
    keys = [f"dialect: {made.dialect}"] if made.dialect is not Dialect.LITERAL else []
    if made.loads:
        column = [f"column: {_quoted(wanted.column)}"] if wanted.column and made.format is ListFormat.CSV else []
        keys = [f"file: {_quoted(os.path.relpath(path, folder))}", *column, *keys]
    elif made.hosts:
        keys = [f"hosts: [{', '.join(map(_quoted, made.hosts))}]", *keys]
    if made.loads or made.hosts:
        yield f"  - {{{', '.join(keys)}}}"
    if made.networks:
        yield f"  - {{networks: [{', '.join(_quoted(str(each)) for each in made.networks)}], ports: [tcp/443]}}"
    for fault in made.unplaced[:SAID_AT_MOST]:
        line = "" if fault.line is None else f":{fault.line}"
        yield f"  # not placed: {_shown(f'{shown_path(Path(path.name))}{line}: {fault.message}')}"
    if len(made.unplaced) > SAID_AT_MOST:
        yield f"  # not placed: and {len(made.unplaced) - SAID_AT_MOST} more"


def _id(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-") or "customer"


def _quoted(text: str) -> str:
    """As YAML takes any text: between double quotes, escaped."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in escaped) + '"'


def _shown(text: str) -> str:
    return "".join(c if c.isprintable() else "�" for c in text)
