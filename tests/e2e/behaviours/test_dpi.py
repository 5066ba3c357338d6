"""`dpi-https-only`: the vendor's web app lives, its native app does not, and the event says exactly that."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.behaviours.conftest import Start
from tests.e2e.behaviours.inspected import broken, event
from tests.support.journal_lines import about
from tests.support.needs import needs
from tests.support.programs import connected, curl, openssl, read_to_end, through, tunnel, wait
from tests.support.running import Proxy, allow_private, lab_ca
from tierwall.standins.certificates import Authority
from tierwall.standins.clients import Cause, Stage, fetch_https, native_session, websocket_session
from tierwall.standins.frames import Speaker
from tierwall.standins.origins import HttpsOrigin, NativeOrigin, SpeaksFirstOrigin, serve_in_thread

NATIVE, FIRST, CLEAR, ELSEWHERE = "acme.vevox.app", "first.vevox.app", "clear.vevox.app", "video.8x8.vc"
SITE = "  - {behaviour: dpi-https-only, scope: {vendor: vevox}}\n"
BY_ALPN = "  - {behaviour: dpi-https-only, basis: alpn}\n"


@pytest.fixture(scope="module")
def speaks_first(authority: Authority) -> Iterator[NativeOrigin]:
    with serve_in_thread(NativeOrigin(authority, ["*.vevox.app"])) as origin:
        yield origin


@pytest.fixture(scope="module")
def dpi(under: Start, speaks_first: NativeOrigin) -> Iterator[Proxy]:
    with (
        serve_in_thread(SpeaksFirstOrigin()) as banner,
        under(SITE, *allow_private(FIRST, 443, speaks_first.port), *allow_private(CLEAR, 443, banner.port)) as proxy,
    ):
        yield proxy


def cut(detail: str, **more: Any) -> dict[str, Any]:
    """The whole event of a native app that is cut."""
    said = {"stage": "tunnel", "refusal": "reset", "behaviour": "dpi-https-only", "detail": detail} | more
    domain = said.pop("domain", NATIVE)
    services = {"native-attendee": "core"}
    return event(domain, "vevox/*.vevox.app", reason="not-https", tier="core", services=services, **said)


@needs("curl")
def test_the_native_app_breaks_and_the_web_app_of_the_same_host_lives(dpi: Proxy, ca: Path, web: HttpsOrigin) -> None:
    before = web.reached.octets
    native = wait(native_session(dpi.via, NATIVE, ca=lab_ca()))
    reached = web.reached.octets - before
    elsewhere = wait(native_session(dpi.via, ELSEWHERE, ca=ca))
    page = wait(fetch_https(dpi.via, NATIVE, ca=lab_ca()))
    socket = wait(websocket_session(dpi.via, NATIVE, path="/socket", ca=lab_ca()))
    http2 = curl(*through(dpi.via), "--http2", "--cacert", lab_ca(), f"https://{NATIVE}/")

    detail = "what is inside TLS begins with neither a request of HTTP/1 nor the preface of HTTP/2"
    assert (native.stage, native.cause, native.pushes) == (Stage.EXCHANGE, Cause.RESET, ())
    assert reached == 0
    assert elsewhere.ok
    assert page.ok
    assert socket.ok
    assert http2.header("content-type") == "text/html; charset=utf-8"
    assert broken(dpi, NATIVE) == cut(detail)
    assert [event.event.action for event in dpi.events() if about(NATIVE, "broken")(event)] == ["broken"]


def test_a_server_that_speaks_first_is_cut_although_its_client_said_nothing(dpi: Proxy) -> None:
    outcome = wait(native_session(dpi.via, FIRST, ca=lab_ca(), first=Speaker.SERVER))

    assert (outcome.cause, outcome.pushes) == (Cause.RESET, ())
    assert broken(dpi, FIRST) == cut("the server spoke first, 22 octets", domain=FIRST)


def test_a_client_that_does_not_trust_the_lab_ca_rejects_the_inspection(dpi: Proxy, ca: Path) -> None:
    outcome = wait(native_session(dpi.via, "pinned.vevox.app", ca=ca))

    said = broken(dpi, "pinned.vevox.app")
    assert outcome.cause is Cause.UNTRUSTED
    assert (said["event"]["reason"], said["tierwall"]["behaviour"]) == ("inspection-rejected", "dpi-https-only")


def test_what_is_no_tls_on_its_port_is_cut_at_the_opening(dpi: Proxy) -> None:
    with connected(dpi.via) as client:
        tunnel(client, "opaque.vevox.app:443")
        client.sendall(b"\x00\x00\x00\x05hello")
        heard = read_to_end(client)

    assert heard == b"<reset>"
    assert broken(dpi, "opaque.vevox.app")["tierwall"]["detail"] == "it does not begin with a TLS handshake"


def test_a_server_that_speaks_first_without_tls_is_cut_too(dpi: Proxy) -> None:
    with connected(dpi.via) as client:
        tunnel(client, f"{CLEAR}:443")
        heard = read_to_end(client)

    assert heard.endswith(b"<reset>")
    detail = "no TLS handshake begins it: the server spoke first, or nobody spoke"
    assert broken(dpi, CLEAR)["tierwall"]["detail"] == detail


@needs("openssl")
def test_by_alpn_nothing_is_decrypted_and_who_offers_none_is_cut(under: Start, ca: Path, web: HttpsOrigin) -> None:
    with under(BY_ALPN) as proxy:
        page = wait(fetch_https(proxy.via, NATIVE, ca=ca))
        socket = wait(websocket_session(proxy.via, NATIVE, path="/socket", ca=ca))
        before = web.reached.octets
        native = wait(native_session(proxy.via, NATIVE, ca=ca))
        reached = web.reached.octets - before
        s_client = openssl(
            "-proxy", f"127.0.0.1:{proxy.port}", "-connect", f"{ELSEWHERE}:443", "-servername", ELSEWHERE
        )

        heuristic = "by ALPN alone, a heuristic that also hits HTTPS clients without it"
        assert page.ok
        assert socket.ok
        assert (native.stage, native.cause) == (Stage.TLS, Cause.RESET)
        assert reached == 0
        assert broken(proxy, NATIVE) == cut(
            f"the ClientHello offers no protocol ({heuristic})",
            stage="clienthello",
            user_agent={"original": "tierwall-demo"},
        )
        assert "no peer certificate available" in s_client
        assert broken(proxy, ELSEWHERE)["tierwall"]["breaks"] == []
