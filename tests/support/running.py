"""The real proxy as a process, for tests that use it as a user would.

Knows how to start it, when it listens, what it said and journalled, and how to end it: never by name, always by id.
"""

import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import pytest

from tests.support.journal_lines import valid, whole
from tests.support.needs import PATH, needs  # noqa: F401 - many tests ask for `needs` here
from tests.support.waiting import eventually
from tierwall.events import Event, parse
from tierwall.standins.clients import HttpProxy, Socks5Proxy

ADDON: Final = Path(__file__).resolve().parents[2] / "addon"
START_LIMIT_S: Final = 20.0
STOP_LIMIT_S: Final = 10.0

_LISTENING = re.compile(r"^listening\s+(\S+):(\d+)\s+(.*)$", re.MULTILINE)
_SAID_WHERE = re.compile(r"^(?:policy|journal)\s", re.MULTILINE)
_ESCAPE = "\x1b"
_LISTEN_STATE = "0A"
"""In /proc/net/tcp; connections that the proxy has closed have no inode (column 9) any more."""


def as_user(number: int) -> tuple[str, ...]:
    """What root runs a program by as another user, who still reads this project wherever it lies."""
    who = ("--reuid", str(number), "--regid", str(number), "--clear-groups")
    return ("setpriv", *who, "--inh-caps", "+dac_override", "--ambient-caps", "+dac_override")


def allow_private(host: str, port: int, to_port: int, *, address: str = "127.0.0.1") -> tuple[str, str]:
    """Arguments that send HOST:PORT to a stand-in origin; `--resolve` also admits its private address."""
    return ("--resolve", f"{host}:{port}:{address}:{to_port}")


