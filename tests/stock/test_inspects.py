"""Behaviours that inspect do the same under stock mitmproxy, whose other addons are there too."""

import json
from pathlib import Path

from tests.stock.conftest import SITE, Behind
from tests.stock.stock import stock_mitmproxy
from tests.support.journal_lines import about
from tests.support.needs import needs
from tests.support.programs import curl, through, wait
from tierwall.standins.clients import Cause, fetch_https, native_session, websocket_session

BEHAVIOURS = """
behaviours:
  - {behaviour: dpi-https-only, scope: {hosts: [cut.corp.example]}}
  - {behaviour: no-websocket, scope: {hosts: [cut.corp.example]}}
  - {behaviour: tls-max-version, version: "1.2", scope: {hosts: [cut.corp.example]}}
  - {behaviour: tls-inspection}
"""


def test_what_is_no_https_is_cut_and_what_is_goes_on(behind: Behind, ca: Path, tmp_path: Path) -> None:
    site, home = tmp_path / "site.yaml", tmp_path / "mitmproxy"
    site.write_text(SITE + BEHAVIOURS, encoding="utf-8")
    more = ("--set", f"confdir={home}", "--set", f"ssl_verify_upstream_trusted_ca={ca}")

    with stock_mitmproxy(*more, site=site, resolve=behind.resolve()) as proxy:
        lab_ca = home / "mitmproxy-ca-cert.pem"
        relayed = wait(native_session(proxy.via, "relayed.corp.example", ca=lab_ca))
        native = wait(native_session(proxy.via, "cut.corp.example", ca=lab_ca))
        page = wait(fetch_https(proxy.via, "cut.corp.example", ca=lab_ca))
        socket = wait(websocket_session(proxy.via, "cut.corp.example", ca=lab_ca))
        broken = [proxy.wait_for(lambda said, name=name: said.tierwall.behaviour == name) for name in NAMES]

    assert (relayed.cause, relayed.issuer) == (None, "mitmproxy")
    assert native.cause is Cause.RESET
    assert page.cause is None
    assert socket.reply is not None
    assert socket.reply.status == 426
    assert all(map(about("cut.corp.example", "broken"), broken))


@needs("curl")
def test_a_captive_portal_is_asked_by_tls_and_nothing_is_dialled_for_it(tmp_path: Path) -> None:
    """Stock mitmproxy would ask a server for its certificate first (`connection_strategy: eager`)."""
    site, home = tmp_path / "site.yaml", tmp_path / "mitmproxy"
    site.write_text("version: 1\nsite: hotel\nbehaviours: [{behaviour: captive-portal}]\n", encoding="utf-8")

    with stock_mitmproxy("--set", f"confdir={home}", site=site) as proxy:
        portal = curl(
            *through(proxy.via), "--cacert", home / "mitmproxy-ca-cert.pem", "https://portal.tierwall.test/api"
        )
        events = proxy.events()

    assert json.loads(portal.body) == {"captive": True, "user-portal-url": "https://portal.tierwall.test/"}
    assert events == []


NAMES = ("dpi-https-only", "no-websocket", "tls-max-version")
