"""The process that a run has beside it: it sends events to engines and shows numbers, at no cost to the proxy's loop.

Knows forks and pipes. It ends when the run has ended, however that ended: the pipe between them is closed then. A
companion that is killed is started again, and goes on from the positions that its sinks keep.
"""

import os
import signal
import socket
import sys
import threading
import time
import uuid
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tierwall.bundle.polling import Polling
from tierwall.bundle.taking_up import Source
from tierwall.cli.output import talk
from tierwall.events import Stage, fault, to_line, visible
from tierwall.journal import ROTATE_OCTETS
from tierwall.journal.file import LineFile
from tierwall.metrics.asking import ask_all
from tierwall.metrics.exposition import text
from tierwall.metrics.serving import MetricsPages
from tierwall.metrics.totals import Totals
from tierwall.sinks.delivery import Delivery, Voice
from tierwall.sinks.sinks import Wanted, delivery

END_S: Final = 5.0
"""Seconds that sinks have to take the last events; what they did not take waits in the journal for the next run."""

_AGAIN_S: Final = 1.0

_NICE: Final = 15
"""The proxy's clients come first: what is not sent in a storm waits in the journal, and is sent after it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Duties:
    """What it does."""

    sinks: Wanted
    metrics: socket.socket | None
    """Where it listens for who scrapes."""
    bundles: tuple[Source, float] | None
    """Where they come from, and every how many seconds it looks for another."""
    control: Path
    """The folder in which the run's processes have their control sockets."""
    run: int
    """The id of the run's first process."""


class Companion:
    """Started before the proxy, because nothing may run beside a fork."""

    def __init__(self, duties: Duties) -> None:
        """Start it."""
        reading, self._writing = os.pipe()
        self._pid = os.fork()
        if self._pid == 0:
            os.close(self._writing)
            _supervise(duties, reading)
        os.close(reading)
        if duties.metrics is not None:
            duties.metrics.close()

    def end(self) -> None:
        """The run is over: wait until the last events are sent, or the time for that is up."""
        os.close(self._writing)
        with suppress(ChildProcessError):
            os.waitpid(self._pid, 0)


def _supervise(duties: Duties, told: int) -> None:
    """The life of the companion; does not return."""
    os.nice(_NICE)
    if hasattr(os, "SCHED_BATCH"):
        os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))  # it wakes up without taking a core from anybody
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):  # these reach us too; the run says when it is over
        signal.signal(number, signal.SIG_IGN)
    while (status := _in_a_child(lambda: _serve(duties, told))) != 0:
        _say(f"the process beside the proxy ended ({status}) and is started again")
        time.sleep(_AGAIN_S)
    os._exit(0)


def _in_a_child(work: Callable[[], None]) -> int:
    pid = os.fork()
    if pid == 0:
        try:
            work()
            os._exit(0)
        except BaseException as failure:  # noqa: BLE001  # a fork must not run on into the run's code
            _say(f"the process beside the proxy fails: {failure!r}")
            os._exit(1)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def _serve(duties: Duties, told: int) -> None:
    wanted = duties.sinks
    deliveries = [delivery(wanted, address, Voice(say=_say, journal=_into(wanted.journal))) for address in wanted.sinks]
    for each in deliveries:
        each.start()
    if duties.metrics is not None:
        _pages(duties, duties.metrics, deliveries).start()
    if duties.bundles is not None:
        Polling(*duties.bundles, say=_say, journal=_into(wanted.journal, "")).start()
    os.read(told, 1)  # until the run is over
    for each in deliveries:
        each.end(END_S)
    for each in deliveries:
        _say_the_rest(each)


def _pages(duties: Duties, listener: socket.socket, sinks: Sequence[Delivery]) -> MetricsPages:
    totals, lock = Totals(), threading.Lock()

    def page() -> str:
        with lock:
            sums = totals.add_up(ask_all(duties.control, duties.run))
        return text([*sums, *(sample for each in sinks for sample in each.samples())])

    return MetricsPages(listener, page, lambda: bool(ask_all(duties.control, duties.run)))


def _say_the_rest(sink: Delivery) -> None:
    if not sink.ended():
        _say(f"{sink.name}: {sink.progress.behind} octets of the journal wait for the next run that sends there")


def _into(journal: Path, what: str = "sink ") -> Callable[[str], None]:
    stage = Stage.JOURNAL if what else Stage.CONFIG
    file = LineFile(journal, rotate_octets=ROTATE_OCTETS, keep=5)

    def write(message: str) -> None:
        with suppress(OSError):
            file.write(to_line(fault(f"{what}{message}", stage, when=time.time_ns(), id=uuid.uuid4().hex)))
            file.close()

    return write


def _say(message: str) -> None:
    with suppress(OSError):
        talk().print(visible(message), style="yellow", soft_wrap=True)
        sys.stderr.flush()
