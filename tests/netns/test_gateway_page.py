"""`tierwall run --gateway --ui`: the gateway's own page shows what its clients do, and no client reaches it."""

import base64
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from tests.browser.test_portal import driven_with
from tests.netns.clients import curl
from tests.netns.command import tierwall
from tests.netns.dns_packets import A, NameServerOrigin, address
from tests.netns.gateway import tierwall_in
from tests.netns.lab import GATEWAY, SERVER, TUN, Lab
from tests.support.needs import needs
from tests.support.running import Proxy
from tests.support.watching import Watched, until
from tierwall.standins.certificates import Authority
from tierwall.standins.origins import HttpsOrigin

pytestmark = needs("curl")

PORT: Final = 8081
PICTURES: Final = Path(__file__).parents[2] / "build" / "ui"
NAMES: Final = ["8x8.vc", "api.amplitude.com"]


@pytest.fixture(scope="module")
def proxy(lab: Lab, authority: Authority) -> Iterator[Proxy]:
    """With what its client did: something that works, and something that is refused."""
    lab.gateway.etc("resolv.conf", f"nameserver {SERVER}\n")
    records = {(name, A): address(SERVER) for name in NAMES}
    assert tierwall(lab.gateway, "gateway", "up", "--inside", "client", "--tun", TUN).status == 0
    with (
        lab.server.serving(NameServerOrigin(records, host=SERVER)),
        lab.server.serving(HttpsOrigin(authority, NAMES, host=SERVER, port=443)),
        tierwall_in(
            lab.gateway, "--gateway", "--site", "8x8-core-only", "--ui-listen", f"127.0.0.1:{PORT}", "--no-open"
        ) as proxy,
    ):
        for name in NAMES:
            curl(lab.client, "--cacert", authority.ca_pem, "--resolve", f"{name}:443:{SERVER}", f"https://{name}/")
        yield proxy
    assert tierwall(lab.gateway, "gateway", "down").status == 0


@pytest.fixture
def page(proxy: Proxy) -> Watched:
    said = proxy.wait_for_talk("page  http://", 15.0)
    at, _, token = said.split()[1].partition("#token=")
    return Watched(proxy.process, at, token)


def test_what_a_client_behind_the_gateway_does_is_on_its_page(lab: Lab, page: Watched) -> None:
    places = {f"{name}:443" for name in NAMES}
    frame = lab.gateway.inside(lambda: until(page, lambda frame: places <= frame["rows"].keys()))

    assert {row["place"]: row["outcome"] for row in frame["rows"].values() if row["place"] in places} == {
        "8x8.vc:443": "works",
        "api.amplitude.com:443": "refused",
    }


@needs("chromium")
def test_a_browser_on_the_gateway_shows_it(lab: Lab, page: Watched, tmp_path: Path) -> None:
    def look() -> str:
        with driven_with(tmp_path, "--window-size=1280,1000") as browser:
            browser.ask("Page.navigate", url=page.address)
            analytics = "document.querySelector('[data-cell=\"8x8/analytics\"]')?.textContent"
            browser.until(analytics, lambda text: text is not None and "refused" in text)
            return str(browser.ask("Page.captureScreenshot")["data"])

    picture = base64.b64decode(lab.gateway.inside(look))
    PICTURES.mkdir(parents=True, exist_ok=True)
    (PICTURES / "gateway.png").write_bytes(picture)

    assert picture.startswith(b"\x89PNG")


@pytest.mark.parametrize("host", [GATEWAY, "127.0.0.1"])
def test_no_client_reaches_it(lab: Lab, page: Watched, host: str) -> None:
    def connects() -> bool:
        with socket.socket() as client:
            client.settimeout(2.0)
            try:
                client.connect((host, PORT))
            except OSError:
                return False
            return True

    assert not lab.client.inside(connects)
