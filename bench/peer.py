"""One proxy of those side by side: what a measurement asks of it, and how it is started.

Knows processes and ports. How each is configured is peers.py's, and squid.py's.
"""

import shutil
import subprocess
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import ClassVar

from bench.ground import TARGET, UNLISTED, Ground, free_port, tierwall_environment
from bench.processes import Running, until_listening


class Peer(ABC):
    """One way from the client to the origin."""

    name: ClassVar[str]
    differs: ClassVar[str] = ""
    by_name: ClassVar[bool] = True
    """Whether CONNECT names the host; else 127.0.0.1, because the proxy can be told no address for a name."""
    denies: ClassVar[bool] = True
    workers: ClassVar[int | None] = None
    """How many processes, where they can be chosen; those are never pinned to one core."""

    def __init__(self, ground: Ground) -> None:
        self.ground = ground
        self.port = self.denials_port = free_port()
        self.folder = ground.folder / f"{self.name}-{self.port}"
        self.process: Running | None = None

    @classmethod
    @abstractmethod
    def version(cls) -> str:
        """As the program says it; raises LookupError with what would mend it where there is none."""

    @abstractmethod
    def command(self) -> Sequence[str]:
        """Write the configuration into the folder, and say how to start."""

    @property
    def target(self) -> str:
        """What the clients write after CONNECT."""
        return f"{TARGET if self.by_name else '127.0.0.1'}:{self.ground.origin_port}"

    @property
    def unlisted(self) -> str:
        """A destination that the host list does not hold."""
        return f"{UNLISTED}:{self.ground.origin_port}"

    @contextmanager
    def running(self) -> Iterator["Peer"]:
        """Listening, until the end of the block."""
        self.folder.mkdir()
        command = (*(self.ground.for_proxies if self.workers is None else ()), *self.command())
        environment = tierwall_environment(self.folder)
        with Running(command, self.folder / "output.log", environment) as self.process:
            until_listening(self.process, self.port)
            yield self
        self.process = None

    def cpu_s(self) -> float:
        """CPU time of all its processes so far."""
        return self.process.cpu_s() if self.process else 0.0


@contextmanager
def all_running(ground: Ground, kinds: Sequence[type[Peer]]) -> Iterator[list[Peer]]:
    """All of them at once; those that are not measured at the moment idle."""
    with ExitStack() as stack:
        yield [stack.enter_context(kind(ground).running()) for kind in kinds]


def path_of(program: str) -> str:
    """Where it lies; servers are not on everybody's PATH."""
    return shutil.which(program) or shutil.which(program, path="/usr/sbin:/usr/local/sbin") or program


def said_by(program: str, arguments: list[str], remedy: str) -> str:
    """What it prints of itself. Raises LookupError with the remedy where there is none."""
    try:
        done = subprocess.run([path_of(program), *arguments], capture_output=True, text=True, check=False)
    except FileNotFoundError:
        raise LookupError(f"{program} is not installed: {remedy}") from None
    return (done.stdout + done.stderr).strip()
