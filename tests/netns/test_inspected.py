"""Mode transparent, under a site that inspects: the client is redirected and knows of no proxy."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.netns.gateway import tierwall_in
from tests.netns.lab import REDIRECT, SERVER, Lab
from tests.support.journal_lines import about
from tests.support.running import Proxy, by_lab_ca
from tierwall.standins.certificates import Authority
from tierwall.standins.clients import Cause, Direct, fetch_https, native_session, websocket_session
from tierwall.standins.origins import HttpsOrigin

SITE = """
admit:
  - {vendor: vevox}
behaviours:
  - {behaviour: dpi-https-only, scope: {hosts: [cut.vevox.app]}}
  - {behaviour: tls-inspection}
"""
NAMES = ["*.vevox.app"]


@pytest.fixture(scope="module")
def proxy(lab: Lab, site: Callable[[str], Path], authority: Authority, ca: Path) -> Iterator[Proxy]:
    lab.gateway.nft(REDIRECT)
    with (
        lab.server.serving(HttpsOrigin(authority, NAMES, host=SERVER, port=443)),
        tierwall_in(lab.gateway, "--mode", "transparent", "--site", site(SITE), "--trust", ca) as proxy,
    ):
        yield proxy


@pytest.fixture
def lab_ca(proxy: Proxy) -> Path:
    found = re.search(r"^lab CA\s+(\S+)", proxy.console(), re.MULTILINE)
    assert found is not None
    return Path(found[1])


def test_a_redirected_native_app_is_cut_where_only_https_passes_and_web_apps_live(
    lab: Lab, proxy: Proxy, lab_ca: Path
) -> None:
    there = Direct(address=SERVER)

    relayed = lab.client.wait(lambda: native_session(there, "relayed.vevox.app", ca=lab_ca))
    native = lab.client.wait(lambda: native_session(there, "cut.vevox.app", ca=lab_ca))
    page = lab.client.wait(lambda: fetch_https(there, "cut.vevox.app", ca=lab_ca))
    socket = lab.client.wait(lambda: websocket_session(there, "cut.vevox.app", ca=lab_ca))

    assert (relayed.cause, by_lab_ca(relayed.issuer)) == (None, True)
    assert native.cause is Cause.RESET
    assert (page.cause, socket.cause) == (None, None)
    event = proxy.wait_for(about("cut.vevox.app", "broken"))
    assert (event.event.reason, event.tierwall.name_source) == ("not-https", "sni")
    assert [hit.service for hit in event.tierwall.breaks] == ["native-attendee"]
