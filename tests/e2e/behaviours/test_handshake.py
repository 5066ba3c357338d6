"""TLS that is opened, and for whom it is not; the versions and protocols that are agreed on."""

import json
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.behaviours.conftest import NAMES, Start
from tests.e2e.behaviours.inspected import broken, event
from tests.e2e.behaviours.origins import TellingOrigin
from tests.support.journal_lines import about
from tests.support.needs import needs
from tests.support.programs import connected, curl, openssl, through, tunnel, wait
from tests.support.running import Proxy, allow_private, by_lab_ca, lab_ca
from tierwall.standins.certificates import Authority
from tierwall.standins.clients import Cause, fetch_https, native_session
from tierwall.standins.frames import Speaker
from tierwall.standins.origins import HttpsOrigin, NativeOrigin, serve_in_thread

BY_ADDRESS = "127.0.0.3"
SITE = f"""
  - {{behaviour: tls-inspection, except: [excepted.vevox.app, {BY_ADDRESS}/32]}}
  - {{behaviour: tls-max-version, version: "1.2", scope: {{hosts: [old.vevox.app, both.vevox.app]}}}}
  - {{behaviour: tls-max-version, version: "1.1", scope: {{hosts: [older.vevox.app]}}}}
  - {{behaviour: no-http2, scope: {{hosts: [http1.vevox.app, both.vevox.app, excepted.vevox.app]}}}}
  - {{behaviour: dpi-https-only, scope: {{hosts: [both.vevox.app]}}}}
"""
PLAIN, FIRST = "plain.vevox.app", "first.vevox.app"
TLS_1_2, TLS_1_3 = 0x0303, 0x0304


@pytest.fixture(scope="module")
def telling(authority: Authority) -> Iterator[TellingOrigin]:
    with serve_in_thread(TellingOrigin(authority, NAMES)) as origin:
        yield origin


@pytest.fixture(scope="module")
def at_address(authority: Authority) -> Iterator[HttpsOrigin]:
    with serve_in_thread(HttpsOrigin(authority, [BY_ADDRESS, "named.vevox.app"], host=BY_ADDRESS)) as origin:
        yield origin


@pytest.fixture(scope="module")
def proxy(under: Start, telling: TellingOrigin, authority: Authority) -> Iterator[Proxy]:
    with serve_in_thread(NativeOrigin(authority, NAMES)) as first:
        hosts = ("plain", "old", "older", "both", "http1", "excepted")
        to = [text for host in hosts for text in allow_private(f"{host}.vevox.app", 443, telling.port)]
        with under(SITE, *to, *allow_private(FIRST, 443, first.port)) as proxy:
            yield proxy


def seen(proxy: Proxy, host: str, *arguments: object, ca: Path | None = None) -> tuple[dict[str, Any], str]:
    """What the server was offered, and what curl says of it."""
    done = curl(*through(proxy.via), "--cacert", ca or lab_ca(), *arguments, f"https://{host}/seen")
    said: dict[str, Any] = json.loads(done.body)
    return said, done.talk


def untouched(host: str, behaviour: str, detail: str) -> dict[str, Any]:
    """The event of a behaviour that changed something by which nothing documented breaks."""
    more = {"stage": "clienthello", "behaviour": behaviour, "detail": detail}
    return event(host, "vevox/*.vevox.app", reason="behaviour", tier="none", services={}, **more)


def test_inspected_the_issuer_is_the_lab_ca_and_any_protocol_inside_works(proxy: Proxy) -> None:
    native = wait(native_session(proxy.via, "acme.vevox.app", ca=lab_ca()))
    first = wait(native_session(proxy.via, FIRST, ca=lab_ca(), first=Speaker.SERVER))

    assert (by_lab_ca(native.issuer), by_lab_ca(first.issuer)) == (True, True)
    assert native.ok
    assert first.ok


def test_whoever_does_not_trust_the_lab_ca_rejects_it_and_the_event_says_what_breaks(proxy: Proxy, ca: Path) -> None:
    pinned = wait(native_session(proxy.via, "pinned.vevox.app", ca=ca))

    said = broken(proxy, "pinned.vevox.app")
    assert pinned.cause is Cause.UNTRUSTED
    assert (said["event"]["reason"], said["tierwall"]["behaviour"]) == ("inspection-rejected", "tls-inspection")
    assert (said["tierwall"]["stage"], said["tierwall"]["tier"]) == ("clienthello", "core")
    assert {hit["service"] for hit in said["tierwall"]["breaks"]} >= {"native-attendee"}


@needs("curl")
def test_an_excepted_name_is_left_alone_by_whatever_else_inspects(proxy: Proxy, ca: Path) -> None:
    said, _ = seen(proxy, "excepted.vevox.app", "--http2", ca=ca)  # which is not the lab CA

    assert said["alpn"] == ["h2", "http/1.1"]
    assert not any(map(about("excepted.vevox.app", "broken"), proxy.events()))


