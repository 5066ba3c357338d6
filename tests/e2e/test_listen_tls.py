"""`--listen-tls`: clients speak TLS to the proxy itself, and all else is as on the port beside it."""

import socket
import ssl
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path

import pytest

from tests.e2e.behaviours.at_access import SHORT_LIMITS
from tests.support.journal_lines import about
from tests.support.programs import curl
from tests.support.running import Proxy, allow_private, lab_ca, needs, running_proxy
from tierwall.events import Event
from tierwall.standins.certificates import CA_NAME, Authority
from tierwall.standins.origins import HttpsOrigin, RedirectOrigin, serve_in_thread

pytestmark = needs("curl")
SITE = "version: 1\nsite: lab\nadmit: [{hosts: ['*.corp.example'], ports: [tcp/80, tcp/443]}]\n"
INSPECTING = f"{SITE}behaviours: [{{behaviour: tls-inspection, scope: {{hosts: [inspected.corp.example]}}}}]\n"


@pytest.fixture(scope="module")
def origins(authority: Authority) -> Iterator[tuple[HttpsOrigin, RedirectOrigin]]:
    with (
        serve_in_thread(HttpsOrigin(authority, ["*.corp.example"])) as https,
        serve_in_thread(RedirectOrigin()) as port_80,
    ):
        yield https, port_80


@pytest.fixture(scope="module", params=["1", "2"])
def proxy(
    request: pytest.FixtureRequest,
    origins: tuple[HttpsOrigin, RedirectOrigin],
    ca: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Proxy]:
    site = tmp_path_factory.mktemp("site") / "site.yaml"
    site.write_text(INSPECTING, encoding="utf-8")
    https, port_80 = origins
    to = (*allow_private("*.corp.example", 443, https.port), *allow_private("*.corp.example", 80, port_80.port))
    named = ("--resolve", "proxy.lab.example:*:127.0.0.1")
    tls = ("--listen-tls", "127.0.0.2:0", "--trust", ca, "--workers", request.param)
    with running_proxy("--site", site, *to, *named, *tls) as proxy:
        yield proxy


def by_tls(proxy: Proxy) -> tuple[str, ...]:
    """curl's way through the port for TLS."""
    return ("-x", f"https://127.0.0.2:{proxy.at('127.0.0.2').port}", "--noproxy", "", "--proxy-cacert", str(lab_ca()))


def test_what_is_admitted_passes_untouched_and_what_is_not_is_refused(proxy: Proxy, ca: Path) -> None:
    admitted = curl(*by_tls(proxy), "--cacert", ca, "https://page.corp.example/")
    plain = curl(*by_tls(proxy), "http://page.corp.example/")
    denied = curl(*by_tls(proxy), "https://a.evil.example/")
    page = curl(*by_tls(proxy), "http://b.evil.example/")
    proxy.wait_for(about("a.evil.example"))

    assert (admitted.status, f"issuer: CN={CA_NAME}" in admitted.talk, plain.status) == (200, True, 301)
    assert (denied.connect_code, page.status) == (403, 403)
    assert "b.evil.example:80 is blocked here" in page.body


def test_what_is_inspected_is_inspected_here_too(proxy: Proxy) -> None:
    done = curl(*by_tls(proxy), "--cacert", lab_ca(), "https://inspected.corp.example/")

    assert (done.status, "issuer: CN=tierwall lab CA (" in done.talk) == (200, True)


@pytest.mark.parametrize("name", ["localhost", "proxy.lab.example", socket.gethostname()])
def test_its_certificate_is_of_every_name_of_the_proxys(proxy: Proxy, name: str) -> None:
    context = ssl.create_default_context(cafile=str(lab_ca()))
    with (
        socket.create_connection(("127.0.0.2", proxy.at("127.0.0.2").port), 5) as plain,
        context.wrap_socket(plain, server_hostname=name) as client,
    ):
        assert client.version() in {"TLSv1.2", "TLSv1.3"}


