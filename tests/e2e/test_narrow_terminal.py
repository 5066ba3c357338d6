"""A terminal of 60 columns: nothing is wider, no table cuts a word, and reasons wrap."""

import os
import pty
import re
import subprocess
import sys
import termios

import pytest

from tests.support.running import ADDON

COLUMNS = 60


def at_a_terminal(*arguments: str) -> list[str]:
    """The lines that a terminal of so many columns gets."""
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (50, COLUMNS))
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ADDON), "TERM": "xterm", "NO_COLOR": "1"}
    command = [sys.executable, "-m", "tierwall", *arguments]
    with subprocess.Popen(command, env=environment, stdin=theirs, stdout=theirs, stderr=theirs) as process:
        os.close(theirs)
        shown = b""
        while True:
            try:
                shown += os.read(ours, 65536)
            except OSError:  # EIO: the last writer is gone
                break
        os.close(ours)
        process.wait(30)
    return [line.rstrip() for line in re.sub(r"\x1b\[[0-9;]*m", "", shown.decode()).splitlines()]


@pytest.mark.parametrize(
    "command",
    [
        ("vendors",),
        ("vendors", "zoom"),
        ("sites", "--vendor", "vevox"),
        ("explain", "https://vevox.app", "https://api.amplitude.com", "--site", "8x8-core-only"),
        ("lint",),
        ("export", "--list"),
        ("behaviour", "list", "--all"),
        ("help", "site"),
    ],
)
def test_no_line_is_wider(command: tuple[str, ...]) -> None:
    lines = at_a_terminal(*command)

    assert len(lines) > 3
    assert [line for line in lines if len(line) > COLUMNS] == []


def test_the_table_of_vendors_drops_what_matters_least() -> None:
    heading, *rows = at_a_terminal("vendors")

    assert not any("…" in row for row in rows)
    assert heading.split() == ["vendor", "services", "rules", "title"]
    assert any(row.split() == ["slido", "2", "2", "Slido"] for row in rows)
