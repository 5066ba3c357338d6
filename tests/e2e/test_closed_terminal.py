"""A terminal that is closed ends the proxy as Ctrl-C does: in order, and nothing of it is left behind."""

import os
import pty
import select
import sys
from pathlib import Path

import pytest

from tests.support.running import ADDON, START_LIMIT_S, STOP_LIMIT_S
from tests.support.waiting import eventually, until_ended
from tierwall.events import parse


@pytest.mark.parametrize("workers", ["1", "2"])
def test_what_stood_is_journalled_and_no_control_socket_is_left(tmp_path: Path, workers: str) -> None:
    runtime = tmp_path / "run"
    runtime.mkdir(mode=0o700)
    own = {"PYTHONPATH": str(ADDON), "TERM": "xterm", "XDG_STATE_HOME": str(tmp_path), "XDG_RUNTIME_DIR": str(runtime)}
    journal = tmp_path / "j.jsonl"
    command = [sys.executable, "-m", "tierwall", "run", "--listen", "127.0.0.1:0", "--events", "all"]
    command += ["--journal", str(journal), "--workers", workers]
    pid, ours = pty.fork()
    if pid == 0:  # the leader of a session whose terminal this is
        os.execve(command[0], command, os.environ | own)  # noqa: S606  # no shell is wanted
    _shown(ours, b"Ctrl-C")
    sockets = _sockets(runtime, int(workers))

    os.close(ours)

    until_ended(pid, STOP_LIMIT_S)
    _, status = os.waitpid(pid, 0)
    assert len(sockets) == int(workers)
    assert os.waitstatus_to_exitcode(status) == 0
    assert list((runtime / "tierwall").glob("*.sock")) == []
    assert [parse(line) for line in journal.read_bytes().splitlines()] == []


def _sockets(runtime: Path, count: int) -> list[Path]:
    def look() -> list[Path] | None:
        found = list((runtime / "tierwall").glob("*.sock"))
        return found if len(found) >= count else None

    return eventually(look, STOP_LIMIT_S)


def _shown(ours: int, text: bytes) -> None:
    """Until the terminal has shown this."""
    shown = b""
    while text not in shown:
        assert select.select([ours], [], [], START_LIMIT_S)[0], shown
        shown += os.read(ours, 65536)
