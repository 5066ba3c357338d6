"""A person at the page: Debian's Chromium, driven by Playwright, at a journal that grows or at a proxy that runs.

`make test-ui` runs what is here; screenshots of it come to build/ui.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.dashboard.picture.lines import Try
from tests.support.watching import Watched, watched

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

PICTURES = Path(__file__).parents[3] / "build" / "ui"


@pytest.fixture(scope="session")
def browser() -> "Iterator[Browser]":
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 - of the group `ui`; `make test` reads this file too

    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        yield found
        found.close()


@pytest.fixture
def look(browser: "Browser") -> "Iterator[Callable[..., Page]]":
    """Open an address as a new visitor; what the page's script complains of fails the test."""
    complaints: list[str] = []
    contexts = []

    def open_(address: str, **how: object) -> "Page":
        context = browser.new_context(**({"viewport": {"width": 1280, "height": 900}} | how))  # type: ignore[arg-type]
        context.grant_permissions(["clipboard-read", "clipboard-write"])
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(address)
        return page

    yield open_
    for context in contexts:
        context.close()
    assert complaints == []


@dataclass
class Journalled:
    """A journal, and the page that shows it."""

    path: Path
    watch: Watched

    def append(self, *lines: bytes) -> None:
        with self.path.open("ab") as file:
            file.write(b"".join(lines))


FIRST = (
    Try("https://8x8.vc", client="10.0.0.1").line(),
    Try("https://api.amplitude.com", client="10.0.0.2", second=40).line(),
    Try("https://update.googleapis.example", client="10.0.0.2", second=80).line(),
    Try("wss://acme.vevox.com", site="reference", second=120).broken("no-websocket"),
)


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journalled]:
    """Something that works, something refused, something broken, and a browser's own traffic."""
    path = tmp_path / "events.jsonl"
    path.write_bytes(b"".join(FIRST))
    with watched(path) as seen:
        yield Journalled(path, seen)
