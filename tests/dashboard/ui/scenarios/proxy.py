"""What a person does at the page of a proxy that runs: each test is one visit, in a real browser."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.dashboard.ui.conftest import FIRST, PICTURES
from tests.dashboard.ui.on_page import Look, cell, rows
from tests.support.journal_lines import about
from tests.support.programs import connected, tunnel
from tests.support.running import Proxy, allow_private, needs, running_proxy
from tests.support.watching import Watched, watched
from tierwall.standins.origins import TcpEchoOrigin, serve_in_thread

pytestmark = needs("chromium")


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


def test_of_several_sites_what_is_switched_is_the_one_that_is_chosen(tmp_path: Path, look: Look) -> None:
    two = tmp_path / "two.yaml"
    two.write_text("version: 1\nsite: two\nadmit: [{vendor: vevox}]\n", encoding="utf-8")
    env = {"XDG_RUNTIME_DIR": str(tmp_path)}
    with running_proxy("--site", "closed", "--serve", f"{two}@127.0.0.2:0", env=env) as proxy:
        proxy.wait_until(lambda: any((tmp_path / "tierwall").glob("*.sock")))
        with watched(**env) as seen:
            page = look(seen.address)
            expect(page.locator("#source")).to_contain_text("site closed, two")
            page.click("#switch")
            page.get_by_label("Whose clients").select_option("two")
            expect(page.locator("#dialog")).to_contain_text("Instead of two")
            page.screenshot(path=PICTURES / "sites.png")
            latency = page.locator("#dialog div", has=page.get_by_label("Parameters of latency"))
            latency.get_by_label("Parameters of latency").fill("delay=5ms")
            latency.get_by_role("button", name="Switch on").last.click()
            expect(page.locator("#force")).to_have_text("behaviourstwo: latency, by hand")
            page.click("#switch")
            page.get_by_label("Whose clients").select_option("two")
            page.get_by_label("Site", exact=True).select_option("vevox-only")
            page.get_by_role("button", name="Switch to it").click()
            expect(page.locator("#source")).to_contain_text("site closed, vevox-only")


def test_when_the_proxy_is_started_again_the_page_goes_on_with_it(tmp_path: Path, look: Look) -> None:
    env = {"XDG_RUNTIME_DIR": str(tmp_path)}
    with running_proxy("--site", "reference", env=env) as first:
        first.wait_until(lambda: any((tmp_path / "tierwall").glob("*.sock")))
        with watched(**env) as seen:
            page = look(seen.address)
            expect(page.locator("#state")).to_contain_text("live for")
            first.stop()
            expect(page.locator("#state")).to_contain_text("the proxy has ended")
            with running_proxy("--site", "closed", "--workers", "2", env=env) as second:
                expect(page.locator("#source")).to_contain_text("site closed")
                with connected(second.via) as refused:
                    tunnel(refused, "acme.vevox.com:443")
                expect(cell(page, "vevox/dashboard")).to_contain_text("refused")


def test_who_comes_late_sees_the_whole_run(proxy: Proxy, tmp_path: Path, look: Look) -> None:
    with connected(proxy.via) as refused:
        tunnel(refused, "api.amplitude.com:443")
    proxy.wait_for(about("api.amplitude.com"))
    with watched(XDG_RUNTIME_DIR=str(tmp_path)) as seen:
        expect(rows(look(seen.address))).to_contain_text("api.amplitude.com:443")


def test_at_a_port_that_others_reach_nothing_is_shown_without_the_token(
    proxy: Proxy, tmp_path: Path, look: Look
) -> None:
    with watched("--listen", "0.0.0.0:0", XDG_RUNTIME_DIR=str(tmp_path)) as seen:
        stranger, invited = look(seen.page), look(seen.address)

        expect(invited.locator("#source")).to_contain_text("site lab")
        expect(stranger.locator("#warning")).to_contain_text("open the address that was printed")
        expect(stranger.locator("#state")).to_have_text("not shown")
        expect(stranger.locator("#source")).to_have_text("")
