"""The list stands still for whoever reads, and a destination's detail says what to do: each test is one visit."""

from playwright.sync_api import expect

from tests.dashboard.picture.lines import Try
from tests.dashboard.ui.conftest import FIRST, PICTURES, Journalled
from tests.dashboard.ui.on_page import Look, rows
from tests.support.running import needs

pytestmark = needs("chromium")


# Reading in peace


def test_paused_the_list_stands_still_while_the_rest_goes_on(journal: Journalled, look: Look) -> None:
    page = look(journal.watch.address)
    expect(rows(page)).to_have_count(4)
    page.keyboard.press("Space")
    journal.append(Try("https://www.gravatar.com", second=130).line())

    expect(page.locator("#pause")).to_have_text("Go on (1 changed meanwhile)")
    expect(page.locator("#totals")).to_contain_text("refused3")
    expect(rows(page)).to_have_count(4)
    page.keyboard.press("Space")
    expect(rows(page)).to_have_count(5)


def test_scrolled_it_stands_still_too(journal: Journalled, look: Look) -> None:
    line = FIRST[2]
    journal.append(*[line.replace(b"update.", b"h%d." % at) for at in range(100)])
    page = look(journal.watch.address)
    expect(rows(page)).to_have_count(104)
    page.locator("#scroll").evaluate("element => element.scrollTop = 400")
    journal.append(Try("https://www.gravatar.com", second=130).line())

    expect(page.locator("#pause")).to_have_text("Back to the top (1 changed meanwhile)")
    page.locator("#scroll").evaluate("element => element.scrollTop = 0")
    expect(rows(page).first).to_contain_text("www.gravatar.com")


# One destination


def test_its_detail_explains_it_and_says_what_would_mend_it_in_a_dialect(journal: Journalled, look: Look) -> None:
    page = look(journal.watch.address)
    page.get_by_role("button", name="api.amplitude.com:443").click()
    dialog = page.locator("#dialog")

    expect(dialog).to_contain_text("tier-closed")
    expect(dialog).to_contain_text("Nothing perceptible to end users")
    expect(dialog.locator("code")).to_have_text("api.amplitude.com")
    dialog.get_by_label("Dialect").select_option("umbrella")
    expect(dialog.get_by_label("Dialect")).to_have_value("umbrella")
    page.screenshot(path=PICTURES / "detail.png")
    page.keyboard.press("Escape")
    expect(dialog).not_to_be_visible()


def test_what_a_behaviour_broke_is_mended_by_no_entry(journal: Journalled, look: Look) -> None:
    page = look(journal.watch.address)
    page.get_by_role("button", name="acme.vevox.com:443").click()

    expect(page.locator("#dialog")).to_contain_text("no-websocket breaks it")


def test_it_is_copied_for_a_ticket_as_json_and_as_curl(journal: Journalled, look: Look) -> None:
    page = look(journal.watch.address)
    page.get_by_role("button", name="api.amplitude.com:443").click()
    copied = {}
    for name in ("Copy for a ticket", "Copy JSON", "Copy curl"):
        page.get_by_role("button", name=name).click()
        copied[name] = page.evaluate("navigator.clipboard.readText()")

    assert "api.amplitude.com:443: 1 refused" in copied["Copy for a ticket"]
    assert '"reason": "tier-closed"' in copied["Copy JSON"]
    assert copied["Copy curl"] == "curl -v -x http://127.0.0.1:8080 https://api.amplitude.com:443/"


def test_by_the_keyboard_alone(journal: Journalled, look: Look) -> None:
    page = look(journal.watch.address)
    expect(rows(page)).to_have_count(4)
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("k")
    page.keyboard.press("Enter")
    expect(page.locator("#dialog-title")).to_have_text("update.googleapis.example:443")
    page.keyboard.press("Escape")
    page.keyboard.press("?")

    expect(page.locator("#dialog")).to_contain_text("next and previous destination")
