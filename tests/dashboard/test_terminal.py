"""In a terminal stands what the page has: the matrix, and the destinations that there is room for."""

import io
import os
import pty
import select
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from rich.console import Console

from tests.dashboard.picture.lines import Try, picture
from tests.support.running import environment
from tierwall.dashboard.picture.picture import Picture
from tierwall.dashboard.terminal import screen

ABOUT: dict[str, Any] = {"kind": "journal", "title": "events.jsonl", "site": "lab"}
LINES = (
    Try("https://8x8.vc").line(),
    Try("https://api.amplitude.com").line(),
    Try("wss://acme.vevox.com", site="reference").broken("no-websocket"),
)


def shown(seen: Picture, height: int = 40, **about: Any) -> str:
    console = Console(file=io.StringIO(), width=140, height=height, color_system=None)
    with console.capture() as printed:
        console.print(screen(seen, ABOUT | about, height))
    return printed.get()


def test_it_says_what_works_what_is_refused_and_what_broke() -> None:
    text = shown(picture(*LINES))

    assert "✓ meetings works" in text
    assert "✕ analytics refused" in text
    assert "⚡ dashboard broken by no-websocket" in text
    assert "api.amplitude.com:443" in text
    assert "14 vendors not seen yet" in text


def test_the_newest_destinations_are_shown_as_far_as_there_is_room() -> None:
    line = Try("https://evil.example").line()
    text = shown(picture(*[line.replace(b"evil.", b"h%d." % at) for at in range(100)]), height=20)

    assert "h99.example:443" in text
    assert "h50.example:443" not in text
    assert len(text.splitlines()) <= 20


def test_what_clients_said_does_nothing_to_the_terminal() -> None:
    line = LINES[1].replace(b"api.amplitude.com", b"x\\u001b[31m[red]").replace(b"tier-closed", b"\\u009b1m")

    assert not any(ord(character) < 32 and character != "\n" for character in shown(picture(line)))


def test_in_a_real_terminal_until_ctrl_c(tmp_path: Path) -> None:
    journal = tmp_path / "events.jsonl"
    journal.write_bytes(b"".join(LINES))
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "tierwall", "watch", "--tui", str(journal)]
    env = environment() | {"TERM": "xterm", "COLUMNS": "140", "LINES": "40"}
    process = subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, env=env, start_new_session=True)
    os.close(theirs)
    said, end = b"", time.monotonic() + 30
    while b"meetings" not in said and time.monotonic() < end:
        if select.select([ours], [], [], 1)[0]:
            said += os.read(ours, 65536)
    process.send_signal(signal.SIGINT)
    while select.select([ours], [], [], 1)[0]:
        try:
            if not os.read(ours, 65536):
                break
        except OSError:  # its end is closed
            break
    status = process.wait(20)
    os.close(ours)

    assert b"meetings" in said
    assert status == 0


def test_without_a_terminal_that_is_said(tmp_path: Path) -> None:
    journal = tmp_path / "events.jsonl"
    journal.write_bytes(LINES[0])
    command = [sys.executable, "-m", "tierwall", "watch", "--tui", str(journal)]
    ended = subprocess.run(command, env=environment(), capture_output=True, text=True, timeout=30, check=False)

    assert (ended.returncode, "needs a terminal" in ended.stderr) == (2, True)