def test_the_pac_file_that_it_serves_says_https(proxy: Proxy) -> None:
    port = proxy.at("127.0.0.2").port
    here = curl("--cacert", lab_ca(), f"https://127.0.0.2:{port}/proxy.pac")
    beside = curl(f"http://127.0.0.1:{proxy.at('127.0.0.1').port}/proxy.pac")

    assert f'var PROXY = "HTTPS 127.0.0.2:{port}";' in here.body
    assert 'var PROXY = "PROXY 127.0.0.1:' in beside.body


def test_who_does_not_trust_the_lab_ca_or_speaks_no_tls_is_told_how(proxy: Proxy) -> None:
    way = f"https://127.0.0.2:{proxy.at('127.0.0.2').port}"
    distrusting = curl("-x", way, "--noproxy", "", "https://page.corp.example/")
    with socket.create_connection(("127.0.0.2", proxy.at("127.0.0.2").port), 5) as client:
        client.sendall(b"CONNECT page.corp.example:443 HTTP/1.1\r\n\r\n")
        while client.recv(4096):
            pass
    after = curl(*by_tls(proxy), "http://page.corp.example/")

    said = [
        "a client did not accept the proxy's own certificate: it must trust the lab CA (/ca.pem, `tierwall ca`)",
        "a client spoke plain HTTP to the port of --listen-tls: it must name the proxy as https://",
    ]
    events = [proxy.wait_for(partial(_says, words)) for words in said]
    for words in said:
        proxy.wait_for_talk(words)
    assert (distrusting.code, after.status) == (60, 301)
    assert {(event.event.reason, event.tierwall.stage, event.tierwall.refusal) for event in events} == {
        ("malformed", "clienthello", "close")
    }
    assert [event.source and event.source.ip for event in events] == ["127.0.0.1", "127.0.0.1"]
    assert "Traceback" not in proxy.console()


def test_a_scanner_is_one_event_a_cause_and_others_are_served_meanwhile(
    origins: tuple[HttpsOrigin, RedirectOrigin], tmp_path: Path
) -> None:
    site = tmp_path / "site.yaml"
    site.write_text(SITE, encoding="utf-8")
    to = allow_private("*.corp.example", 80, origins[1].port)
    with running_proxy("--site", site, "--listen-tls", "127.0.0.2:0", *to) as proxy:
        for octets in (b"SSH-2.0-scan\r\n", b"\x16\x03\x01\x00\x05hello", b"") * 20:
            with socket.create_connection(("127.0.0.2", proxy.at("127.0.0.2").port), 5) as client:
                client.sendall(octets)
                client.shutdown(socket.SHUT_WR)
                assert b"HTTP" not in _to_the_end(client)
        page = curl(*by_tls(proxy), "http://page.corp.example/")
        proxy.wait_for(lambda event: event.event.reason == "malformed")
        told = [event.tierwall.detail for event in proxy.events() if event.event.action == "denied"]

    assert page.status == 301
    assert len(told) == len(set(told)) <= 2
    assert all(detail and "TLS handshake with the proxy itself failed" in detail for detail in told)


def test_who_says_nothing_is_told_when_its_time_is_over(tmp_path: Path) -> None:
    site = tmp_path / "site.yaml"
    site.write_text(SITE, encoding="utf-8")
    with (
        running_proxy("--site", site, "--listen-tls", "127.0.0.2:0", code=SHORT_LIMITS) as proxy,
        socket.create_connection(("127.0.0.2", proxy.at("127.0.0.2").port), 5) as client,
    ):
        assert _to_the_end(client) == b""
        proxy.wait_for(partial(_says, "no TLS handshake with the proxy itself within 0 s"))


def _says(words: str, event: Event) -> bool:
    return words in (event.tierwall.detail or "")


def _to_the_end(client: socket.socket) -> bytes:
    octets = bytearray()
    with suppress(OSError):
        while more := client.recv(4096):
            octets += more
    return bytes(octets)


def test_tls_on_the_other_port_is_told_where_it_belongs(proxy: Proxy) -> None:
    curl("-x", f"https://127.0.0.1:{proxy.at('127.0.0.1').port}", "--noproxy", "", "https://page.corp.example/")

    event = proxy.wait_for(partial(_says, "TLS to the proxy port itself; --listen-tls is for that"))
    assert event.event.reason == "malformed"
