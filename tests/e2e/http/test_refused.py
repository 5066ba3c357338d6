"""What no server should get is refused with an answer, or a close, and an event; a crash is both at once."""

import ssl
from pathlib import Path

import pytest

from tests.e2e.http.conftest import Way, until
from tests.support.journal_lines import about
from tests.support.played_origins import Played, PlayedTls, answers
from tests.support.programs import connected, read_to_end, tunnel
from tests.support.running import Proxy, allow_private, lab_ca, running_proxy
from tierwall.events import Event

SMUGGLED = b"GET /smuggled HTTP/1.1\r\nHost: denied.evil.example\r\n\r\n"


@pytest.mark.parametrize(
    "fields",
    [
        ("Content-Length: 5", "Transfer-Encoding: chunked"),
        ("Content-Length: 0", "Content-Length: 60"),
        ("Content-Length: 0, 60",),
        ("Content-Length: +5",),
        ("Transfer-Encoding: chunked, identity",),
        ("Transfer-Encoding: xchunked",),
        ("Transfer-Encoding: chunked", "Transfer-Encoding: chunked"),
        ("X : 1",),
        (" folded: 1",),
        ("Host: denied.evil.example",),
    ],
    ids=lambda fields: fields[0].replace(" ", "_"),
)
@pytest.mark.parametrize("second", [False, True], ids=["first", "second"])
def test_a_request_that_could_be_read_in_two_ways(way: Way, fields: tuple[str, ...], *, second: bool) -> None:
    def refused(event: Event) -> bool:
        return event.event.reason == "malformed" and event.tierwall.refusal in ("400", "reset")

    before = len(way.proxy.lines())
    with way.open() as client:
        if second:
            client.sendall(way.request())
            until(client, b"hello")
        client.sendall(way.request("/two-ways", *fields, method="POST") + SMUGGLED)
        heard = until(client, b"\r\n\r\n")

    way.proxy.wait_until(lambda: any(refused(event) for event in way.proxy.events()[before:]))
    assert heard.startswith(b"HTTP/1.1 400 ")
    assert all(b"/two-ways" not in talk.heard and b"/smuggled" not in talk.heard for talk in way.origin.talks)


def test_chunks_that_make_no_sense(way: Way) -> None:
    with way.open() as client:
        client.sendall(way.request("/", "Transfer-Encoding: chunked", method="POST") + b"zz\r\n")
        heard = until(client, b"\r\n\r\n")

    assert heard.startswith(b"HTTP/1.1 400 ")
    way.proxy.wait_for(
        lambda event: event.event.reason == "malformed" and event.tierwall.detail == "its chunks make no sense"
    )


def test_what_is_not_http_2_after_its_preface(proxy: Proxy) -> None:
    before = len(proxy.lines())
    with connected(proxy.via) as client:
        assert b" 200 " in tunnel(client, "broken-h2.corp.example:443")
        trusting = ssl.create_default_context(cafile=lab_ca())
        trusting.set_alpn_protocols(["h2"])
        with trusting.wrap_socket(client, server_hostname="broken-h2.corp.example") as inside:
            inside.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\0\0\5\x07\0\0\0\0\1hello")
            while inside.recv(65536):
                pass

    proxy.wait_until(lambda: any(event.event.reason == "malformed" for event in proxy.events()[before:]))


CRASHES = """
from tierwall.proxy.mitmproxy.http import stream
def crash(self, event):
    raise RuntimeError("on purpose")
    yield
stream.Stream.state_wait_for_response_headers = crash
"""


IMPATIENT = """
from tierwall.proxy.mitmproxy import handover
handover.HANDSHAKE_S = 0.5
"""


def test_a_tls_handshake_that_is_never_finished_is_given_up(
    clear: Played, tmp_path: Path, encrypted: PlayedTls, ca: Path
) -> None:
    site = tmp_path / "site.yaml"
    site.write_text(SITE.replace("tcp/80", "tcp/443") + "behaviours: [{behaviour: tls-inspection}]\n", encoding="utf-8")
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    hello = ssl.create_default_context().wrap_bio(incoming, outgoing, server_hostname="go.corp.example")
    with pytest.raises(ssl.SSLWantReadError):
        hello.do_handshake()
    to = allow_private("go.corp.example", 443, encrypted.port)
    with running_proxy("--site", site, "--trust", ca, *to, code=IMPATIENT) as proxy, connected(proxy.via) as client:
        tunnel(client, "go.corp.example:443")
        client.sendall(outgoing.read())
        heard = read_to_end(client)
        event = proxy.wait_for(lambda event: event.event.reason == "malformed")

    assert not heard.endswith(b"<silence>")
    assert event.tierwall.detail == "a TLS handshake that is not finished in time"


@pytest.mark.parametrize("host", ["denied.evil.example", "nowhere.corp.example:1"])
def test_what_is_answered_to_head_has_no_body_first_too(proxy: Proxy, host: str) -> None:
    request = f"HEAD http://{host}/ HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"
    with connected(proxy.via) as client:
        client.sendall(request.encode())
        heard = read_to_end(client)

    assert heard.startswith(b"HTTP/1.1 403 ")
    assert heard.endswith(b"\r\n\r\n")
    assert heard.count(b"\r\n\r\n") == 1


@pytest.mark.parametrize("name", ["two-.corp.example", "-two.corp.example", "a-.b.corp.example"])
def test_a_name_that_is_in_no_certificate_is_answered_at_once(proxy: Proxy, encrypted: PlayedTls, name: str) -> None:
    reached = len(encrypted.talks)
    with connected(proxy.via, 4.0) as client:
        tunnel(client, f"{name}:443")
        trusting = ssl.create_default_context(cafile=lab_ca())
        trusting.check_hostname = False  # clients like curl do it by themselves
        with trusting.wrap_socket(client, server_hostname=name) as inside:
            inside.sendall(f"GET / HTTP/1.1\r\nHost: {name}\r\n\r\n".encode())
            heard = until(inside, b"\r\n\r\n")

    assert heard.startswith(b"HTTP/1.1 502 ")
    assert len(encrypted.talks) == reached
    assert proxy.wait_for(about(name, "failed")).event.reason == "unreachable"


SITE = "version: 1\nsite: crash\nadmit:\n  - {hosts: [go.corp.example], ports: [tcp/80]}\n"
GO = b"GET http://go.corp.example/ HTTP/1.1\r\nHost: go.corp.example\r\n\r\n"


@pytest.mark.parametrize("code", ["", CRASHES], ids=["as-it-is", "crashes"])
def test_a_crash_of_a_layer_ends_the_connection_at_once_and_is_told(clear: Played, tmp_path: Path, code: str) -> None:
    clear.play = answers
    site = tmp_path / "site.yaml"
    site.write_text(SITE, encoding="utf-8")
    with running_proxy("--site", site, *allow_private("go.corp.example", 80, clear.port), code=code) as proxy:
        with connected(proxy.via, 2.0) as client:
            client.sendall(GO)
            if not code:
                assert until(client, b"hello").startswith(b"HTTP/1.1 200 ")
                return
            assert read_to_end(client) in (b"", b"<reset>")
        event = proxy.wait_for(lambda event: event.event.reason == "error")

    assert event.error is not None
    assert event.error.message == "RuntimeError: on purpose"
