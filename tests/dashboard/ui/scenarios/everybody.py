"""The page is for everybody, and what clients say is never markup: each test is one visit, in a real browser."""

from pathlib import Path

import pytest
from playwright.sync_api import Request, expect

from tests.dashboard.picture.lines import Try
from tests.dashboard.ui.conftest import FIRST, PICTURES, Journalled
from tests.dashboard.ui.on_page import Look, rows
from tests.support.running import needs

pytestmark = needs("chromium")

AXE = Path(__file__).parents[1] / "node_modules" / "axe-core" / "axe.min.js"
WCAG_AA = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}}
HOSTILE = '<img src=x onerror="document.title=1"><script>document.title=2</script>'


# Hostile


def test_what_clients_say_is_never_markup(journal: Journalled, look: Look) -> None:
    hostile = HOSTILE.replace('"', '\\"').encode()
    line = (
        FIRST[1].replace(b"api.amplitude.com", hostile).replace(b"tier-closed", hostile).replace(b"analytics", hostile)
    )
    line = line.replace(b'"observer"', b'"user_agent":{"original":"' + hostile + b'"},"observer"')
    journal.append(line)
    page = look(journal.watch.address)
    page.get_by_role("button", name="<img src=x").click()
    expect(page.locator("#dialog")).to_contain_text("<script>document.title=2</script>")

    assert page.locator("#rows img, #rows script, #dialog img, #dialog script, #matrix img").count() == 0
    assert page.title() not in {"1", "2"}


def test_it_asks_nobody_but_its_own_server_and_keeps_no_cookie(journal: Journalled, look: Look) -> None:
    asked: list[str] = []
    page = look("about:blank")
    page.on("request", lambda request: asked.append(_origin(request)))
    page.goto(journal.watch.address)
    expect(rows(page)).to_have_count(4)

    assert set(asked) == {journal.watch.page.rstrip("/")}
    assert page.context.cookies() == []


def _origin(request: Request) -> str:
    return "/".join(request.url.split("/")[:3])


# Everybody


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_it_is_accessible_and_fits(journal: Journalled, look: Look, scheme: str, width: int) -> None:
    journal.append(*FIRST, Try("https://8x8.vc", site="observe").failed())
    page = look(journal.watch.address, color_scheme=scheme, viewport={"width": width, "height": 900}, bypass_csp=True)
    expect(rows(page)).to_have_count(4)
    page.screenshot(path=PICTURES / f"{scheme}-{width}.png", full_page=True)
    page.add_script_tag(path=str(AXE))
    found = page.evaluate("options => axe.run(options)", WCAG_AA)["violations"]
    page.get_by_role("button", name="api.amplitude.com:443").click()
    expect(page.locator("#dialog h3").first).to_be_visible()
    found += page.evaluate("options => axe.run(options)", WCAG_AA)["violations"]
    page.screenshot(path=PICTURES / f"{scheme}-{width}-detail.png")

    assert [(each["id"], each["nodes"][0]["html"][:200]) for each in found] == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_two_people_see_the_same_each_with_a_filter_of_their_own(journal: Journalled, look: Look) -> None:
    one, other = look(journal.watch.address), look(f"{journal.watch.page}?verdict=refused")
    expect(rows(one)).to_have_count(4)
    expect(rows(other)).to_have_count(2)
    journal.append(Try("https://www.gravatar.com", second=130).line())

    expect(rows(one)).to_have_count(5)
    expect(rows(other)).to_have_count(3)
