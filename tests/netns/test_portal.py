"""A captive portal where clients know of no proxy: the lab's DNS leads them to its page, by name and address."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.netns.clients import curl
from tests.netns.dns_packets import A, NameServerOrigin, address
from tests.netns.gateway import tierwall_in
from tests.netns.lab import GATEWAY, REDIRECT, SERVER, Lab
from tests.support.running import Proxy, needs
from tierwall.standins.certificates import Authority
from tierwall.standins.origins import HttpsOrigin

pytestmark = needs("curl")
CHECK = "captive.apple.com"
PAGE = "guest.corp.example"
SITE = """
admit: [{hosts: [guest.corp.example], ports: [tcp/443]}]
dns: filter
behaviours: [{behaviour: captive-portal}]
"""


@pytest.fixture(scope="module")
def gateway(lab: Lab, site: Callable[[str], Path]) -> Iterator[Proxy]:
    lab.gateway.etc("resolv.conf", f"nameserver {SERVER}\n")
    lab.client.etc("resolv.conf", f"nameserver {GATEWAY}\n")
    lab.gateway.nft(REDIRECT)
    modes = ("--mode", "transparent", "--mode", f"dns@{GATEWAY}:53")
    names = NameServerOrigin({(PAGE, A): address(SERVER)}, host=SERVER)
    with lab.server.serving(names), tierwall_in(lab.gateway, *modes, "--site", site(SITE)) as proxy:
        yield proxy


def test_a_client_is_led_to_the_page_accepts_by_tls_and_then_passes(
    lab: Lab, gateway: Proxy, authority: Authority, ca: Path
) -> None:
    own_ca = gateway.journal.parent / "tierwall" / "ca" / "mitmproxy-ca-cert.pem"
    page = ("--cacert", ca, f"https://{PAGE}/")
    with lab.server.serving(HttpsOrigin(authority, [PAGE], host=SERVER, port=443)) as web:
        led = curl(lab.client, "-L", "--resolve", f"{CHECK}:80:{SERVER}", f"http://{CHECK}/hotspot-detect.html")
        cut = curl(lab.client, *page)[0]
        before = web.reached.connections
        curl(lab.client, "--cacert", own_ca, "https://portal.tierwall.test/accept", "-d", "")
        state = curl(lab.client, "--cacert", own_ca, "https://portal.tierwall.test/api")[1]
        passes = curl(lab.client, *page)

    assert "Accept and connect" in led[1], led
    assert (cut, before) == (35, 0)
    assert json.loads(state)["captive"] is False
    assert f"<title>{PAGE}</title>" in passes[1], passes