@needs("openssl")
def test_an_excepted_address_is_left_alone_only_where_no_name_was_given(
    proxy: Proxy, at_address: HttpsOrigin, ca: Path
) -> None:
    connect = ("-proxy", f"127.0.0.1:{proxy.port}", "-connect", f"{BY_ADDRESS}:{at_address.port}", "-brief")
    unnamed = openssl(*connect, "-noservername", "-CAfile", ca)
    inspected = wait(fetch_https(proxy.via, "vevox.app", ca=lab_ca()))

    assert "Verification: OK" in unnamed
    assert by_lab_ca(inspected.issuer)


@needs("curl")
def test_tls_1_2_at_most_is_spoken_to_client_and_server(proxy: Proxy) -> None:
    before, newest = seen(proxy, PLAIN)
    after, limited = seen(proxy, "old.vevox.app")

    assert (before["newest"], after["newest"]) == (TLS_1_3, TLS_1_2)
    assert "SSL connection using TLSv1.3" in newest
    assert "SSL connection using TLSv1.2" in limited
    detail = "the client would speak a newer TLS than 1.2, which is spoken on both sides"
    assert broken(proxy, "old.vevox.app") == untouched("old.vevox.app", "tls-max-version", detail)


@needs("curl")
def test_a_client_that_insists_on_tls_1_3_fails(proxy: Proxy) -> None:
    done = curl(*through(proxy.via), "--cacert", lab_ca(), "--tlsv1.3", "https://old.vevox.app/seen")

    failed = proxy.wait_for(lambda said: about("old.vevox.app", "broken")(said) and said.tierwall.tier == "core")
    assert done.code == 35
    assert failed.tierwall.detail == "the client speaks no TLS as old as 1.2"
    assert {hit.service for hit in failed.tierwall.breaks} >= {"native-attendee"}


@needs("curl", "openssl")
def test_an_older_middlebox_still_is_what_modern_clients_refuse(proxy: Proxy) -> None:
    modern = curl(*through(proxy.via), "--cacert", lab_ca(), "https://older.vevox.app/seen")
    to = ("-proxy", f"127.0.0.1:{proxy.port}", "-connect", "older.vevox.app:443", "-servername", "older.vevox.app")
    old = openssl(*to, "-tls1_1", "-cipher", "DEFAULT@SECLEVEL=0", "-brief")

    assert modern.code == 35
    assert broken(proxy, "older.vevox.app", "tls-max-version")["tierwall"]["tier"] in ("core", "none")
    assert "Protocol version: TLSv1.1" in old


@needs("curl")
def test_http_2_is_agreed_on_with_nobody(proxy: Proxy) -> None:
    before, with_it = seen(proxy, PLAIN, "--http2")
    after, without = seen(proxy, "http1.vevox.app", "--http2")

    assert (before["alpn"], after["alpn"]) == (["h2", "http/1.1"], ["http/1.1"])
    assert "ALPN: server accepted h2" in with_it
    assert "ALPN: server accepted http/1.1" in without
    detail = "h2 is taken out of ALPN on both sides: HTTP/1.1 is spoken"
    assert broken(proxy, "http1.vevox.app") == untouched("http1.vevox.app", "no-http2", detail)


def test_a_connection_that_a_browser_keeps_spare_still_serves_its_request(proxy: Proxy, telling: TellingOrigin) -> None:
    trusting = ssl.create_default_context(cafile=lab_ca())
    dialled = telling.reached.connections + 2  # our own dial at the CONNECT, and the one that listens
    with connected(proxy.via) as client:
        tunnel(client, "both.vevox.app:443")
        with trusting.wrap_socket(client, server_hostname="both.vevox.app") as tls:
            assert telling.reached.until(lambda reached: reached.connections >= dialled)
            tls.sendall(b"GET /seen HTTP/1.1\r\nHost: both.vevox.app\r\nConnection: close\r\n\r\n")
            answer = tls.recv(65536)

    assert answer.startswith(b"HTTP/1.1 200 ")
    assert telling.reached.connections == dialled


@needs("curl")
def test_several_that_inspect_act_on_one_connection_each_with_its_event(proxy: Proxy) -> None:
    page, talk = seen(proxy, "both.vevox.app", "--http2")
    native = wait(native_session(proxy.via, "both.vevox.app", ca=lab_ca()))

    assert (page["alpn"], page["newest"]) == (["http/1.1"], TLS_1_2)
    assert "SSL connection using TLSv1.2" in talk
    assert native.cause is Cause.RESET
    dpi = broken(proxy, "both.vevox.app", "dpi-https-only")["tierwall"]
    assert [hit["service"] for hit in dpi["breaks"]] == ["native-attendee"]
    for name in ("tls-max-version", "no-http2"):
        assert broken(proxy, "both.vevox.app", name)["tierwall"]["breaks"] == []
