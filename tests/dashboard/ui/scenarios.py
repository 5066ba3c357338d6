"""What a person does at the page, in a real browser: each test is one visit."""

import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, Request, expect

from tests.dashboard.picture.lines import NOON, Try
from tests.dashboard.ui.conftest import FIRST, PICTURES, Journalled
from tests.support.programs import connected, tunnel
from tests.support.running import Proxy, allow_private, environment, needs, running_proxy
from tests.support.watching import Watched, watched
from tierwall.standins.origins import TcpEchoOrigin, serve_in_thread

pytestmark = needs("chromium")

type Look = Callable[..., Page]

AXE = Path(__file__).parent / "node_modules" / "axe-core" / "axe.min.js"
WCAG_AA = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}}
HOSTILE = '<img src=x onerror="document.title=1"><script>document.title=2</script>'


def rows(page: Page) -> Any:
    return page.locator("#rows tbody tr")


def cell(page: Page, key: str) -> Any:
    return page.locator(f'[data-cell="{key}"]')


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
    page.add_script_tag(path=str(AXE))
    found = page.evaluate("options => axe.run(options)", WCAG_AA)["violations"]
    page.get_by_role("button", name="api.amplitude.com:443").click()
    expect(page.locator("#dialog h3").first).to_be_visible()
    found += page.evaluate("options => axe.run(options)", WCAG_AA)["violations"]
    page.screenshot(path=PICTURES / f"{scheme}-{width}.png")

    assert [(each["id"], each["nodes"][0]["html"][:200]) for each in found] == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_two_people_see_the_same_each_with_a_filter_of_their_own(journal: Journalled, look: Look) -> None:
    one, other = look(journal.watch.address), look(f"{journal.watch.page}?verdict=refused")
    expect(rows(one)).to_have_count(4)
    expect(rows(other)).to_have_count(2)
    journal.append(Try("https://www.gravatar.com", second=130).line())

    expect(rows(one)).to_have_count(5)
    expect(rows(other)).to_have_count(3)


# A proxy


@pytest.fixture
def proxy(tmp_path: Path) -> Iterator[Proxy]:
    site = tmp_path / "lab.yaml"
    site.write_text(
        "version: 1\nsite: lab\nadmit: [{vendor: 8x8, tiers: [core]}, {vendor: vevox}]\n"
        "behaviours: [{behaviour: idle-timeout, after: 1h, scope: {vendor: vevox}}]\n",
        encoding="utf-8",
    )
    with (
        serve_in_thread(TcpEchoOrigin()) as echo,
        running_proxy(
            *("--site", site, "--events", "denied"),
            *allow_private("acme.vevox.com", 443, echo.port),
            env={"XDG_RUNTIME_DIR": str(tmp_path)},
        ) as running,
    ):
        running.wait_until(lambda: any((tmp_path / "tierwall").glob("*.sock")))
        yield running


@pytest.fixture
def live(proxy: Proxy, tmp_path: Path) -> Iterator[Watched]:
    with watched(XDG_RUNTIME_DIR=str(tmp_path)) as seen:
        yield seen


def test_an_open_tunnel_is_seen_with_its_octets_and_age(proxy: Proxy, live: Watched, look: Look) -> None:
    page = look(live.address)
    expect(page.locator("#state")).to_contain_text("live for")
    expect(page.locator("#force")).to_contain_text("idle-timeout on vevox")
    with connected(proxy.via) as standing:
        tunnel(standing, "acme.vevox.com:443")
        standing.sendall(b"x" * 2000)
        expect(page.locator("#tunnels tbody tr")).to_contain_text("acme.vevox.com:443")
        expect(page.locator("#tunnels tbody tr")).to_contain_text("2.0 kB")
        expect(page.locator("#totals")).to_contain_text("open now1")
    expect(page.locator("#tunnels")).not_to_be_visible()
    expect(cell(page, "vevox/dashboard")).to_contain_text("works")


def test_behaviours_are_switched_and_another_site_put_in_force(proxy: Proxy, live: Watched, look: Look) -> None:
    page = look(live.address)
    page.click("#switch")
    latency = page.locator("#dialog div", has=page.get_by_label("Parameters of latency"))
    latency.get_by_label("Parameters of latency").fill("delay=soon")
    latency.get_by_role("button", name="Switch on").last.click()
    expect(page.locator("#said")).to_contain_text("delay")
    latency.get_by_label("Parameters of latency").fill("delay=5ms")
    latency.get_by_role("button", name="Switch on").last.click()
    expect(page.locator("#force")).to_contain_text("latency, by hand")

    page.click("#switch")
    page.get_by_label("Site", exact=True).select_option("closed")
    page.get_by_role("button", name="Switch to it").click()
    expect(page.locator("#source")).to_contain_text("site closed")
    with connected(proxy.via) as refused:
        assert b" 403 " in tunnel(refused, "acme.vevox.com:443")
    expect(cell(page, "vevox/dashboard")).to_contain_text("refused")


def test_a_moment_is_marked_and_the_report_that_is_saved_has_it(proxy: Proxy, live: Watched, look: Look) -> None:
    page = look(live.address)
    with connected(proxy.via) as refused:
        tunnel(refused, "api.amplitude.com:443")
    expect(rows(page)).to_have_count(1)
    page.keyboard.press("m")
    page.keyboard.type("clicked <b>Join</b>")
    page.keyboard.press("Enter")
    expect(page.locator("#notes")).to_contain_text("clicked <b>Join</b>")
    expect(page.locator("#time .moment")).to_have_count(1)
    with page.expect_download() as saved:
        page.click("#report")
    report = Path(saved.value.path()).read_text(encoding="utf-8")

    assert "clicked &lt;b&gt;Join&lt;/b&gt;" in report
    assert "api.amplitude.com" in report
    page.click("#clear")
    expect(rows(page)).to_have_count(0)


def test_without_the_token_it_shows_and_changes_nothing(live: Watched, look: Look) -> None:
    page = look(live.page)

    expect(page.locator("#warning")).to_contain_text("the address that was printed")
    expect(page.locator("#acts")).not_to_be_visible()


def test_when_the_pages_server_is_started_again_the_page_goes_on(tmp_path: Path, look: Look) -> None:
    path = tmp_path / "events.jsonl"
    path.write_bytes(b"".join(FIRST))
    with watched(path) as first:
        page = look(first.address)
        expect(rows(page)).to_have_count(4)
    expect(page.locator("#state")).to_contain_text("no connection")
    path.write_bytes(b"".join(FIRST[:2]))
    port = first.page.rstrip("/").rpartition(":")[2]
    with watched(path, "--listen", f"127.0.0.1:{port}"):
        expect(rows(page)).to_have_count(2, timeout=15_000)
        page.click("#clear")
        expect(page.locator("#dialog")).to_contain_text("not the one of this start")


# Much


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


# README's picture


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
