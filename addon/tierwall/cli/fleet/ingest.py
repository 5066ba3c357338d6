"""`tierwall fleet ingest`: Envoy's log, from files or sent here -> events on stdout or in a file, and what differs.

Knows files, streams and the exit status; lines and events are fleet/ingest.py's, who sends them log_server.py's.
"""

import json
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from tierwall.cli.faults import BadInput
from tierwall.cli.fleet.log_server import LogServer
from tierwall.cli.output import talk, write
from tierwall.cli.places import read_place
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

    files: tuple[str, ...] = ()
    listen: str | None = None
    """Where Envoys send their logs, in the place of files."""
    tls: Path | None = None
    site: str
    policies: tuple[Path, ...] = ()
    events: str = "denied"
    output: Path | None = None
    as_json: bool = False


def ingest(asked: Asked) -> int:
    """1 where Envoy and judge differ, 2 where no line could be read. Raises BadInput."""
    with ExitStack() as open_files:
        counts = (_received if asked.listen is not None or asked.tls is not None else _read)(asked, open_files)
    if asked.as_json:
        write(json.dumps(_object(counts), indent=2)) if asked.output is not None else _say(json.dumps(_object(counts)))
    else:
        _tell(counts)
    if counts.lines and counts.unread.total() == counts.lines:
        return NOTHING_READ
    return int(counts.drift > 0)


def _read(asked: Asked, open_files: ExitStack) -> Ingested:
    ingesting, sources, to = _opened(asked, open_files)
    write = _writer(asked, ingesting, to)
    for source in sources:
        for lines in _batches(source):
            write(lines)
    return ingesting.counts


def _received(asked: Asked, open_files: ExitStack) -> Ingested:
    faults: list[object] = []
    place = None if asked.listen is None else read_place("--listen", asked.listen, faults)
    if asked.listen is None or asked.tls is None:
        faults.append("--listen HOST:PORT and --tls FOLDER go together: only who has a certificate may send logs")
    if asked.files:
        faults.append("files, or --listen: one call reads one or the other")
    to = _output(asked, open_files, faults)
    if place is None or asked.tls is None or faults:
        raise BadInput(faults)
    server = LogServer(asked.site, asked.policies, _say)
    try:
        server.receive(place, asked.tls, _writer(asked, server.ingest, to))
    except OSError as cause:
        raise BadInput([f"{asked.output or 'standard output'}: cannot be written: {cause.strerror}"]) from None
    return server.ingest.counts


def _writer(asked: Asked, ingesting: Ingest, to: BinaryIO) -> Callable[[Sequence[bytes]], None]:
    wanted = ALL if asked.events == "all" else ALWAYS

    def write(lines: Sequence[bytes]) -> None:
        to.write(b"".join(_events(ingesting, lines, wanted)))
        to.flush()

    return write


def _opened(asked: Asked, open_files: ExitStack) -> tuple[Ingest, list[int], BinaryIO]:
    faults: list[object] = [] if asked.files else ["name files of Envoy's log, `-`, or --listen HOST:PORT"]
    sources: list[int] = []
    for name in asked.files:
        try:
            descriptor = sys.stdin.fileno() if name == "-" else os.open(name, os.O_RDONLY)
        except OSError as cause:
            faults.append(f"{name}: cannot be read: {cause.strerror}")
        else:
            sources.append(descriptor)
            open_files.callback(os.close, descriptor)
    to = _output(asked, open_files, faults)
    try:
        catalogue = load_catalogue(asked.policies)
        ingesting = Ingest(load_site(asked.site, catalogue), catalogue)
    except InvalidFiles as invalid:
        raise BadInput([*faults, *invalid.faults]) from None
    if faults:
        raise BadInput(faults)
    return ingesting, sources, to


def _output(asked: Asked, open_files: ExitStack, faults: list[object]) -> BinaryIO:
    if asked.output is None:
        return sys.stdout.buffer
    try:
        return open_files.enter_context(asked.output.open("ab"))
    except OSError as cause:
        faults.append(f"{asked.output}: cannot be written: {cause.strerror}")
        return sys.stdout.buffer


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


def _events(ingesting: Ingest, lines: Sequence[bytes], wanted: frozenset[Action]) -> Iterator[bytes]:
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
