"""What every measurement stands on: a temporary folder, the compiled C programs, a real ClientHello, the host list.

Knows files and names. Which proxies run on it is peers.py's, what is measured parts/'s.
"""

import os
import random
import resource
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import yaml

from bench.processes import Running, until_listening

ROOT: Final = Path(__file__).parents[1]
HERE: Final = Path(__file__).parent
TARGET: Final = "origin.bench.example"
UNLISTED: Final = "unlisted.elsewhere.example"
REPLY_OCTETS: Final = 1400
_FILES_WANTED: Final = 65536


class CannotMeasure(Exception):
    """What the machine lacks, and what would mend it."""


@dataclass(frozen=True, slots=True)
class Ground:
    """The folder and what is in it; `origin_port` is where the server behind every proxy listens."""

    folder: Path
    load: Path
    hello: Path
    hosts: tuple[str, ...]
    origin_port: int
    files: int
    """Open files a process may have."""
    for_clients: tuple[str, ...] = ()
    for_proxies: tuple[str, ...] = ()
    """What stands before their commands: nothing, or `taskset` with a core of their own."""

    by_dns: bool = False
    """Whether the target's name is in the DNS; proxies are told its address otherwise."""
    debian: Path | None = None
    """A Debian with its own Python, and tierwall in there (debian.sh)."""

    def at(self, origin_port: int) -> "Ground":
        """The same with another origin."""
        return replace(self, origin_port=origin_port)


@contextmanager
def ground(*, pinned: bool = False, debian: Path | None = None) -> Iterator[Ground]:
    """Everything made, the origin running; all of it removed and ended afterwards.

    `pinned`: clients and origin on the first core, the proxy on the second. Rounds differ less then.
    """
    if pinned and (shutil.which("taskset") is None or len(os.sched_getaffinity(0)) < 2):
        raise CannotMeasure("--pin needs two cores and taskset: apt-get install util-linux")
    folder = Path(tempfile.mkdtemp(prefix="tierwall-bench-"))
    folder.chmod(0o755)  # Squid drops to a user of its own
    try:
        port = free_port()
        made = Ground(
            folder=folder,
            load=compiled("load", folder),
            hello=_hello(folder),
            hosts=(*_vendor_hosts(), TARGET),
            origin_port=port,
            files=_more_files(),
            for_clients=("taskset", "-c", "0") if pinned else (),
            for_proxies=("taskset", "-c", "1") if pinned else (),
            debian=debian,
        )
        program = compiled("origin", folder)
        with Running([*made.for_clients, str(program), str(port), str(REPLY_OCTETS)], folder / "origin.log") as origin:
            until_listening(origin, port)
            yield made
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def free_port() -> int:
    """A port on loopback that nobody listens on, below the range that outgoing connections take theirs from."""
    for port in range(random.randrange(20000, 31000), 32000):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        if port not in _given:
            _given.add(port)
            return port
    raise CannotMeasure("no port is free between 20000 and 32000")


_given: set[int] = set()


def compiled(name: str, folder: Path) -> Path:
    """One of our C programs, built into the folder. Raises CannotMeasure where there is no compiler."""
    compiler = shutil.which("cc")
    if compiler is None:
        raise CannotMeasure("there is no C compiler `cc`: apt-get install gcc libc6-dev")
    program = folder / name
    subprocess.run([compiler, "-O2", "-o", program, HERE / f"{name}.c"], check=True)
    return program


def _hello(folder: Path) -> Path:
    """The bytes of a real ClientHello, with the SNI that the host list admits."""
    context = ssl.create_default_context()
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = context.wrap_bio(incoming, outgoing, server_hostname=TARGET)
    with suppress(ssl.SSLWantReadError):
        client.do_handshake()
    path = folder / "hello"
    path.write_bytes(outgoing.read())
    return path


def _vendor_hosts() -> tuple[str, ...]:
    """Every host pattern of the bundled vendor policies: the list that all proxies with a list are given."""
    found: dict[str, None] = {}
    for path in sorted((ROOT / "policies" / "vendors").glob("*.yaml")):
        for rule in yaml.safe_load(path.read_text())["rules"]:
            found.update(dict.fromkeys(str(host) for host in rule.get("hosts", ())))
    return tuple(found)


def _more_files() -> int:
    """Raise the limit of open files for us and all that we start, as far as we may."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    for wanted in ((_FILES_WANTED, max(hard, _FILES_WANTED)), (hard, hard)):
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, wanted)
        except (OSError, ValueError):
            continue
        return wanted[0]
    return soft


def tierwall_environment(folder: Path) -> dict[str, str]:
    """For a child that imports tierwall from this tree and keeps its state in the temporary folder."""
    ours = {
        "PYTHONPATH": f"{ROOT / 'addon'}:{ROOT}",
        "PYTHONPYCACHEPREFIX": str(folder / "pycache"),  # compiled once, whether or not site-packages can be written
        "PYTHONDONTWRITEBYTECODE": "",
        "XDG_STATE_HOME": str(folder),
        "COLUMNS": "200",
    }
    return os.environ | ours


def beside_python(program: str) -> str | None:
    """A program of this virtual environment, or of the path."""
    own = Path(sys.executable).parent / program
    return str(own) if own.exists() else shutil.which(program)
