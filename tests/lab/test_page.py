"""The live page of a container: a browser of the host opens it with its token, and nobody looks at it without."""

import base64
import re
from pathlib import Path

import pytest

from tests.browser.test_portal import driven_with
from tests.lab.containers import PAGE_PORT, ROOT, Lab
from tests.lab.test_reference import through_proxy
from tests.support.needs import needs
from tests.support.watching import Watched, until

PORTS = {"proxy": PAGE_PORT, "gateway": PAGE_PORT + 1}
INSIDE = "http://10.78.1.1:8081"


def page_of(lab: Lab, service: str) -> Watched:
    """As Compose publishes it, with the token that the container's log has."""
    (*_, token) = re.findall(r"page +http://127\.0\.0\.1:8081/#token=(\S+)", lab.log(service))
    return Watched(None, f"http://127.0.0.1:{PORTS[service]}/", token)


def test_what_the_host_asks_of_the_proxy_is_on_its_page(lab: Lab) -> None:
    through_proxy("-k", "https://acme.vevox.com/")
    through_proxy("https://evil8x8.com/")
    page = page_of(lab, "proxy")
    frame = until(page, lambda frame: {"acme.vevox.com:443", "evil8x8.com:443"} <= frame["rows"].keys())

    assert frame["rows"]["evil8x8.com:443"]["outcome"] == "refused"
    assert frame["about"]["connected"]


def test_what_a_client_behind_the_gateway_does_is_on_the_gateways(lab: Lab) -> None:
    page = page_of(lab, "gateway")
    lab.shell("curl", "-sS", "--max-time", "20", "https://vevox.app/")
    lab.shell("curl", "-sS", "--max-time", "20", "https://evil8x8.com/")
    frame = until(page, lambda frame: {"vevox.app:443", "evil8x8.com:443"} <= frame["rows"].keys())

    assert frame["rows"]["vevox.app:443"]["outcome"] == "works"
    assert page.do("tell", {"do": "mark", "note": "seen from the host"})[0] == 200
    assert lab.event(lambda event: event["event"]["action"] == "marked")["message"] == "seen from the host"


@needs("chromium")
def test_a_browser_of_the_host_shows_the_gateways_matrix(lab: Lab, tmp_path: Path) -> None:
    lab.shell("curl", "-sS", "--max-time", "20", "https://acme.vevox.com/")
    with driven_with(tmp_path, "--window-size=1280,1000") as browser:
        browser.ask("Page.navigate", url=page_of(lab, "gateway").address)
        dashboard = "document.querySelector('[data-cell=\"vevox/dashboard\"]')?.textContent"
        browser.until(dashboard, lambda text: text is not None and "works" in text)
        actions = browser.does("document.querySelector('#acts').hidden")
        picture = browser.ask("Page.captureScreenshot")["data"]
    folder = ROOT / "build" / "ui"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "lab.png").write_bytes(base64.b64decode(picture))

    assert actions is False


@pytest.mark.parametrize("service", PORTS)
def test_the_host_sees_nothing_without_the_token(lab: Lab, service: str) -> None:
    page = page_of(lab, service)
    stranger = Watched(None, page.page, "guessed")

    assert [stranger.get(path)[0] for path in ("", "stream", "choices", "detail?number=1")] == [200, 403, 403, 403]
    assert page.get("choices")[0] == 200


def test_a_container_beside_it_sees_nothing_whatever_name_it_claims_to_ask_for(lab: Lab) -> None:
    ask = ("curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", "--max-time", "10")
    plain = lab.shell(*ask, f"{INSIDE}/stream").stdout
    claimed = lab.shell(*ask, "-H", "Host: localhost:8081", f"{INSIDE}/stream").stdout
    token = page_of(lab, "gateway").token
    invited = lab.shell(
        *ask, "-H", "Host: localhost:8081", "-H", f"X-Tierwall-Token: {token}", f"{INSIDE}/choices"
    ).stdout

    assert (plain, claimed, invited) == ("421", "403", "200")
