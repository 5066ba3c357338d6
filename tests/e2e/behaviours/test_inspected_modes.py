"""Inspected in every way that a connection can come in: SOCKS5 by name and by address, through a parent proxy."""

from collections.abc import Iterator

import pytest

from tests.e2e.behaviours.conftest import Start
from tests.e2e.behaviours.inspected import broken
from tests.support.journal_lines import about
from tests.support.needs import needs
from tests.support.programs import Way, curl, openssl, wait
from tests.support.running import Proxy, allow_private, by_lab_ca, lab_ca
from tierwall.standins.certificates import Authority
from tierwall.standins.clients import Cause, fetch_https, native_session, websocket_session
from tierwall.standins.frames import Speaker
from tierwall.standins.origins import HttpsOrigin, NativeOrigin, serve_in_thread

ADDRESS = "127.0.0.3"
SITE = """
  - {behaviour: tls-inspection}
  - {behaviour: dpi-https-only, scope: {hosts: ["*.vevox.app"]}}
"""
PAGE = "refuse: {tls: page}\n"


@pytest.fixture(scope="module")
def first(authority: Authority) -> Iterator[NativeOrigin]:
    with serve_in_thread(NativeOrigin(authority, ["*.corp.example"])) as origin:
        yield origin


@pytest.fixture(scope="module")
def proxy(under: Start, web: HttpsOrigin, first: NativeOrigin) -> Iterator[Proxy]:
    modes = ("--mode", "regular@127.0.0.1:0", "--mode", "socks5@127.0.0.2:0")
    to = (*allow_private(ADDRESS, 443, web.port), *allow_private("first.corp.example", 443, first.port))
    with under(SITE, *modes, *to, rest=PAGE) as proxy:
        yield proxy


@pytest.fixture
def socks(proxy: Proxy) -> Way:
    return proxy.at("127.0.0.2")


def test_by_socks5_with_a_name(proxy: Proxy, socks: Way) -> None:
    page = wait(fetch_https(socks, "name.vevox.app", ca=lab_ca()))
    native = wait(native_session(socks, "name.vevox.app", ca=lab_ca()))

    assert page.ok
    assert native.cause is Cause.RESET
    assert broken(proxy, "name.vevox.app")["tierwall"]["behaviour"] == "dpi-https-only"


@needs("curl")
def test_by_socks5_with_an_address_as_a_redirected_connection_comes(proxy: Proxy, socks: Way) -> None:
    resolved = ("--resolve", f"sni.corp.example:443:{ADDRESS}", "--socks5", f"{socks.host}:{socks.port}")
    page = curl(*resolved, "--cacert", lab_ca(), "https://sni.corp.example/")
    native = wait(native_session(socks, ADDRESS, ca=lab_ca(), sni="sni.corp.example"))

    assert page.status == 200
    assert native.ok
    assert by_lab_ca(native.issuer)


def test_by_address_too_the_native_app_is_cut(proxy: Proxy, socks: Way) -> None:
    native = wait(native_session(socks, ADDRESS, ca=lab_ca(), sni="redirected.vevox.app"))

    assert native.cause is Cause.RESET
    assert broken(proxy, "redirected.vevox.app")["tierwall"]["behaviour"] == "dpi-https-only"


@needs("openssl")
def test_where_tls_is_refused_by_a_page_nothing_else_inside_is_let_through(proxy: Proxy, web: HttpsOrigin) -> None:
    via = proxy.at("127.0.0.1")
    reached = web.reached.octets
    at = f"{via.host}:{via.port}"
    to = ("-proxy", at, "-connect", "listed.corp.example:443", "-servername", "other.evil.example", "-quiet")
    said = openssl(*to, "-CAfile", lab_ca(), stdin=b"\x00\x00\x00\x05hello")
    page = openssl(
        *to, "-CAfile", lab_ca(), stdin=b"GET / HTTP/1.1\r\nHost: other.evil.example\r\nConnection: close\r\n\r\n"
    )

    assert "state: poll opened" not in said
    assert "is blocked here" in page
    assert web.reached.octets == reached
    assert not any(map(about("other.evil.example", "broken"), proxy.events()))


def test_through_a_parent_proxy(under: Start, first: NativeOrigin) -> None:
    to = allow_private("first.corp.example", 443, first.port)
    with under("  []\n", *to) as parent, under(SITE, "--mode", f"upstream:http://127.0.0.1:{parent.port}@0") as proxy:
        page = wait(fetch_https(proxy.via, "parent.vevox.app", ca=lab_ca()))
        socket = wait(websocket_session(proxy.via, "parent.vevox.app", ca=lab_ca()))
        native = wait(native_session(proxy.via, "parent.corp.example", ca=lab_ca()))
        speaks_first = wait(native_session(proxy.via, "first.corp.example", ca=lab_ca(), first=Speaker.SERVER))
        cut = wait(native_session(proxy.via, "parent.vevox.app", ca=lab_ca()))

        assert (page.ok, socket.ok, native.ok, speaks_first.ok) == (True, True, True, True)
        assert all(map(by_lab_ca, (page.issuer, native.issuer, speaks_first.issuer)))
        assert cut.cause is Cause.RESET
        parent.wait_for(about("first.corp.example", "allowed"))