@dataclass(slots=True)
class Proxy:
    """A proxy that listens."""

    process: subprocess.Popen[str]
    journal: Path
    _said: list[str] = field(default_factory=list)
    _talk: threading.Thread | None = None
    _spoke: threading.Condition = field(default_factory=threading.Condition)
    _has_said_all: bool = False

    @property
    def via(self) -> HttpProxy | Socks5Proxy:
        """The way through it; of several modes, `at` tells which."""
        return self._listening()[0]

    @property
    def port(self) -> int:
        """Where it listens on 127.0.0.1."""
        return self.via.port

    def at(self, address: str) -> HttpProxy | Socks5Proxy:
        """The way through the one of its modes that listens at this address."""
        return next(via for via in self._listening() if via.host == address)

    def console(self) -> str:
        """What it has said so far, on both its outputs."""
        return "".join(self._said)

    def lines(self) -> list[str]:
        """The whole lines of its journal so far."""
        if not self.journal.is_file():  # not there yet, or a device
            return []
        return self.journal.read_bytes().decode().split("\n")[:-1]

    def said(self) -> list[dict[str, Any]]:
        """Its events so far as plain objects, each of which the schema allows."""
        return [valid(line) for line in self.lines()]

    def events(self) -> list[Event]:
        """Its events so far."""
        return [parse(line) for line in self.lines()]

    def wait_for(self, predicate: Callable[[Event], bool], limit_s: float = 5.0) -> Event:
        """The first event, past or to come, that this holds for."""
        return self._wait(lambda: next((event for event in self.events() if predicate(event)), None), limit_s)

    def whole_of(self, predicate: Callable[[Event], bool], limit_s: float = 5.0) -> dict[str, Any]:
        """The same as a plain object without what differs from run to run."""
        found = self.wait_for(predicate, limit_s)
        return whole(next(said for said in self.said() if said["event"]["id"] == found.event.id))

    def wait_for_talk(self, text: str, limit_s: float = 5.0) -> str:
        """The first line on its console, past or to come, that has this text."""
        return self._hear(lambda: next((line for line in self.console().splitlines() if text in line), None), limit_s)

    def send(self, number: signal.Signals) -> None:
        """Send it a signal."""
        self.process.send_signal(number)

    def stop(self, by: signal.Signals = signal.SIGTERM) -> int:
        """End it, once; its exit code."""
        if self.process.poll() is None:
            self.send(by)
        try:
            code = self.process.wait(STOP_LIMIT_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            pytest.fail(f"the proxy did not end within {STOP_LIMIT_S:.0f} s of {by.name}")
        self.hear_out()
        return code

    def hear_out(self) -> None:
        """Hear its last words, once it has ended."""
        if self._talk is not None:
            self._talk.join()
            self._talk = None

    def standing(self) -> int:
        """How many TCP connections of clients stand at its listeners, as the kernel sees them."""
        ports = {f"{via.port:04X}" for via in self._listening()}
        rows = [row.split() for row in Path("/proc/net/tcp").read_text(encoding="ascii").splitlines()[1:]]
        ours = [row for row in rows if row[1].partition(":")[2] in ports and row[9] != "0"]
        return sum(row[3] != _LISTEN_STATE for row in ours)

    def await_start(self) -> None:
        """Return when it says that it listens; fail where it ends instead."""
        self._talk = threading.Thread(target=self._listen_to_talk, daemon=True)
        self._talk.start()
        self._hear(lambda: _SAID_WHERE.search(self.console()) and self._listening(), START_LIMIT_S)

    def _listening(self) -> list[HttpProxy | Socks5Proxy]:
        found: list[HttpProxy | Socks5Proxy] = []
        for host, port, what in _LISTENING.findall(self.console()):
            reached_at = "127.0.0.1" if host == "0.0.0.0" else host.strip("[]")
            found.append((Socks5Proxy if "SOCKS" in what else HttpProxy)(reached_at, int(port)))
        return found

    def _listen_to_talk(self) -> None:
        stream = self.process.stdout
        assert stream is not None
        with stream:
            while line := stream.readline():
                with self._spoke:
                    self._said.append(line)
                    self._spoke.notify_all()
        with self._spoke:
            self._has_said_all = True
            self._spoke.notify_all()

    def _hear[T](self, look: Callable[[], T | None], limit_s: float) -> T:
        """What is found on its console in the end."""
        with self._spoke:
            self._spoke.wait_for(lambda: look() or self._has_said_all, limit_s)
            if found := look():
                return found
            pytest.fail("the proxy has ended" if self._has_said_all else f"not said within {limit_s:.0f} s")

    def _wait[T](self, look: Callable[[], T | None], limit_s: float) -> T:
        """What is found in the end in its journal, or in this machine."""
        return eventually(look, limit_s, ended=lambda: self.process.poll() is not None)

    def wait_until(self, holds: Callable[[], bool], limit_s: float = 5.0) -> None:
        """Wait for something that nothing announces: a reload, a descriptor that is free again."""
        self._wait(lambda: True if holds() else None, limit_s)


_WITHOUT_EPOLL = """from tierwall.proxy.transport.socket_poll import SocketPoll
SocketPoll.here = staticmethod(lambda: None)"""
"""As on a system that has none."""


@contextmanager
def running_proxy(
    *arguments: str | Path,
    env: Mapping[str, str] | None = None,
    code: str | None = None,
    listen: str = "127.0.0.1:0",
    journal: Path | None = None,
) -> Iterator[Proxy]:
    """Run `tierwall run` with these arguments on a free port while the block runs.

    `code` is run in its process first, so that a test can break something in there. When the block ends the proxy is
    stopped, and its journal must be valid; where the block fails, what the proxy said is printed.
    """
    with tempfile.TemporaryDirectory(prefix="tierwall-e2e-") as folder:
        where = journal or Path(folder) / "events.jsonl"
        if os.environ.get("ENDPOINTS") == "asyncio":  # make test-asyncio
            code = f"{code or ''}\n{_WITHOUT_EPOLL}"
        program = ["-m", "tierwall"] if code is None else ["-c", f"{code}\nfrom tierwall.cli import main\nmain()"]
        always = ["--listen", listen, "--journal", str(where), "--events", "all"]
        command = [sys.executable, *program, "run", *always, *map(str, arguments)]
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="backslashreplace",
            env=environment() | dict(env or {}),
            cwd=folder,
        )
        proxy = Proxy(process, where)
        try:
            proxy.await_start()
            yield proxy
            proxy.stop()
            proxy.said()
            assert _ESCAPE not in proxy.console()
        except BaseException:
            _print_what_happened(command, proxy)
            raise
        finally:
            if process.poll() is None:
                process.kill()
            process.wait()
            proxy.hear_out()


_home = tempfile.TemporaryDirectory(prefix="tierwall-e2e-home-")
"""One for all, so that the lab CA is made once; removed when the tests end."""


def environment() -> dict[str, str]:
    """A user's, in a home of its own, with lines long enough not to be folded, and no proxy of the machine's."""
    kept = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    home = {
        "HOME": _home.name,
        "XDG_CONFIG_HOME": _home.name,
        "XDG_DATA_HOME": _home.name,
        "XDG_STATE_HOME": _home.name,
    }
    return kept | home | {"PYTHONPATH": str(ADDON), "PATH": PATH, "COLUMNS": "400", "PYTHONUNBUFFERED": "1"}


def lab_ca() -> Path:
    """The certificate of the lab CA, which proxies that inspect sign with."""
    return Path(_home.name) / "tierwall" / "ca" / "mitmproxy-ca-cert.pem"


def by_lab_ca(issuer: str | None) -> bool:
    """Whether a certificate was signed by a lab CA of ours."""
    return issuer is not None and issuer.startswith("tierwall lab CA (")


def _print_what_happened(command: list[str], proxy: Proxy) -> None:
    print("$", " ".join(command))
    print(proxy.console())
    for line in proxy.lines()[-20:]:
        print(line)
