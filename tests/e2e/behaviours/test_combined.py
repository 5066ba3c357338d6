"""What acts on octets acts on connections that are inspected, and on plain HTTP, as on any other."""

from collections.abc import Iterator

import pytest

from tests.e2e.behaviours.conftest import NAMES, Start
from tests.e2e.behaviours.inspected import broken
from tests.e2e.behaviours.origins import TellingOrigin
from tests.support.needs import needs
from tests.support.programs import connected, curl, read_response, read_to_end, through, wait
from tests.support.running import Proxy, allow_private, by_lab_ca, lab_ca
from tierwall.standins.certificates import Authority
from tierwall.standins.clients import Cause, fetch_https, native_session, websocket_session
from tierwall.standins.origins import RedirectOrigin, serve_in_thread

SITE = """
  - {behaviour: tls-inspection}
  - {behaviour: dpi-https-only, scope: {hosts: [cut.vevox.app]}}
  - {behaviour: idle-timeout, after: 400ms, scope: {hosts: [idle.vevox.app, clear.corp.example, cut.vevox.app]}}
"""
HOLD_S = 1.0


@pytest.fixture(scope="module")
def proxy(under: Start, authority: Authority) -> Iterator[Proxy]:
    with (
        serve_in_thread(TellingOrigin(authority, NAMES)) as telling,
        serve_in_thread(RedirectOrigin()) as in_clear,
        under(
            SITE,
            *allow_private("idle.vevox.app", 443, telling.port),
            *allow_private("lasting.vevox.app", 443, telling.port),
            *allow_private("clear.corp.example", 80, in_clear.port),
        ) as proxy,
    ):
        yield proxy


def test_a_silent_websocket_is_cut_inside_the_tls_that_was_opened(proxy: Proxy) -> None:
    lasting = wait(websocket_session(proxy.via, "lasting.vevox.app", ca=lab_ca(), hold_s=HOLD_S))
    idle = wait(websocket_session(proxy.via, "idle.vevox.app", ca=lab_ca(), hold_s=HOLD_S))

    assert lasting.ok
    assert (by_lab_ca(idle.issuer), idle.echoes) == (True, (b"hello", b"\x00\x01"))
    assert idle.cause is Cause.RESET
    said = broken(proxy, "idle.vevox.app", "idle-timeout")["tierwall"]
    assert {hit["service"] for hit in said["breaks"]} >= {"dashboard", "web-attendee"}


@needs("curl")
def test_who_is_busy_notices_nothing_and_is_seen_with_its_own_address(proxy: Proxy) -> None:
    page = curl(*through(proxy.via), "--http2", "--cacert", lab_ca(), "https://idle.vevox.app/seen")

    event = proxy.wait_for(lambda said: said.url is not None and said.url.full == "https://idle.vevox.app/seen")
    assert page.status == 200
    assert event.source is not None
    assert event.source.ip == "127.0.0.1"
    assert event.source.port


def test_a_plain_http_connection_is_cut_when_it_is_idle(proxy: Proxy) -> None:
    with connected(proxy.via) as client:
        client.sendall(b"GET http://clear.corp.example/ HTTP/1.1\r\nHost: clear.corp.example\r\n\r\n")
        head, _ = read_response(client)
        rest = read_to_end(client)

    assert head.startswith(b"HTTP/1.1 301 ")
    assert rest == b"<reset>"
    assert broken(proxy, "clear.corp.example")["tierwall"]["behaviour"] == "idle-timeout"


def test_a_cut_is_a_reset_here_too(proxy: Proxy) -> None:
    page = wait(fetch_https(proxy.via, "cut.vevox.app", ca=lab_ca()))
    native = wait(native_session(proxy.via, "cut.vevox.app", ca=lab_ca()))

    assert page.ok
    assert native.cause is Cause.RESET
    assert broken(proxy, "cut.vevox.app", "dpi-https-only")["event"]["reason"] == "not-https"
