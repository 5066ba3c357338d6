"""`tierwall fleet ingest`: files of Envoy's log -> events on stdout or in a file, and what differs.

Knows files, streams and the exit status; lines and events are fleet/ingest.py's.
"""

import json
import os
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from tierwall.cli.faults import BadInput
from tierwall.cli.output import talk, write
from tierwall.events import ALL, ALWAYS, Action, to_line
from tierwall.events.hostile_text import visible
from tierwall.fleet.ingest import Ingest, Ingested
from tierwall.fleet.log_line import Did
from tierwall.loader import InvalidFiles, load_catalogue, load_site

LINE_OCTETS: Final = 64 * 1024
"""The longest line; Envoy's own are far shorter."""

_SHOWN: Final = 5
NOTHING_READ: Final = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What the command line asks for."""

    files: tuple[str, ...]
    site: str
    policies: tuple[Path, ...] = ()
    events: str = "denied"
    output: Path | None = None
    as_json: bool = False


def ingest(asked: Asked) -> int:
    """1 where Envoy and judge differ, 2 where no line could be read. Raises BadInput."""
    with ExitStack() as open_files:
        ingesting, sources, to = _opened(asked, open_files)
        wanted = ALL if asked.events == "all" else ALWAYS
        for source in sources:
            for lines in _batches(source):
                to.write(b"".join(_events(ingesting, lines, wanted)))
                to.flush()
    counts = ingesting.counts
    if asked.as_json:
        write(json.dumps(_object(counts), indent=2)) if asked.output is not None else _say(json.dumps(_object(counts)))
    else:
        _tell(counts)
    if counts.lines and counts.unread.total() == counts.lines:
        return NOTHING_READ
    return int(counts.drift > 0)


def _opened(asked: Asked, open_files: ExitStack) -> tuple[Ingest, list[int], BinaryIO]:
    faults: list[object] = []
    sources: list[int] = []
    for name in asked.files:
        try:
            descriptor = sys.stdin.fileno() if name == "-" else os.open(name, os.O_RDONLY)
        except OSError as cause:
            faults.append(f"{name}: cannot be read: {cause.strerror}")
        else:
            sources.append(descriptor)
            open_files.callback(os.close, descriptor)
    to: BinaryIO = sys.stdout.buffer
    try:
        if asked.output is not None:
            to = open_files.enter_context(asked.output.open("ab"))
    except OSError as cause:
        faults.append(f"{asked.output}: cannot be written: {cause.strerror}")
    try:
        catalogue = load_catalogue(asked.policies)
        ingesting = Ingest(load_site(asked.site, catalogue), catalogue)
    except InvalidFiles as invalid:
        raise BadInput([*faults, *invalid.faults]) from None
    if faults:
        raise BadInput(faults)
    return ingesting, sources, to


def _batches(source: int) -> Iterator[list[bytes]]:
    """Whole lines as they come; one that is too long is cut, and then no line of ours any more."""
    rest = b""
    while octets := os.read(source, 256 * 1024):
        *lines, rest = (rest + octets).split(b"\n")
        rest = rest[:LINE_OCTETS]
        if lines:
            yield lines
    if rest:
        yield [rest]


def _events(ingesting: Ingest, lines: list[bytes], wanted: frozenset[Action]) -> Iterator[bytes]:
    for line in lines:
        for event in ingesting.events(line):
            if event.event.action in wanted:
                yield to_line(event)


def _object(counts: Ingested) -> dict[str, object]:
    return {
        "lines": counts.lines,
        "unread": counts.unread.total(),
        "let_through": counts.did[Did.PASSED],
        "denied": counts.did[Did.DENIED],
        "failed": counts.did[Did.FAILED],
        "drift": {"too_permissive": counts.too_permissive, "tried": counts.tried, "stricter": counts.stricter},
    }


def _tell(counts: Ingested) -> None:
    said = [f"{counts.did[did]} {did.value}" for did in Did if counts.did[did]]
    _say(f"{counts.lines} lines: {', '.join(said) or 'none of Envoy'}; drift: {counts.drift}")
    if counts.too_permissive:
        _say(f"Envoy let through what judge denies: {counts.too_permissive}; each is an event `drift`")
    if counts.tried:
        _say(f"Envoy tried to reach what judge denies, and did not: {counts.tried}; each is an event `drift`")
    if counts.stricter:
        _say(f"Envoy denied what judge lets through: {counts.stricter}; each is an event `drift`")
    for why, count in counts.unread.most_common(_SHOWN):
        _say(f"{count} lines could not be read: {why}")


def _say(line: str) -> None:
    talk().print(visible(line), soft_wrap=True)
