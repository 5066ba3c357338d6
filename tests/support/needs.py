"""What a test drives, declared with `needs`: skipped where that is missing, and failed where it was not declared.

Knows the lists of tools, this machine, and what Python tells of the programs that it starts (PEP 578). Refuses to look
into what tierwall itself starts, by tierwall/programs.py or from processes of its own: it copes with what is missing.
"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import takewhile
from pathlib import Path
from types import FrameType
from typing import Any, Final

import pytest

PATH: Final = f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/sbin"
ROOT: Final = "root"
NAMESPACES: Final = "namespaces"
"""Network namespaces that can be made and filtered: needs root, some programs and a kernel that allows it."""

_OF_NAMESPACES: Final = ("ip", "nft", "sysctl")
_TESTS: Final = Path(__file__).parents[1]
_LISTS: Final = (_TESTS / "tools.txt", _TESTS / "engines/tools.txt")
PACKAGES: Final = {
    program: package
    for path in _LISTS
    for line in path.read_text(encoding="ascii").splitlines()
    if not line.startswith("#")
    for package, *programs in [line.split()]
    for program in programs
}
"""The Debian package of each program that a test may ask for."""

_EVERYWHERE: Final = frozenset({"bash", "cat", "env", "git", "id", "make", "mkdir", "python3", "sh", "sleep", "true"})
"""What README's "Needed" line and every Linux bring along."""
_RUNS_ANOTHER: Final = frozenset({"bash", "env", "ip", "nsenter", "setpriv", "sh", "sudo", "timeout", "unshare"})
_SYSTEM: Final = ("/bin/", "/sbin/", "/usr/", "/snap/")
_WORD: Final = re.compile(r"[\w.-]+")

needs: Final = pytest.mark.needs
"""A test, or a file by `pytestmark`, declares programs by name, `root`, or `namespaces`."""


def declared(item: pytest.Item) -> frozenset[str]:
    """All that it asks for."""
    return frozenset(name for mark in item.iter_markers("needs") for name in mark.args)


def missing(wanted: frozenset[str]) -> list[str]:
    """Which of these this machine lacks; a name that no list knows is a mistake of the test's. Raises ValueError."""
    if unknown := wanted - PACKAGES.keys() - {ROOT, NAMESPACES}:
        raise ValueError(f"{', '.join(sorted(unknown))}: add a line to tests/tools.txt for what a test drives")
    lacking = {name for name in _programs(wanted) if not _is_installed(name)}
    if (ROOT in wanted or NAMESPACES in wanted) and os.geteuid() != 0:
        lacking.add(ROOT)
    if NAMESPACES in wanted and not lacking and not _makes_namespaces():
        lacking.add(NAMESPACES)
    return sorted(lacking)


def undeclared(words: Sequence[str], wanted: frozenset[str]) -> list[str]:
    """Programs that this command starts, by itself or through another, and that nobody asked for."""
    allowed = _EVERYWHERE | _programs(wanted)
    return [name for name in dict.fromkeys(_started(words)) if name not in allowed]


class Guard:
    """What the tests of this process start, against what the one that runs declared."""

    def __init__(self) -> None:
        self._wanted: frozenset[str] | None = None
        self._before: frozenset[str] = frozenset()
        self.fault: str | None = None
        sys.addaudithook(self._hear)

    def watch(self, wanted: frozenset[str] | None) -> None:
        """From now on this is allowed; None is anything."""
        self._wanted = wanted
        self._before |= wanted or frozenset()

    def let_end(self) -> None:
        """What ends now may be a fixture that tests before this one declared."""
        if self._wanted is not None:
            self._wanted = self._before

    def _hear(self, event: str, details: tuple[Any, ...]) -> None:
        if self._wanted is None or event not in {"subprocess.Popen", "os.posix_spawn", "os.exec", "os.system"}:
            return
        if _is_the_products(sys._getframe(1)):
            return
        given = details[0] if event == "os.system" else details[1]
        words = ["sh", "-c", given] if isinstance(given, str | bytes | os.PathLike) else list(given)
        if found := undeclared([os.fsdecode(word) for word in words], self._wanted):
            quoted = ", ".join(f'"{name}"' for name in found)
            self.fault = (
                f"starts {', '.join(found)} without asking for it: add needs({quoted}), as in tests/support/needs.py"
            )
            pytest.fail(self.fault, pytrace=False)


def _is_the_products(frame: FrameType | None) -> bool:
    while frame is not None:
        if frame.f_globals.get("__name__") == "tierwall.programs":
            return True
        frame = frame.f_back
    return False


def _programs(wanted: frozenset[str]) -> frozenset[str]:
    return (wanted & PACKAGES.keys()) | (frozenset(_OF_NAMESPACES) if NAMESPACES in wanted else frozenset())


def _started(words: Sequence[str]) -> Iterator[str]:
    """By name. A file that is not the system's is the test's own, or Python's."""
    program, *more = words
    if "/" in program and (not program.startswith(_SYSTEM) or Path(program) == Path(sys.executable)):
        return
    name = Path(program).name
    yield name
    if name in _RUNS_ANOTHER:
        before_ours = takewhile(lambda text: text != sys.executable, more)
        yield from (word for text in before_ours for word in _WORD.findall(text) if word in PACKAGES)


@cache
def _is_installed(name: str) -> bool:
    return shutil.which(name, path=PATH) is not None


@cache
def _makes_namespaces() -> bool:
    probe = f"tw{os.getpid()}probe"
    for words in (("add", probe), ("del", probe)):
        command = ["ip", "netns", *words]
        if subprocess.run(command, env=os.environ | {"PATH": PATH}, capture_output=True, check=False).returncode:
            return False
    return True
