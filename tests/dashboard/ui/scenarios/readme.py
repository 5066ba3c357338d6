"""The picture in README.md and docs/watch.md, as it is made."""

from pathlib import Path

from playwright.sync_api import expect

from tests.dashboard.picture.lines import NOON, Try
from tests.dashboard.ui.conftest import PICTURES
from tests.dashboard.ui.on_page import Look, rows
from tests.support.running import needs
from tests.support.watching import watched

pytestmark = needs("chromium")


def test_the_picture_of_the_readme(tmp_path: Path, look: Look) -> None:
    path = tmp_path / "customer.jsonl"
    lines = [
        Try(target, site="8x8-core-only", second=second).line()
        for second in range(0, 90, 3)
        for target in ("https://8x8.vc", "https://api.amplitude.com", "https://www.gravatar.com")
    ]
    vevox = [Try("wss://acme.vevox.com", site="8x8-core-only", second=second).line() for second in range(20, 80, 9)]
    broken = [Try("https://meet.8x8.vc", second=70).broken("idle-timeout")]
    path.write_bytes(b"".join(sorted([*lines, *vevox, *broken], key=lambda line: line[:40])))
    assert NOON.year == 2026
    with watched(path) as seen:
        page = look(seen.address, viewport={"width": 1100, "height": 1040})
        expect(rows(page)).to_have_count(5)
        page.evaluate("document.fonts.ready")
        PICTURES.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=PICTURES / "page.png")

    assert (PICTURES / "page.png").stat().st_size < 200_000
