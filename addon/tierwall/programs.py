"""Other people's programs, any of which may be missing: looked for, run, and what to say where one cannot be.

Knows where they are, which package has each, and how starting one can fail. Refuses to know what its output means. Only
this module starts programs that are not tierwall's own; nothing here raises anything but CannotRun.
"""

import asyncio
import os
import shutil
import subprocess
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

FOLDERS: Final = ("/usr/sbin", "/sbin")
"""Looked through after PATH, which of users who are not root often lacks them."""

LIMIT_S: Final = 30.0

_CORE: Final = ("works on files", "coreutils")
_WANTED: Final[Mapping[str, tuple[str, str]]] = {
    "certutil": (
        "reads and writes the certificates of browsers",
        "Debian: libnss3-tools, Fedora: nss-tools, SUSE: mozilla-nss-tools, Arch: nss",
    ),
    "chromium": ("prints a report as PDF", "chromium"),
    "dnsmasq": ("answers the stand-ins' DNS", "dnsmasq"),
    "install": _CORE,
    "ip": ("shows and sets addresses, routes and rules", "Debian, SUSE, Arch: iproute2, Fedora: iproute"),
    "keytool": ("reads and writes Java's certificates", "Debian: default-jre-headless"),
    "mkdir": _CORE,
    "mount": ("puts a resolver's configuration in place, for one process", "mount"),
    "nft": ("shows and loads the kernel's packet filter", "nftables"),
    "nsenter": ("looks into other network namespaces", "util-linux"),
    "rm": _CORE,
    "setpriv": ("ends a process with the one that started it", "util-linux"),
    "ss": ("says which ports sshd has", "Debian, SUSE, Arch: iproute2, Fedora: iproute"),
    "sudo": ("does as root what only root may; or run the command as root", "sudo"),
    "timeout": _CORE,
    "trust": ("makes the system store anew", "p11-kit"),
    "turnserver": ("is the stand-ins' TURN server", "coturn"),
    "turnutils_peer": ("is the other end of what TURN relays", "coturn"),
    "turnutils_uclient": ("is a client of TURN", "coturn"),
    "unshare": ("makes network namespaces", "util-linux"),
    "update-ca-certificates": ("makes the system store anew", "ca-certificates"),
    "update-ca-trust": ("makes the system store anew", "ca-certificates"),
}
"""What each does for us, and the packages that have it."""


class CannotRun(Exception):
    """A program that is missing, may not be started, or does not end; in one line, with the mend where there is one."""


@dataclass(frozen=True, slots=True)
class Ended:
    """How a program ended, and what it said."""

    status: int
    stdout: str
    stderr: str

    @property
    def complaint(self) -> str:
        """The first line that it said of its failure."""
        return self.stderr.strip().partition("\n")[0] or f"it ended with status {self.status}"


def find(name: str, path: str | None = None) -> str | None:
    """The program's file: on PATH, then in FOLDERS; or on another `path` alone.

    Folders that are not absolute are left out: nothing is started for lying where somebody happens to be.
    """
    if Path(name).is_absolute():
        return shutil.which(name)
    return shutil.which(name, path=search_path() if path is None else _absolute(path))


def search_path() -> str:
    """PATH with FOLDERS behind it."""
    return _absolute(os.pathsep.join([os.environ.get("PATH", os.defpath), *FOLDERS]))


def not_installed(name: str) -> str:
    """That it is missing, what installs it, and what for."""
    does, _ = _WANTED.get(Path(name).name, ("", ""))
    return f"{absent(name)}: it {does}" if does else absent(name)


def absent(name: str) -> str:
    """That it is missing, and what installs it."""
    name = Path(name).name
    _, packages = _WANTED.get(name, ("", ""))
    where = f" ({packages if ':' in packages else f'package {packages}'})" if packages else ""
    return f"{name} is not installed{where}"


def missing(*names: str) -> tuple[str, ...]:
    """What to say of those of them that are not installed."""
    return tuple(not_installed(name) for name in names if find(name) is None)


