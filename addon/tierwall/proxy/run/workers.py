"""Several processes on the same ports: the parent binds, starts them, hears what they say, and starts again what dies.

Knows processes, signals and pipes. The parent has no event loop and no thread, so that it may fork at any time; each
worker is an Engine of its own, and all of them append to one journal. What a signal asks for is done in one place, the
parent's loop: a handler that acts could meet a worker half started.
"""

import asyncio
import os
import selectors
import signal
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

from tierwall.events import parse
from tierwall.proxy.listeners.sockets import inherit
from tierwall.proxy.run.engine import Engine, run_loop
from tierwall.proxy.run.lab_ca import make_lab_ca
from tierwall.proxy.run.settings import CannotStart, RunSettings, modes, stops
from tierwall.proxy.run.worker_channel import Said, WorkerChannel, quiet_from
from tierwall.proxy.run.worker_sockets import Sockets, bind
from tierwall.report.run.screen import Screen

_LOOK_EVERY_S: Final = 1.0
_AGAIN_FIRST_S: Final = 1.0
_AGAIN_AT_LEAST_EVERY_S: Final = 30.0
"""Pauses before a worker that could not be started again is tried once more; they double in between."""

_END_S: Final = 15.0
"""Seconds that workers have to end: more than tunnels and the journal's last lines may take of them."""

_CANNOT_START: Final = 2


@dataclass(frozen=True, slots=True)
class _Job:
    """What every worker does."""

    settings: RunSettings
    specs: Sequence[str]
    sockets: Sockets


@dataclass(slots=True)
class _Worker:
    number: int
    pid: int
    pipe: int
    after: str | None
    """Why it was started again."""
    tries: int
    """How often it could not be."""
    waiting: bytearray = field(default_factory=bytearray)
    """What it said, up to the last line that is not whole yet."""
    started: bool = False
    cannot: str | None = None


@dataclass(frozen=True, slots=True)
class _Due:
    """A worker that is to be started again, not before this time."""

    at: float
    after: str
    tries: int


def run_workers(settings: RunSettings) -> int:
    """Run `settings.workers` processes until somebody stops them. 0, or 1 where the journal lost lines."""
    specs = modes(settings)
    job = _Job(settings, specs, bind(settings, specs))
    make_lab_ca(settings.ca)  # before several workers would each make one
    return _Parent(job).run()


