"""`tierwall decide` over pipes: lines in, answers out, as many at a time as came, none held back.

Knows streams and the exit status; what is asked and answered is decide/'s.
"""

import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Final, Protocol

from tierwall.cli.decide.saying import say
from tierwall.cli.faults import BadInput
from tierwall.decide.jsonl import JsonLines
from tierwall.decide.judging import Judging
from tierwall.decide.squid import SquidHelper
from tierwall.loader import InvalidFiles

LINE_OCTETS: Final = 64 * 1024
"""The longest question; the rest of a longer one is thrown away as it comes."""

DEFAULT_LISTEN: Final = "127.0.0.1:9191"

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


def decide(speak: str, site: str, policies: Sequence[Path], listen: str | None = None) -> int:
    """Answer until the input ends, or until the server is ended. 2 where a line was no question. Raises BadInput."""
    if listen is not None and speak != "envoy":
        raise BadInput([f"--listen is for `--speak envoy`; {speak} is asked on standard input"])
    try:
        judging = Judging(site, policies, say, time.monotonic)
    except InvalidFiles as invalid:
        raise BadInput(invalid.faults) from None
    if judging.unenforced is not None:
        say(f"note: {judging.unenforced}")
    if speak == "envoy":
        from tierwall.cli.decide.envoy import answer_envoy  # noqa: PLC0415

        return answer_envoy(judging, listen or DEFAULT_LISTEN)
    protocol: Speaker = SquidHelper(judging) if speak == "squid" else JsonLines(judging)
    answer_all(protocol, judging.refresh, lambda most: os.read(sys.stdin.fileno(), most), _write)
    if protocol.nonsense:
        say(f"lines that were no question, and were answered with a denial: {protocol.nonsense}")
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
