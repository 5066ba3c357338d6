"""`tierwall ship`: what a journal holds, to engines; once, or as it grows.

Knows when it is over. How events get there is the package sinks.
"""

import signal
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tierwall.cli.faults import BadInput
from tierwall.cli.folders import state_folder
from tierwall.cli.output import talk
from tierwall.cli.ship.sinks import begin, sinks_of
from tierwall.events import visible
from tierwall.journal import journal_files
from tierwall.sinks.delivery import Delivery, Voice
from tierwall.sinks.following import at_start
from tierwall.sinks.sinks import Wanted as Sinks
from tierwall.sinks.sinks import delivery

_END_S: Final = 5.0
_LOOK_EVERY_S: Final = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What the command line asks for, as it was typed."""

    journal: Path | None
    sinks: tuple[tuple[str, str], ...]
    trust: Path | None
    follow: bool
    again: bool = False


def ship(asked: Wanted) -> int:
    """Send. 0, or 1 where an engine does not have all of it. Raises BadInput."""
    wanted = _checked(asked)
    deliveries = [delivery(wanted, address, Voice(say=_say, journal=lambda _: None)) for address in wanted.sinks]
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    for each in deliveries:
        each.start()
        if not asked.follow:
            each.end()
    while any(each.running() for each in deliveries) and not stop.wait(_LOOK_EVERY_S):
        pass
    for each in deliveries:
        each.end(_END_S)
    complete = [_sum_up(each) for each in deliveries]
    return int(not all(complete))


def _checked(asked: Wanted) -> Sinks:
    if not asked.sinks:
        raise BadInput(["say where to: --otlp URL, --elasticsearch URL, … (tierwall ship --help)"])
    journal = asked.journal or state_folder() / "journal.jsonl"
    if not asked.follow and not journal_files(journal):
        raise BadInput([f"{journal}: there is no such journal"])
    wanted = sinks_of(journal, asked.sinks, asked.trust)
    begin(wanted, at_start, again=asked.again)
    return wanted


def _sum_up(sink: Delivery) -> bool:
    """Say how far it came. Whether its engine has all of it."""
    complete = sink.ended()
    progress = sink.progress
    refused = f", {progress.refused} refused" if progress.refused else ""
    rest = "" if complete else f"; {progress.behind} octets of the journal wait for the next time"
    _say(f"{sink.name}: {progress.sent} sent{refused}{rest}")
    return complete and not progress.refused


def _say(message: str) -> None:
    talk().print(visible(message), soft_wrap=True)
