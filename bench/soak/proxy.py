"""The proxy under soak: a process, with the memory, CPU time and descriptors of it and its workers, and its journal.

Knows `tierwall run`, /proc and the events. What is done to it is the scenarios'.
"""

import asyncio
import signal
import subprocess
import sys
from pathlib import Path
from typing import Final

from bench.ground import free_port, tierwall_environment
from bench.processes import Running, until_listening
from tierwall.events import Action, Event, parse

NAME: Final = "origin.soak.example"
PORT: Final = 443
SITE: Final = """version: 1
site: soak
admit:
  - {hosts: [HOSTS], ports: [tcp/443]}
"""
END_S: Final = 20.0
_SAID_LAST: Final = "Ctrl-C, which also sums up"


class Proxy:
    """Started once, on a free port, with every event in the journal."""

    def __init__(
        self, folder: Path, to_port: int, arguments: tuple[str, ...], *, descriptors: int | None, code: str | None
    ) -> None:
        self.port = free_port()
        self._folder = folder / f"proxy-{self.port}"
        self._folder.mkdir()
        self.journal = self._folder / "journal.jsonl"
        self.site = self._folder / "site.yaml"
        self.admit(NAME)
        program = ["-m", "tierwall"] if code is None else ["-c", f"{code}\nfrom tierwall.cli import main\nmain()"]
        command = [
            *(sys.executable, *program, "run", "--site", str(self.site), "--listen", f"127.0.0.1:{self.port}"),
            *("--journal", str(self.journal), "--events", "all"),
            *("--resolve", f"{NAME}:{PORT}:127.0.0.1:{to_port}", *arguments),
        ]
        if descriptors is not None:
            command = ["sh", "-c", f'ulimit -n {descriptors}; exec "$@"', "sh", *command]
        self._running = Running(command, self._folder / "console.txt", tierwall_environment(self._folder))
        self._started = False
        self.stopped = False
        """Whether it was told to end."""

    def admit(self, *hosts: str) -> None:
        """Write the site anew."""
        new = self.site.with_suffix(".new")
        new.write_text(SITE.replace("HOSTS", ", ".join(hosts)))
        new.replace(self.site)

    async def start(self) -> None:
        """Return when it listens."""
        self._running.__enter__()
        self._started = True
        await asyncio.to_thread(until_listening, self._running, self.port)
        while _SAID_LAST not in self.console() and self.running:  # workers listen before they serve
            await asyncio.sleep(0.02)

    async def stop(self, by: signal.Signals = signal.SIGINT) -> int:
        """As Ctrl-C does, if it still runs; its exit status."""
        process = self._running._process  # noqa: SLF001  # the benchmark never asks how a process ended
        if self.running:
            self.stopped = True
            process.send_signal(by)
        try:
            return await asyncio.to_thread(process.wait, END_S)
        except subprocess.TimeoutExpired:
            return -1

    def kill(self) -> None:
        """Whatever is left of it."""
        if self._started:
            self._running.__exit__(None, None, None)

    @property
    def running(self) -> bool:
        """Whether it has not ended."""
        return not self._running.over

    @property
    def pids(self) -> list[int]:
        """Its processes; of several, the first is the parent."""
        return self._running.family()

    def descriptors(self) -> int:
        """Open ones, of all its processes."""
        return sum(1 for pid in self.pids for _ in Path(f"/proc/{pid}/fd").iterdir())

    def memory_kb(self) -> int:
        """Its own, of all its processes, without what libraries take."""
        return self._running.memory_kb()[0]

    def cpu_s(self) -> float:
        """So far."""
        return self._running.cpu_s()

    def console(self) -> str:
        """What it said."""
        return self._running.log.read_text(errors="replace")

    def lines(self) -> list[str]:
        """The whole lines of its journal, rotated files first."""
        rotated = sorted(self._folder.glob("journal.jsonl.*"), key=lambda path: -int(path.suffix[1:]))
        octets = b"".join(path.read_bytes() for path in [*rotated, self.journal] if path.is_file())
        return octets.decode().split("\n")[:-1]

    def events(self, action: Action | None = None) -> list[Event]:
        """Of this kind, or all."""
        found = map(parse, self.lines())
        return [event for event in found if action is None or event.event.action is action]

    def journal_is_whole(self) -> bool:
        """Whether every line is an event, the last one too."""
        try:
            self.events()
        except ValueError:
            return False
        return not self.journal.is_file() or self.journal.read_bytes().endswith(b"\n")
