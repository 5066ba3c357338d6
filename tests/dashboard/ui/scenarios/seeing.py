"""What one sees at the page, and how one finds it: each test is one visit, in a real browser."""

import re

import pytest
from playwright.sync_api import expect

from tests.dashboard.picture.lines import Try
from tests.dashboard.ui.conftest import FIRST, Journalled
from tests.dashboard.ui.on_page import Look, cell, rows
from tests.support.running import needs

pytestmark = needs("chromium")


# What one sees


def test_at_a_glance_it_says_what_works_what_is_refused_and_what_broke(journal: Journalled, look: Look) -> None:
    page = look(journal.watch.address)

    expect(cell(page, "8x8/meetings")).to_contain_text("works")
    expect(cell(page, "8x8/analytics")).to_contain_text("refused")
    expect(cell(page, "vevox/dashboard")).to_contain_text("broken by no-websocket")
    expect(cell(page, "8x8/video-bridges")).to_contain_text("not seen yet")
    expect(page.locator("#totals")).to_contain_text(re.compile("allowed1.*refused2.*broken1"))


def test_what_happens_comes_up_by_itself_the_newest_first(journal: Journalled, look: Look) -> None:
    page = look(journal.watch.address)
    expect(rows(page)).to_have_count(4)
    journal.append(Try("https://www.gravatar.com", second=130).line())

    expect(rows(page).first).to_contain_text("www.gravatar.com:443")
    expect(cell(page, "8x8/auxiliary")).to_contain_text("refused")


def test_a_destination_is_one_row_whose_count_grows(journal: Journalled, look: Look) -> None:
    page = look(journal.watch.address)
    expect(rows(page)).to_have_count(4)
    journal.append(*[FIRST[1]] * 41)

    expect(rows(page).first.locator(".number")).to_have_text("42")
    expect(rows(page)).to_have_count(4)


# Finding


def test_the_filter_is_in_the_address_and_comes_back_with_it(journal: Journalled, look: Look) -> None:
    page = look(journal.watch.address)
    page.keyboard.press("/")
    page.keyboard.type("amplitude")

    expect(rows(page)).to_have_count(1)
    assert page.url.endswith("/?q=amplitude"), "and not the token"
    again = look(page.url)
    expect(rows(again)).to_have_count(1)
    expect(again.locator("[name=q]")).to_have_value("amplitude")


@pytest.mark.parametrize(
    ("name", "value", "shown"),
    [("vendor", "vevox", "acme.vevox.com"), ("tier", "analytics", "api.amplitude.com"), ("verdict", "works", "8x8.vc")],
)
def test_by_vendor_tier_and_verdict(journal: Journalled, look: Look, name: str, value: str, shown: str) -> None:
    page = look(journal.watch.address)
    expect(rows(page)).to_have_count(4)
    page.select_option(f"[name={name}]", value)

    expect(rows(page)).to_have_count(1)
    expect(rows(page)).to_contain_text(shown)


def test_by_client_and_without_what_is_no_vendors(journal: Journalled, look: Look) -> None:
    page = look(journal.watch.address)
    page.fill("[name=client]", "10.0.0.2")
    expect(rows(page)).to_have_count(2)
    page.check("[name=hide]")
    expect(rows(page)).to_have_count(1)
    page.click("#unfilter")

    expect(rows(page)).to_have_count(4)
    assert "?" not in page.url


def test_a_service_shows_its_destinations_and_pressed_again_all(journal: Journalled, look: Look) -> None:
    page = look(journal.watch.address)
    cell(page, "8x8/analytics").click()
    expect(rows(page)).to_have_count(1)
    expect(cell(page, "8x8/analytics")).to_have_attribute("aria-pressed", "true")
    cell(page, "8x8/analytics").click()

    expect(rows(page)).to_have_count(4)


def test_dragging_over_the_time_line_shows_the_destinations_of_that_time(journal: Journalled, look: Look) -> None:
    page = look(journal.watch.address)
    expect(rows(page)).to_have_count(4)
    box = page.locator("#time svg").bounding_box()
    assert box is not None
    start, end = (box["x"] + box["width"] * part for part in (30 / 121, 60 / 121))
    page.mouse.move(start, box["y"] + 20)
    page.mouse.down()
    page.mouse.move(end, box["y"] + 30, steps=4)
    page.mouse.up()

    expect(rows(page)).to_have_count(1)
    expect(rows(page)).to_contain_text("api.amplitude.com")
    assert "since=" in page.url
    page.click('[data-last=""]')
    expect(rows(page)).to_have_count(4)
