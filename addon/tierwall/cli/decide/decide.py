"""`tierwall decide` over pipes: lines in, answers out, as many at a time as came, none held back.

Knows streams and the exit status; what is asked and answered is decide/'s.
"""

import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Final, Protocol

from tierwall.cli.faults import BadInput
from tierwall.cli.output import talk
from tierwall.decide.jsonl import JsonLines
from tierwall.decide.judging import Judging
from tierwall.decide.squid import SquidHelper
from tierwall.events.hostile_text import visible
from tierwall.loader import InvalidFiles

LINE_OCTETS: Final = 64 * 1024
"""The longest question; the rest of a longer one is thrown away as it comes."""

_AT_ONCE: Final = 256 * 1024
_TOO_LONG: Final = f"the line is longer than {LINE_OCTETS // 1024} KiB"

type Read = Callable[[int], bytes]
type Write = Callable[[bytes], object]


class Speaker(Protocol):
    """What the loop needs of a protocol."""

    nonsense: int

    def answer(self, line: bytes) -> bytes:
        """To a line without its LF."""

    def refuse(self, why: str) -> bytes:
        """To a line that was not read to its end."""


def decide(speak: str, site: str, policies: Sequence[Path]) -> int:
    """Answer until the input ends. 2 where a line was no question. Raises BadInput."""
    try:
        judging = Judging(site, policies, _say, time.monotonic)
    except InvalidFiles as invalid:
        raise BadInput(invalid.faults) from None
    if judging.unenforced is not None:
        _say(f"note: {judging.unenforced}")
    protocol: Speaker = SquidHelper(judging) if speak == "squid" else JsonLines(judging)
    answer_all(protocol, judging.refresh, lambda most: os.read(sys.stdin.fileno(), most), _write)
    if protocol.nonsense:
        _say(f"lines that were no question, and were answered with a denial: {protocol.nonsense}")
    return 2 if protocol.nonsense else 0


def answer_all(protocol: Speaker, refresh: Callable[[], None], read: Read, write: Write) -> None:
    """Every line as soon as it is there. An answer never waits for the next question."""
    for lines in _batches(read):
        refresh()
        write(b"".join(protocol.refuse(_TOO_LONG) if line is None else protocol.answer(line) for line in lines))


def _batches(read: Read) -> Iterator[list[bytes | None]]:
    """The lines that came together, without their LF; None for one that is too long."""
    rest, cutting = b"", False
    while octets := read(_AT_ONCE):
        *lines, rest = (rest + octets).split(b"\n")
        batch: list[bytes | None] = [line if len(line) <= LINE_OCTETS else None for line in lines]
        if cutting and batch:
            batch[0], cutting = None, False
        if len(rest) > LINE_OCTETS:
            rest, cutting = b"", True
        elif cutting:
            rest = b""
        if batch:
            yield batch
    if cutting or rest:
        yield [None if cutting else rest]


def _write(octets: bytes) -> None:
    view = memoryview(octets)
    while view:
        view = view[os.write(sys.stdout.fileno(), view) :]


def _say(line: str) -> None:
    talk().print(f"tierwall decide: {visible(line)}", soft_wrap=True)
