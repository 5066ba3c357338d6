"""Several processes on the same ports: the parent binds, starts them, hears what they say, and starts again what dies.

Knows processes, signals and pipes. The parent has no event loop and no thread, so that it may fork at any time; each
worker is an Engine of its own, and all of them append to one journal.
"""

import os
import selectors
import signal
import socket
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from mitmproxy import certs
from mitmproxy.proxy import mode_specs

from tierwall.events import parse
from tierwall.proxy.engine import Engine, run_loop
from tierwall.proxy.entrances import BACKLOG, inherit
from tierwall.proxy.settings import CannotStart, RunSettings, modes
from tierwall.proxy.worker_voice import Said, ToParent
from tierwall.report.screen import Screen

_LOOK_EVERY_S: Final = 1.0
_KEY_BITS: Final = 2048
_CANNOT_START: Final = 2

type Sockets = Mapping[str, Sequence[socket.socket]]


@dataclass(slots=True)
class _Worker:
    number: int
    pid: int
    pipe: int
    waiting: bytearray = field(default_factory=bytearray)
    """What it said, up to the last line that is not whole yet."""
    started: bool = False


def run_workers(settings: RunSettings) -> int:
    """Run `settings.workers` processes until SIGINT or SIGTERM. 0, or 1 where the journal lost lines."""
    specs = modes(settings)
    _make_ca(settings.ca)
    return _Parent(settings, specs, _bind(settings, specs)).run()


class _Parent:
    def __init__(self, settings: RunSettings, specs: Sequence[str], sockets: Sockets) -> None:
        self._settings, self._specs, self._sockets = settings, specs, sockets
        self._screen = Screen()
        self._workers: dict[int, _Worker] = {}
        self._selector = selectors.DefaultSelector()
        self._stopping = False
        self._lost = 0
        self._cannot: str | None = None

    def run(self) -> int:
        for stop in (signal.SIGINT, signal.SIGTERM):
            signal.signal(stop, self._stop)
        for number in range(1, self._settings.workers + 1):
            self._start(number, talks=number == 1)
        ticked = time.monotonic()
        while self._workers:
            for key, _ in self._selector.select(_LOOK_EVERY_S):
                self._hear(key.data)
            if time.monotonic() - ticked >= _LOOK_EVERY_S:
                ticked = time.monotonic()
                self._screen.tick()
        if self._cannot is not None:
            raise CannotStart(self._cannot)
        self._screen.sum_up(self._lost)
        return 1 if self._lost else 0

    def _start(self, number: int, *, talks: bool, after: str | None = None) -> None:
        reading, writing = os.pipe()
        pid = os.fork()
        if pid == 0:
            os.close(reading)
            for worker in self._workers.values():
                os.close(worker.pipe)
            _work(self._settings, self._specs, self._sockets, ToParent(writing, talks=talks), after)
        os.close(writing)
        os.set_blocking(reading, False)
        worker = self._workers[number] = _Worker(number, pid, reading)
        self._selector.register(reading, selectors.EVENT_READ, worker)

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
            case Said.STARTED:
                worker.started = True
            case Said.COMPLAINT:
                self._screen.complain(what.decode())
            case Said.WARNING:
                self._screen.warn(what.decode())
            case Said.LOST:
                self._lost += int(what)
            case Said.CANNOT_START:
                self._cannot = bytes.fromhex(what.decode()).decode()

    def _ended(self, worker: _Worker) -> None:
        """Its pipe is closed: it is gone, or soon will be."""
        self._selector.unregister(worker.pipe)
        os.close(worker.pipe)
        _, status = os.waitpid(worker.pid, 0)
        del self._workers[worker.number]
        if self._stopping or self._cannot is not None:
            self._stop()
        elif not worker.started:
            self._cannot = f"worker {worker.number} ended before it listened ({_how(status)})"
            self._stop()
        else:
            after = f"worker {worker.number} ended ({_how(status)}) and was started again; its tunnels are lost"
            self._start(worker.number, talks=False, after=after)

    def _stop(self, *_: object) -> None:
        self._stopping = True
        for worker in self._workers.values():
            os.kill(worker.pid, signal.SIGTERM)


def _work(settings: RunSettings, specs: Sequence[str], sockets: Sockets, voice: ToParent, after: str | None) -> None:
    """The life of a worker; does not return."""
    code = 0
    try:
        for stop in (signal.SIGINT, signal.SIGTERM):
            signal.signal(stop, signal.SIG_DFL)
        inherit(sockets)
        engine = Engine(settings, specs, voice, after=after)
        voice.end(run_loop(engine.serve()))
    except CannotStart as fault:
        voice.cannot_start(str(fault))
        code = _CANNOT_START
    except BaseException as fault:  # noqa: BLE001  # a fork must not run on into the parent's code
        voice.complain(f"{type(fault).__name__}: {fault}")
        code = 1
    finally:
        sys.stderr.flush()
        os._exit(code)


def _bind(settings: RunSettings, specs: Sequence[str]) -> Sockets:
    """Sockets that listen, by mode spec. Raises CannotStart, naming every port that cannot be had."""
    bound: dict[str, list[socket.socket]] = {}
    faults: list[str] = []
    for spec in specs:
        mode = mode_specs.ProxyMode.parse(spec)
        host, port = mode.listen_host(settings.listen[0]), mode.listen_port(settings.listen[1])
        try:
            bound[mode.full_spec] = _listening(host, port or 0)
        except OSError as fault:
            faults.append(f"{mode.description} cannot listen on {host or '*'}:{port}: {fault.strerror}")
    if faults:
        raise CannotStart("\n".join(faults))
    return bound


def _listening(host: str, port: int) -> list[socket.socket]:
    found = socket.getaddrinfo(host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    sockets: list[socket.socket] = []
    for family, _, _, _, address in found:
        sock = socket.socket(family, socket.SOCK_STREAM)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family is socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        # The second family of a free port takes the first one's.
        sock.bind((address[0], sockets[0].getsockname()[1] if sockets else port))
        sock.listen(BACKLOG)
        sock.setblocking(False)
        sockets.append(sock)
    return sockets


def _make_ca(folder: Path) -> None:
    """The lab CA, before several workers would each make one."""
    certs.CertStore.from_store(folder, "mitmproxy", _KEY_BITS)


def _how(status: int) -> str:
    if os.WIFSIGNALED(status):
        return f"signal {os.WTERMSIG(status)}"
    return f"exit status {os.waitstatus_to_exitcode(status)}"
