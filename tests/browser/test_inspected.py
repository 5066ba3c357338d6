"""A real browser that trusts the lab CA, behind a proxy that inspects: its page says what becomes of its WebSocket."""

import base64
import hashlib
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.browser.conftest import WebAppOrigin
from tests.browser.test_chromium import START_S, Browse
from tests.support.journal_lines import about
from tests.support.running import allow_private, lab_ca, needs, running_proxy
from tierwall.standins.certificates import Authority

SITE = """
version: 1
site: lab
admit: [{{vendor: 8x8, tiers: [core]}}]
behaviours:
  - {{behaviour: tls-inspection}}
  {behaviour}
"""
PAGES = {
    "inspected alone it works": ("", "/told/socket%3A%20hello"),
    "stripped it fails": ("- {behaviour: no-websocket}", "/told/socket%3A%20failed"),
    "refused it fails": ('- {behaviour: no-websocket, how: "403"}', "/told/socket%3A%20failed"),
}


def pin_of(certificate: Path) -> str:
    """What Chromium's --ignore-certificate-errors-spki-list takes to trust this authority."""
    key = x509.load_pem_x509_certificate(certificate.read_bytes()).public_key()
    return base64.b64encode(
        hashlib.sha256(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).digest()
    ).decode()


@needs("chromium")
@pytest.mark.parametrize("case", PAGES)
def test_of_its_websocket_the_page_says_that(
    case: str, web_app: WebAppOrigin, authority: Authority, browse: Browse, tmp_path: Path
) -> None:
    behaviour, told = PAGES[case]
    site = tmp_path / "site.yaml"
    site.write_text(SITE.format(behaviour=behaviour), encoding="utf-8")
    to = allow_private("8x8.vc", 443, web_app.port)

    with (
        running_proxy("--site", site, "--trust", authority.ca_pem, *to) as proxy,
        browse(proxy, "https://8x8.vc/", pin=pin_of(lab_ca())),
    ):
        assert web_app.reached.until(lambda reached: told in reached.targets, limit_s=START_S), web_app.reached
        if behaviour:
            event = proxy.wait_for(lambda said: said.tierwall.behaviour == "no-websocket")
            assert about("8x8.vc", "broken")(event)
