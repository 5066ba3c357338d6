"""A real Envoy from a folder that `tierwall export --to envoy` wrote.

Knows where the program is and when it is ready.
"""

import os
import shutil
import subprocess
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from tests.fleet.proof.ground import ADMIN_PORT, Ground
from tests.support.waiting import NotInTime, eventually

_PROGRAM: Final = os.environ.get("ENVOY", "envoy")
_START_S: Final = 30


def bring(folder: Path) -> None:
    """Put the program where Envoy's user may run it."""
    found = shutil.which(_PROGRAM)
    assert found is not None, f"there is no {_PROGRAM}: `make fleet` brings one"
    shutil.copy(found, folder / "envoy")
    (folder / "envoy").chmod(0o755)


@contextmanager
def running(made: Ground, folder: Path, *, admin: int = ADMIN_PORT) -> Iterator[subprocess.Popen[str]]:
    """Started by the folder's own script, with its guard loaded, until it has its lists."""
    made.gateway.nft((folder / "guard.nft").read_text())
    child = start(made, folder)
    try:
        until_ready(made, child, admin)
        yield child
    finally:
        made.end(child)


def start(made: Ground, folder: Path, *more: str, threads: int = 2) -> subprocess.Popen[str]:
    """The folder's own script."""
    envoy = f"ENVOY={made.folder}/envoy"
    words = ("--concurrency", str(threads), "-l", "warn", *more)
    return made.start(made.gateway, "env", envoy, folder / "start.sh", *words, log="envoy.log")


def until_ready(made: Ground, child: subprocess.Popen[str], admin: int = ADMIN_PORT) -> None:
    """Asks Envoy's own `/ready`: it says LIVE when every listener has its lists."""

    def is_live() -> bool:
        return made.gateway.inside(lambda: asked(admin, "ready")) == "LIVE\n"

    try:
        eventually(is_live, _START_S, ended=lambda: child.poll() is not None)
    except NotInTime as late:
        raise AssertionError(f"Envoy: {late}: {(made.folder / 'envoy.log').read_text()[-2000:]}") from None


def asked(port: int, what: str) -> str:
    """A page of Envoy's own; empty where none answers. For a thread in its namespace."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/{what}", timeout=2) as answer:
            return str(answer.read().decode())
    except OSError:
        return ""
