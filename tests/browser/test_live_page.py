"""The live page in a real browser: what happens comes up by itself, and what clients say is text (more: test-ui)."""

from pathlib import Path

from tests.browser.test_portal import driven_with
from tests.dashboard.picture.lines import Try
from tests.support.running import needs
from tests.support.watching import watched

HOSTILE = b'<img src=x onerror=\\"document.title=1\\">'
CELL = "document.querySelector('[data-cell=\"8x8/{}\"]')?.textContent"
ROWS = "document.querySelectorAll('#rows tbody tr').length"


@needs("chromium")
def test_what_works_and_what_is_refused_comes_up_by_itself_and_what_clients_say_is_text(tmp_path: Path) -> None:
    journal = tmp_path / "events.jsonl"
    refused = Try("https://api.amplitude.com").line()
    journal.write_bytes(Try("https://8x8.vc").line())
    with watched(journal) as seen, driven_with(tmp_path) as browser:
        browser.ask("Page.navigate", url=seen.address)
        browser.until(CELL.format("meetings"), lambda text: text is not None and "works" in text)
        with journal.open("ab") as file:
            file.write(refused + refused.replace(b"api.amplitude.com", HOSTILE))
        browser.until(CELL.format("analytics"), lambda text: text is not None and "refused" in text)
        browser.until(ROWS, lambda count: count == 3)
        shown = browser.does("document.querySelector('#rows tbody').textContent")
        markup = browser.does("document.querySelectorAll('#rows img').length")
        address = browser.does("location.href")

    assert "<img src=x onerror=" in shown
    assert (markup, address) == (0, seen.page), "and the token is in no address"