class _Parent:
    def __init__(self, job: _Job) -> None:
        self._job = job
        self._screen = Screen()
        self._stops = stops()
        self._workers: dict[int, _Worker] = {}
        self._due: dict[int, _Due] = {}
        self._selector = selectors.DefaultSelector()
        self._started = False
        """Whether any worker has listened yet."""
        self._asked_to_stop = False
        self._ending_since: float | None = None
        self._lost = 0
        self._cannot: str | None = None
        # Workers read its other end: that ends for them when we are gone, however we went.
        self._lifeline = os.pipe()

    def run(self) -> int:
        woken, wake = os.pipe()
        os.set_blocking(wake, False)
        self._selector.register(woken, selectors.EVENT_READ, None)
        signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
        for stop in self._stops:
            signal.signal(stop, self._ask_to_stop)
        for number in range(1, self._job.settings.workers + 1):
            self._start(number, talks=number == 1)
        ticked = time.monotonic()
        while self._workers or self._due:
            for key, _ in self._selector.select(_LOOK_EVERY_S):
                if key.data is None:
                    os.read(woken, 4096)
                else:
                    self._hear(key.data)
            if self._asked_to_stop or self._cannot is not None:
                self._end()
            else:
                self._start_what_is_due()
            if time.monotonic() - ticked >= _LOOK_EVERY_S:
                ticked = time.monotonic()
                self._screen.tick()
        if self._cannot is not None:
            raise CannotStart(self._cannot)
        self._screen.sum_up(self._lost)
        return 1 if self._lost else 0

    def _ask_to_stop(self, *_: object) -> None:
        self._asked_to_stop = True

    def _end(self) -> None:
        self._due.clear()
        if self._ending_since is None:
            self._ending_since = time.monotonic()
            self._signal(signal.SIGTERM)
        elif self._workers and time.monotonic() - self._ending_since > _END_S:
            stuck = ", ".join(map(str, self._workers))
            self._screen.complain(f"worker {stuck} did not end within {_END_S:.0f} s and is killed")
            self._signal(signal.SIGKILL)
            self._ending_since = time.monotonic()

    def _signal(self, number: signal.Signals) -> None:
        for worker in self._workers.values():
            os.kill(worker.pid, number)  # all are ours: who ended is waited for where it leaves the list

    def _start(self, number: int, *, talks: bool = False, after: str | None = None, tries: int = 0) -> None:
        reading, writing = os.pipe()
        with _held_signals(self._stops):
            pid = os.fork()
            if pid == 0:
                self._become_worker(reading)
                _work(self._job, WorkerChannel(writing, talks=talks), self._lifeline[0], after)
        os.close(writing)
        os.set_blocking(reading, False)
        worker = self._workers[number] = _Worker(number, pid, reading, after, tries)
        self._selector.register(reading, selectors.EVENT_READ, worker)

    def _become_worker(self, reading: int) -> None:
        """In the child: let go of what is the parent's alone."""
        signal.set_wakeup_fd(-1)
        for stop in self._stops:
            signal.signal(stop, signal.SIG_DFL)
        self._selector.close()
        for pipe in (reading, self._lifeline[1], *(worker.pipe for worker in self._workers.values())):
            os.close(pipe)

    def _start_what_is_due(self) -> None:
        for number, due in tuple(self._due.items()):
            if time.monotonic() >= due.at:
                del self._due[number]
                self._start(number, after=due.after, tries=due.tries)

    def _hear(self, worker: _Worker) -> None:
        try:
            heard = os.read(worker.pipe, 1 << 20)
        except BlockingIOError:
            return
        if not heard:
            self._ended(worker)
            return
        worker.waiting += heard
        *lines, rest = worker.waiting.split(b"\n")
        worker.waiting = rest
        for line in lines:
            self._heard(worker, Said(line[:1]), bytes(line[1:]))

    def _heard(self, worker: _Worker, said: Said, what: bytes) -> None:
        match said:
            case Said.EVENT:
                self._screen.write(parse(what))
            case Said.QUIET:
                self._screen.add(quiet_from(what))
            case Said.STARTED:
                worker.started = self._started = True
            case Said.COMPLAINT:
                self._screen.complain(what.decode())
            case Said.WARNING:
                self._screen.warn(what.decode())
            case Said.NOTE:
                if worker.number == min(self._workers):  # all of them do the same
                    self._screen.note(what.decode())
            case Said.LOST:
                self._lost += int(what)
            case Said.CANNOT_START:
                worker.cannot = bytes.fromhex(what.decode()).decode()

    def _ended(self, worker: _Worker) -> None:
        """Its pipe is closed: it is gone, or soon will be."""
        self._selector.unregister(worker.pipe)
        os.close(worker.pipe)
        _, status = os.waitpid(worker.pid, 0)
        del self._workers[worker.number]
        if self._asked_to_stop or self._cannot is not None:
            return
        ended = f"worker {worker.number} ended ({_how(status)}) and was started again; its tunnels are lost"
        if worker.started:
            self._due[worker.number] = _Due(time.monotonic(), ended, 0)
            return
        why = worker.cannot or f"worker {worker.number} ended before it listened ({_how(status)})"
        if not self._started:
            self._cannot = why
            return
        pause = min(_AGAIN_FIRST_S * 2**worker.tries, _AGAIN_AT_LEAST_EVERY_S)  # the others go on
        self._screen.complain(f"worker {worker.number} cannot be started again: {why}; next try in {pause:.0f} s")
        self._due[worker.number] = _Due(time.monotonic() + pause, worker.after or ended, worker.tries + 1)


@contextmanager
def _held_signals(held: Sequence[signal.Signals]) -> Iterator[None]:
    """A worker must not inherit the parent's handlers, nor miss what comes before it has its own."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, held)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _work(job: _Job, voice: WorkerChannel, lifeline: int, after: str | None) -> None:
    """The life of a worker; does not return."""
    code = 1
    try:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, stops())
        inherit(job.sockets)
        engine = Engine(job.settings, job.specs, voice, after=after)
        voice.end(run_loop(_serve(engine, lifeline)))
        code = 0
    except CannotStart as fault:
        code = _CANNOT_START
        voice.cannot_start(str(fault))
    except BaseException as fault:  # noqa: BLE001  # a fork must not run on into the parent's code
        voice.fail(f"{type(fault).__name__}: {fault}")
    finally:
        sys.stderr.flush()
        os._exit(code)


async def _serve(engine: Engine, lifeline: int) -> int:
    """Until the parent says so, or is gone: nobody else would know that this port is still served."""
    loop = asyncio.get_running_loop()

    def orphaned() -> None:
        loop.remove_reader(lifeline)
        os.kill(os.getpid(), signal.SIGTERM)

    loop.add_reader(lifeline, orphaned)
    return await engine.serve()


def _how(status: int) -> str:
    if os.WIFSIGNALED(status):
        return f"signal {os.WTERMSIG(status)}"
    return f"exit status {os.waitstatus_to_exitcode(status)}"
