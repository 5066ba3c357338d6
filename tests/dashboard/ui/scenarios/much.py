"""Much at once: a long journal, and events that come fast. What was measured is printed."""

import os
import subprocess
import sys
import time
from pathlib import Path

from playwright.sync_api import expect

from tests.dashboard.ui.conftest import FIRST, Journalled
from tests.dashboard.ui.on_page import Look, rows
from tests.support.running import environment, needs
from tests.support.watching import watched

pytestmark = needs("chromium")


def test_a_million_lines_are_open_in_five_seconds(tmp_path: Path, look: Look) -> None:
    path = tmp_path / "events.jsonl"
    block = b"".join(FIRST[at % 4].replace(b"10.0.0.", b"10.0.%d." % (at % 9)) for at in range(10_000))
    with path.open("wb") as file:
        for _ in range(100):
            file.write(block)
        os.fsync(file.fileno())  # a gigabyte that is still on its way to the disk is not what is measured
    page = look("about:blank")
    began = time.monotonic()
    with watched(path) as seen:
        page.goto(seen.address)
        expect(page.locator("#state")).to_have_text("1,000,000 events", timeout=60_000)
        took = time.monotonic() - began
    path.unlink()

    print(f"a million lines: {took:.1f} s")
    assert took < 5


def test_ten_thousand_events_a_second_leave_the_page_at_hand(journal: Journalled, look: Look) -> None:
    page = look(journal.watch.address)
    expect(rows(page)).to_have_count(4)
    writer = subprocess.Popen(
        [sys.executable, "-c", FLOOD, str(journal.path)], stdin=subprocess.PIPE, env=environment()
    )
    assert writer.stdin is not None
    writer.stdin.write(FIRST[2])
    writer.stdin.close()
    expect(rows(page)).to_have_count(200, timeout=15_000)
    slowest = 0.0
    while writer.poll() is None:
        began = time.monotonic()
        page.keyboard.press("Space")
        page.locator("#rows tbody button").first.click(timeout=10_000)
        page.locator("#dialog-title").wait_for()
        page.keyboard.press("Escape")
        page.locator("#dialog").wait_for(state="hidden")
        page.locator("#pause").press("Enter")
        slowest = max(slowest, time.monotonic() - began)
        page.wait_for_timeout(1000)
    expect(page.locator("#state")).to_have_text("300,004 events", timeout=10_000)

    print(f"the slowest answer to a click: {slowest:.2f} s")
    assert slowest < 2


FLOOD = """
import sys, time
line = sys.stdin.buffer.read()
with open(sys.argv[1], "ab", buffering=0) as file:
    began = time.monotonic()
    for tenth in range(300):
        numbers = range(tenth * 1000, tenth * 1000 + 1000)
        file.write(b"".join(line.replace(b"update.", b"h%d." % (at % 3000)) for at in numbers))
        time.sleep(max(0, began + (tenth + 1) / 10 - time.monotonic()))
"""