def run(words: Sequence[str], stdin: str = "", limit_s: float = LIMIT_S) -> Ended:
    """Run it to its end, in English. Raises CannotRun."""
    try:
        done = subprocess.run(  # noqa: S603  # words are ours, and no shell reads them
            [_file(words), *words[1:]],
            input=stdin,
            capture_output=True,
            text=True,
            errors="backslashreplace",
            check=False,
            timeout=limit_s,
            env=_environment(),
        )
    except OSError as fault:
        raise _not_started(words, fault) from None
    except subprocess.TimeoutExpired:
        raise _endless(words, limit_s) from None
    return Ended(done.returncode, done.stdout, done.stderr)


def output(words: Sequence[str], limit_s: float = LIMIT_S) -> str:
    """What it prints; nothing where it cannot be run, or fails."""
    try:
        ended = run(words, limit_s=limit_s)
    except CannotRun:
        return ""
    return ended.stdout if ended.status == 0 else ""


def run_in_sight(words: Sequence[str]) -> int:
    """Its status. It may ask and complain on this terminal, for as long as it likes. Raises CannotRun."""
    try:
        return subprocess.run(  # noqa: S603  # words are ours, and no shell reads them
            [_file(words), *words[1:]], stdout=subprocess.DEVNULL, check=False, env=os.environ | {"PATH": search_path()}
        ).returncode
    except OSError as fault:
        raise _not_started(words, fault) from None


async def run_meanwhile(words: Sequence[str], stdin: str, limit_s: float) -> Ended:
    """`run`, while the loop goes on. Raises CannotRun."""
    pipe = asyncio.subprocess.PIPE
    try:
        process = await asyncio.create_subprocess_exec(
            _file(words), *words[1:], stdin=pipe, stdout=pipe, stderr=pipe, env=_environment()
        )
    except OSError as fault:
        raise _not_started(words, fault) from None
    try:
        async with asyncio.timeout(limit_s):
            out, err = await process.communicate(stdin.encode())
    except TimeoutError:
        raise _endless(words, limit_s) from None
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return Ended(process.returncode or 0, *(text.decode(errors="backslashreplace") for text in (out, err)))


@asynccontextmanager
async def running(words: Sequence[str]) -> AsyncIterator[asyncio.subprocess.Process]:
    """A server, until the block ends. Raises CannotRun."""
    try:
        server = await asyncio.create_subprocess_exec(_file(words), *words[1:])
    except OSError as fault:
        raise _not_started(words, fault) from None
    try:
        yield server
    finally:
        if server.returncode is None:
            server.terminate()
        await server.wait()


async def start_ending_with_us(
    words: Sequence[str], *, folder: Path, environment: Mapping[str, str], errors: int
) -> asyncio.subprocess.Process:
    """A process without stdin whose stdout is a pipe. Where this one is killed, the kernel ends it too (on Linux).

    Args:
        words: The program, which need not be another's, and what it is given.
        folder: Where it runs.
        environment: All of it.
        errors: Where its stderr goes, as `subprocess` has it.
    """
    setpriv = find("setpriv")  # prctl(2), PR_SET_PDEATHSIG, which an exec keeps
    before = () if setpriv is None else (setpriv, "--pdeathsig", "KILL")
    return await asyncio.create_subprocess_exec(
        *(*before, *words),
        cwd=folder,
        env=environment,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=errors,
    )


def _absolute(path: str) -> str:
    return os.pathsep.join(folder for folder in path.split(os.pathsep) if Path(folder).is_absolute())


def _environment() -> dict[str, str]:
    return os.environ | {"PATH": search_path(), "LC_ALL": "C"}


def _file(words: Sequence[str]) -> str:
    if (found := find(words[0])) is None:
        raise CannotRun(not_installed(words[0]))
    return found


def _not_started(words: Sequence[str], fault: OSError) -> CannotRun:
    return CannotRun(f"{words[0]} cannot be started: {fault.strerror}")


def _endless(words: Sequence[str], limit_s: float) -> CannotRun:
    return CannotRun(f"{words[0]} did not end within {limit_s:.0f} s")
