"""Processes that the benchmark starts: one each, ended by its id, with the CPU time and memory of all its children.

Knows /proc. What the processes do is peers.py's.
"""

import os
import socket
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Final, Self

_TICKS: Final = os.sysconf("SC_CLK_TCK")
START_S: Final = 30.0
END_S: Final = 15.0


class DidNotStart(Exception):
    """With the last words of the process."""


class Running:
    """A process from start to end; use it in `with`."""

    def __init__(self, command: Sequence[str], log: Path, environment: Mapping[str, str] | None = None) -> None:
        self.command = tuple(command)
        self.log = log
        self._environment = environment

    def __enter__(self) -> Self:
        with self.log.open("ab") as out:
            self._process = subprocess.Popen(
                self.command,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                env=self._environment,
                cwd=self.log.parent,
            )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        family = self.family()
        self._process.terminate()
        try:
            self._process.wait(END_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        for pid in family[1:]:
            _end(pid)

    @property
    def pid(self) -> int:
        """Of the process itself."""
        return self._process.pid

    @property
    def over(self) -> bool:
        """Whether it ended by itself."""
        return self._process.poll() is not None

    def family(self) -> list[int]:
        """The process and all its descendants."""
        parents = {}
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit() and (fields := _stat(int(entry.name))):
                parents[int(entry.name)] = int(fields[1])
        family = [self.pid]
        for pid in family:
            family += [child for child, parent in parents.items() if parent == pid]
        return family

    def cpu_s(self) -> float:
        """User and system time so far, with that of children, the ended ones included."""
        stats = [_stat(pid) for pid in self.family()]
        return sum(int(tick) for fields in stats if fields for tick in fields[11:15]) / _TICKS

    def memory_kb(self) -> tuple[int, int]:
        """Anonymous and shared memory (PSS: a page that several share counts once), and RSS, of the whole family.

        Mapped files are in RSS only: as soon as another process maps the same library, its share moves.
        """
        pss = rss = 0
        for pid in self.family():
            try:
                lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
            except OSError:
                continue
            for line in lines:
                if line.startswith(("Pss_Anon:", "Pss_Shmem:")):
                    pss += int(line.split()[1])
                elif line.startswith("Rss:"):
                    rss += int(line.split()[1])
        return pss, rss

    def last_words(self) -> str:
        """The end of its log."""
        return self.log.read_text(errors="replace")[-1500:]


def until_listening(process: Running, port: int, step_s: float = 0.005) -> float:
    """Wait until the port takes connections; returns the seconds waited."""
    began = time.monotonic()
    while time.monotonic() - began < START_S:
        with socket.socket() as probe:
            probe.settimeout(1)
            if probe.connect_ex(("127.0.0.1", port)) == 0 or _listens_elsewhere(process.pid, port):
                return time.monotonic() - began
        if process.over:
            break
        time.sleep(step_s)
    raise DidNotStart(f"{Path(process.command[0]).name} does not listen on port {port}:\n{process.last_words()}")


def _listens_elsewhere(pid: int, port: int) -> bool:
    """Whether something listens at the port in the process's own network namespace."""
    try:
        if Path(f"/proc/{pid}/ns/net").readlink() == Path("/proc/self/ns/net").readlink():
            return False
        lines = Path(f"/proc/{pid}/net/tcp").read_text().splitlines()[1:]
    except OSError:
        return False
    fields = (line.split() for line in lines)
    return any(state == "0A" and int(local.rpartition(":")[2], 16) == port for _, local, _, state, *_ in fields)


def _stat(pid: int) -> list[str]:
    """Fields of /proc/PID/stat from the state on: proc(5), field 3 is [0], ppid [1], utime to cstime [11:15]."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []


def _end(pid: int) -> None:
    """A child that outlived its parent."""
    try:
        os.kill(pid, 15)
        for _ in range(50):
            time.sleep(0.02)
            os.kill(pid, 0)
        os.kill(pid, 9)
    except ProcessLookupError:
        pass
