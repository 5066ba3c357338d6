"""`--jobs N`: large files are read by several processes, each a part of one; the tallies of the parts add up.

Knows processes and offsets. Only files that lie on the disk as they are can be split, in a format without headers.
"""

import multiprocessing
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from multiprocessing.connection import Connection, wait
from multiprocessing.context import ForkContext, SpawnContext
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final, cast

from tierwall.audit.files import LINE_OCTETS, LOOKED_AT, Lines
from tierwall.audit.interest import Interest
from tierwall.audit.tally import Adding, Tally, Window
from tierwall.cli.audit.formats import ALL, FLOWS
from tierwall.cli.audit.reading import Reading, read_file
from tierwall.cli.audit.sources import HEAD_OCTETS, STDIN, blocks, opened
from tierwall.cli.audit.stopping import Stop
from tierwall.cli.faults import BadInput
from tierwall.loader.faults import shown_path
from tierwall.policy.model import Catalogue
from tierwall.records.formats import custom, format_of_lines, format_of_octets
from tierwall.records.reading import Format, LineFormat

if TYPE_CHECKING:
    from multiprocessing.sharedctypes import Synchronized

SPLIT_OCTETS: Final = 4 * 1024 * 1024
"""A smaller part would not pay for its process."""


@dataclass(frozen=True, slots=True)
class _Part:
    """A file, or some of its octets: whole lines."""

    name: str
    start: int = 0
    end: int | None = None
    format: str | None = None
    """Of a part, the format of the whole."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Order:
    """What a process is told; it makes its own formats, since a function of ours cannot be sent."""

    catalogue: Catalogue
    keep_all: bool
    window: Window
    chosen: str | None
    logformat: str | None


def read_in_parts(
    names: Sequence[str], reading: Reading, jobs: int, *, keep_all: bool, logformat: str | None
) -> tuple[Tally, bool]:
    """The same as read_files, by so many processes."""
    chosen = None if reading.chosen is None or logformat is not None else reading.chosen.id
    order = _Order(
        catalogue=reading.interest.catalogue,
        keep_all=keep_all,
        window=reading.window,
        chosen=chosen,
        logformat=logformat,
    )
    parts = [part for name in names for part in _parts(name, reading.chosen, jobs)]
    context = _context()
    octets: Synchronized[int] = context.Value("q", 0)
    ours: list[Connection] = []
    with reading.stop.listening():
        for share in _shares(parts, jobs):
            receiving, sending = context.Pipe(duplex=False)
            context.Process(target=_work, args=(order, share, sending, octets), daemon=True).start()
            sending.close()
            ours.append(receiving)
        results = _collected(ours, reading, octets)
    if not reading.stop.asked and (lost := [part.name for number, part in enumerate(parts) if number not in results]):
        raise BadInput([f"{shown_path(Path(name))}: the process that read it ended early" for name in lost])
    return _merged(parts, results), not reading.stop.asked


def _context() -> ForkContext | SpawnContext:
    """Forked processes have the catalogue already; where there are none, it is sent."""
    if "fork" in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context("fork")
    return multiprocessing.get_context("spawn")


def _collected(ours: list[Connection], reading: Reading, octets: "Synchronized[int]") -> dict[int, tuple[Tally, int]]:
    """What each part came to, by its number, with its count of lines. A process that died has said why itself."""
    results: dict[int, tuple[Tally, int]] = {}
    open_ends = list(ours)
    told = 0
    while open_ends:
        for end in cast("list[Connection]", wait(open_ends, timeout=0.2)):
            try:
                number, tally, lines = end.recv()
                results[number] = (tally, lines)
            except EOFError:
                open_ends.remove(end)
        reading.progress(octets.value - told)
        told = octets.value
    return results


def _merged(parts: Sequence[_Part], results: dict[int, tuple[Tally, int]]) -> Tally:
    """In the order of the files; lines are numbered from the start of each."""
    whole = Tally()
    lines_of: dict[str, int] = {}
    for number, part in enumerate(parts):
        if number in results:
            tally, lines = results[number]
            before = lines_of.get(part.name, 0)
            for unreadable in tally.unreadable.values():
                unreadable.line += before if unreadable.line else 0
            lines_of[part.name] = before + lines
            whole.merge(tally)
    return whole


def _shares(parts: Sequence[_Part], jobs: int) -> list[list[tuple[int, _Part]]]:
    """Each process has parts of about the same number of octets."""
    shares: list[list[tuple[int, _Part]]] = [[] for _ in range(jobs)]
    sizes = [0] * jobs
    for number, part in sorted(enumerate(parts), key=lambda item: -_size(item[1])):
        least = sizes.index(min(sizes))
        shares[least].append((number, part))
        sizes[least] += _size(part)
    return [share for share in shares if share]


def _size(part: _Part) -> int:
    if part.end is not None:
        return part.end - part.start
    return Path(part.name).stat().st_size if part.name != STDIN and Path(part.name).is_file() else 0


def _parts(name: str, chosen: Format | None, jobs: int) -> list[_Part]:
    """The file as parts of whole lines, where it can be split at all."""
    found = opened(name) if name != STDIN else None
    if found is None or found.packed or found.size is None or found.size < 2 * SPLIT_OCTETS or jobs < 2:
        return [_Part(name)]
    with found.raw as raw:
        head = found.stream.read(LINE_OCTETS)
        of = chosen if chosen is not None else _format(head)
        if not isinstance(of, LineFormat) or of.headed:
            return [_Part(name)]
        count = min(jobs, found.size // SPLIT_OCTETS)
        cuts = [0, *(_line_start(raw, found.size * at // count) for at in range(1, count)), found.size]
    cuts = sorted(set(cuts))
    return [_Part(name, start, end, of.id) for start, end in pairwise(cuts)]


def _format(head: bytes) -> LineFormat | None:
    if format_of_octets(head[:HEAD_OCTETS]) is not None:
        return None
    lines = head.decode(errors="replace").splitlines()
    return format_of_lines([line for line in lines if line.strip()][:LOOKED_AT])


def _line_start(raw: BinaryIO, at: int) -> int:
    raw.seek(at)
    raw.readline()
    return raw.tell()


# In a process


def _work(order: _Order, share: list[tuple[int, _Part]], sending: Connection, octets: "Synchronized[int]") -> None:
    stop = Stop()
    chosen = _chosen(order)

    def add(more: int) -> None:
        with octets.get_lock():
            octets.value += more

    reading = Reading(
        interest=Interest(order.catalogue, keep_all=order.keep_all),
        window=order.window,
        stop=stop,
        chosen=chosen,
        whole=(FLOWS,),
        progress=add,
    )
    with stop.listening():
        for number, part in share:
            if stop.asked:
                break
            adding = Adding(Tally(), reading.interest, order.window)
            lines = _read_part(part, reading, adding)
            adding.settle()
            sending.send((number, adding.tally, lines))
    sending.close()


def _chosen(order: _Order) -> Format | None:
    if order.logformat is not None:
        return custom(order.logformat)
    return None if order.chosen is None else ALL[order.chosen]


def _read_part(part: _Part, reading: Reading, adding: Adding) -> int:
    """Count a part, and return how many lines it has."""
    if part.end is None:
        read_file(part.name, reading, adding)
        return 0
    found = opened(part.name)
    of = reading.chosen if reading.chosen is not None else ALL[part.format or ""]
    with found.raw as raw:
        raw.seek(part.start)
        lines = Lines(found.name, adding, cast("LineFormat", of), said=reading.chosen is not None)
        for block in blocks(_Until(raw, part.end - part.start), LINE_OCTETS, lines.too_long):
            lines.block(block)
            reading.progress(len(block))
            if reading.stop.asked:
                break
        lines.end()
        return lines.count


class _Until:
    """The next so many octets of a file."""

    def __init__(self, raw: BinaryIO, octets: int) -> None:
        self._raw = raw
        self._left = octets

    def read(self, size: int) -> bytes:
        """At most so many of them."""
        octets = self._raw.read(min(size, self._left))
        self._left -= len(octets)
        return octets
