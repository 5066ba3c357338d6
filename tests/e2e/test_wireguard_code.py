"""A WireGuard client's configuration: shown at a terminal, where a phone can scan it, and nowhere else."""

import os
import pty
import re
import select
import stat
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest

from tests.support.running import ADDON, START_LIMIT_S, STOP_LIMIT_S, needs

_SGR: Final = re.compile(r"\x1b\[([0-9;]*)m")
_MODULES: Final = {"█": "11", "▀": "10", "▄": "01", " ": "00"}
"""Light or not, the upper module and the lower one."""
_MODULE_PIXELS: Final = 4


def environment(folder: Path) -> dict[str, str]:
    """A user's, with a home there."""
    own = {"PYTHONPATH": str(ADDON), "TERM": "xterm-256color", "HOME": str(folder), "XDG_STATE_HOME": str(folder)}
    return {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ} | own


@contextmanager
def at_a_terminal(folder: Path, columns: int) -> Iterator[str]:
    """What a terminal of that width shows of a WireGuard proxy by the time that it has said all of its start."""
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (60, columns))
    command = [sys.executable, "-m", "tierwall", "run", "--mode", "wireguard@0.0.0.0:0"]
    with subprocess.Popen(command, env=environment(folder), stdin=theirs, stdout=theirs, stderr=theirs) as process:
        os.close(theirs)
        try:
            yield _read_until_quiet(ours)
        finally:
            process.terminate()
            try:
                process.wait(STOP_LIMIT_S)
            finally:
                process.kill()
                os.close(ours)


def _read_until_quiet(terminal: int) -> str:
    """Up to half a second of silence after the private key, which comes before the code."""
    shown = b""
    until = time.monotonic() + START_LIMIT_S
    while time.monotonic() < until:
        ready, _, _ = select.select([terminal], [], [], 0.5)
        if ready:
            shown += os.read(terminal, 65536)
        elif b"Endpoint" in shown:
            return shown.decode().replace("\r\n", "\n")
    pytest.fail(f"no configuration: {shown.decode(errors='replace')}")


def code_in(shown: str) -> list[str]:
    """The lines of the code, and nothing else that was shown."""
    plain = (_SGR.sub("", line) for line in shown.splitlines())
    return [line for line in plain if line and set(line) <= set(_MODULES) and "█" in line]


def scanned(lines: list[str], folder: Path) -> str:
    """What a scanner reads from a picture of those lines."""
    rows = [[_MODULES[character][half] for character in line] for line in lines for half in (0, 1)]
    pixels = "\n".join(
        " ".join(str(1 - int(module)) for module in row for _ in range(_MODULE_PIXELS))
        for row in rows
        for _ in range(_MODULE_PIXELS)
    )
    picture = folder / "code.pbm"  # 1 is black
    picture.write_text(f"P1\n{len(rows[0]) * _MODULE_PIXELS} {len(rows) * _MODULE_PIXELS}\n{pixels}\n")
    command = ["zbarimg", "--quiet", "--raw", "-Sdisable", "-Sqrcode.enable", str(picture)]
    return subprocess.run(command, capture_output=True, text=True, timeout=30, check=True).stdout


@needs("zbarimg")
def test_the_code_at_a_terminal_scans_to_the_very_configuration(tmp_path: Path) -> None:
    with at_a_terminal(tmp_path, columns=100) as shown:
        pass

    file = tmp_path / "tierwall" / "ca" / "tierwall.conf"
    configuration = file.read_text()
    code = [line for line in shown.splitlines() if code_in(line)]
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert scanned(code_in(shown), tmp_path).strip() == configuration.strip()
    assert {match[0] for line in code if (match := _SGR.match(line))} == {"\x1b[97;40m"}
    assert configuration.strip() in _SGR.sub("", shown)
    assert "Endpoint = 0.0.0.0" not in configuration


def test_a_terminal_too_narrow_for_it_gets_no_broken_code(tmp_path: Path) -> None:
    with at_a_terminal(tmp_path, columns=60) as shown:
        pass

    assert code_in(shown) == []
    assert re.search(r"a QR code for the app needs \d+ columns, and this terminal has 60", shown)


@pytest.mark.parametrize("colour", [{}, {"FORCE_COLOR": "1", "TTY_COMPATIBLE": "1"}])
def test_in_a_pipe_there_is_neither_key_nor_code(tmp_path: Path, colour: dict[str, str]) -> None:
    command = [sys.executable, "-m", "tierwall", "run", "--mode", "wireguard", "--listen", "127.0.0.1:0"]
    with subprocess.Popen(command, env=environment(tmp_path) | colour, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        start = "".join(iter(lambda: _unless_last(process), ""))
        process.terminate()
        said = start + process.stderr.read()

    private = re.search(r"PrivateKey = (\S+)", (tmp_path / "tierwall/ca/tierwall.conf").read_text())
    assert private is not None
    assert "only this machine can reach it there" in " ".join(said.split())
    assert [secret for secret in (private[1], "PrivateKey", "█") if secret in said] == []


def _unless_last(process: subprocess.Popen[str]) -> str:
    """The next line of its start, up to the one that says how to stop it."""
    assert process.stderr is not None
    line = process.stderr.readline()
    return "" if "Ctrl-C" in line else line
