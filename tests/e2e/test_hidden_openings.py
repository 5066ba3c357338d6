"""What hides from a reader of openings: nothing of it reaches a server that would have answered, and it is told."""

import socket
import ssl
import subprocess
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.e2e.conftest import Lab
from tests.support.journal_lines import about
from tests.support.needs import needs
from tests.support.origins import RecordingOrigin
from tests.support.programs import ALERT_ACCESS_DENIED, client_hello, connected, openssl, read_to_end, tunnel
from tests.support.running import Proxy, allow_private, lab_ca, running_proxy
from tierwall.events import Event
from tierwall.standins.certificates import Authority
from tierwall.standins.origins import SpeaksFirstOrigin, serve_in_thread
from tierwall.standins.origins.base import TlsOrigin
from tierwall.standins.streams import TlsStream

WARNING = bytes.fromhex("15 03 01 00 02 01 5a")
"""A warning alert, user_canceled: servers skip it before a ClientHello (Go's crypto/tls, say)."""

DENIED = "hidden.evil.example"
HELLO = client_hello(DENIED)
HOST = b"Host: " + DENIED.encode() + b"\r\n\r\n"

TLS = {
    "an alert before the hello": WARNING + HELLO,
    "change_cipher_spec before it": b"\x14\x03\x03\x00\x01\x01" + HELLO,
    "application data before it": b"\x17\x03\x03\x00\x01\x00" + HELLO,
    "a heartbeat before it": b"\x18\x03\x03\x00\x03\x01\x00\x00" + HELLO,
    "an empty record before it": b"\x16\x03\x01\x00\x00" + HELLO,
    "a record of another version": b"\x16\x02\x00" + HELLO[3:],
    "a record of a version to come": b"\x16\x05\x05" + HELLO[3:],
    "an alert within it": HELLO[:3] + b"\x00\x04" + HELLO[5:9] + WARNING + b"\x16\x03\x01" + HELLO[9:],
}
HTTP = {
    "spaces": b"GET  / HTTP/1.1\r\n" + HOST,
    "a space before": b" GET / HTTP/1.1\r\n" + HOST,
    "tabs": b"GET\t/\tHTTP/1.1\r\n" + HOST,
    "a version in lower case": b"GET / http/1.1\r\n" + HOST,
    "a method that is no token": b"<GET / HTTP/1.1\r\n" + HOST,
    "fields after HTTP/0.9": b"GET /\r\n" + HOST,
    "HTTP/2 without TLS": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes(9),
    "a CONNECT": b"CONNECT hidden.evil.example:443 HTTP/1.1\r\n" + HOST,
    "two hosts": b"GET / HTTP/1.1\r\nHost: dialled.corp.example\r\n" + HOST,
    "a folded host": b"GET / HTTP/1.1\r\nHost: dialled.corp.example\r\n ." + HOST[6:],
    "a bare carriage return": b"GET / HTTP/1.1\rHost: a\r\n" + HOST,
}


def _of_dialled(lab: Lab) -> list[Event]:
    """What happened there; of other places, events of tests before may still come."""
    there = "dialled.corp.example"
    return [event for event in lab.proxy.events() if event.destination and event.destination.domain == there]


@pytest.mark.parametrize("octets", TLS.values(), ids=TLS)
def test_nothing_hides_a_client_hello(lab: Lab, octets: bytes) -> None:
    before = len(_of_dialled(lab))
    with connected(lab.via) as client:
        tunnel(client, "dialled.corp.example:443")
        client.sendall(octets)
        heard = read_to_end(client)

    lab.proxy.wait_until(lambda: len(_of_dialled(lab)) > before)

    assert heard == ALERT_ACCESS_DENIED
    assert lab.dialled.reached.octets == 0
    assert [(event.event.action, event.event.reason) for event in _of_dialled(lab)[before:]] == [
        ("denied", "malformed")
    ]


@pytest.mark.parametrize("in_octets", [False, True], ids=["at once", "octet by octet"])
@pytest.mark.parametrize("octets", HTTP.values(), ids=HTTP)
def test_nothing_hides_the_name_of_a_request(lab: Lab, octets: bytes, in_octets: bool) -> None:
    before = len(lab.proxy.events())
    with connected(lab.via) as client:
        tunnel(client, "recording.corp.example:443")
        heard = len(lab.recording.heard)
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            for at in range(0, len(octets), 1 if in_octets else len(octets)):
                client.sendall(octets[at : at + 1] if in_octets else octets)
        except OSError:
            pass  # refused before all of it was sent
        read_to_end(client)
    lab.proxy.wait_until(lambda: any(e.event.reason == "malformed" for e in lab.proxy.events()[before:]))

    assert DENIED.encode() not in lab.recording.heard[heard:]


@pytest.mark.parametrize("method", ["get", "VERSION-CONTROL", "Get", "CONNECTX"])
def test_any_method_is_one_and_every_request_after_it_is_judged(lab: Lab, method: str) -> None:
    with connected(lab.via) as client:
        tunnel(client, "method.corp.example:80")
        client.sendall(
            f"{method} / HTTP/1.1\r\nHost: method.corp.example\r\nContent-Length: 0\r\n\r\n".encode()
            + b"GET / HTTP/1.1\r\n"
            + HOST
        )
        heard = b""
        while b"X-Tierwall-Reason: name-mismatch" not in heard and (octets := client.recv(65536)):
            heard += octets

    assert b"HTTP/1.1 403 " in heard
    assert not any("hidden" in target for target in lab.port_80.reached.targets)
    assert lab.proxy.wait_for(about(DENIED)).event.reason == "name-mismatch"


OTHERS = {
    "SIP": b"OPTIONS sip:x SIP/2.0\r\nVia: SIP/2.0/TCP x\r\n\r\n",
    "RTSP": b"OPTIONS rtsp://x/media RTSP/1.0\r\nCSeq: 1\r\n\r\n",
    "ICAP": b"OPTIONS icap://x/reqmod ICAP/1.0\r\n\r\n",
    "memcached": b"GET key1 key2\r\n",
    "Beanstalk": b"DELETE 17\r\n",
    "HTTP/0.9": b"GET /\r\n",
    "XMPP": b"<?xml version='1.0'?><stream:stream to='x'>",
    "SMTP": b"EHLO client.example\r\n",
    "NATS": b'CONNECT {"verbose":false}\r\n',
    "git": b"003egit-upload-pack /p.git\0host=x\0",
    "STUN": b"\x00\x01\x00\x00\x21\x12\xa4\x42" + b"t" * 12,
    "a word without an end": b"hello there",
    "WebRTC's hello of SSL 2.0": bytes.fromhex(
        "80460103 01002d00 00001001 00800300 800700c0 06004002 00800400 80000004 00feff00 000a00fe"
        "fe000009 00006400 00620000 03000006 1f170ca6 2f0078fc 46552eb1 8339f1ea"
    ),
}


@pytest.mark.parametrize("octets", OTHERS.values(), ids=OTHERS)
def test_a_tunnel_is_blind_to_other_protocols(lab: Lab, octets: bytes) -> None:
    """RFC 9110 section 9.3.6."""
    heard = len(lab.recording.heard)
    with connected(lab.via) as client:
        tunnel(client, "recording.corp.example:443")
        client.sendall(octets)
        lab.recording.reached.until(lambda _: len(lab.recording.heard) >= heard + len(octets))

    assert bytes(lab.recording.heard[heard:]) == octets


def test_a_head_that_pauses_longer_than_the_limit_is_malformed() -> None:
    shortened = "from tierwall.policy import limits\nlimits.FIRST_BYTES_S = 0.3"
    with (
        serve_in_thread(RecordingOrigin()) as origin,
        running_proxy(*allow_private("vevox.app", 80, origin.port), code=shortened) as proxy,
        connected(proxy.via) as client,
    ):
        tunnel(client, "vevox.app:80")
        client.sendall(b"GET / HTTP/1.1\r\nHost: vevox.app")
        heard = read_to_end(client)
        event = proxy.wait_for(about("vevox.app"))

    assert heard.startswith(b"HTTP/1.1 400 ")
    assert event.event.reason == "malformed"
    assert origin.reached.octets == 0


def test_a_second_hello_is_judged_before_the_server_has_agreed_to_the_first(lab: Lab) -> None:
    first = client_hello("recording.corp.example")
    heard = len(lab.recording.heard)
    with connected(lab.via) as client:
        tunnel(client, "recording.corp.example:443")
        client.sendall(first)
        lab.recording.reached.until(lambda _: len(lab.recording.heard) >= heard + len(first))
        client.sendall(client_hello("second.evil.example"))
        answer = read_to_end(client)
    event = lab.proxy.wait_for(about("second.evil.example"))

    assert answer == ALERT_ACCESS_DENIED
    assert event.event.reason == "name-mismatch"
    assert bytes(lab.recording.heard[heard:]) == first


@pytest.mark.parametrize(
    ("octets", "reason"),
    [(client_hello("late.evil.example"), "unlisted"), (b"GET / HTTP/1.1\r\n" + HOST, "unlisted")],
    ids=["TLS", "HTTP"],
)
def test_a_client_that_was_silent_is_read_when_it_speaks(
    site: Callable[[str], Path], octets: bytes, reason: str
) -> None:
    """By address alone it was admitted; the name that it gives then is another matter."""
    shortened = "from tierwall.policy import limits\nlimits.FIRST_BYTES_S = 0.3"
    with (
        serve_in_thread(SpeaksFirstOrigin(host="127.0.0.9")) as origin,
        running_proxy(
            *("--site", site("admit: [{networks: [127.0.0.9/32], ports: [tcp/1-65535]}]\n")),
            *("--mode", "socks5"),
            code=shortened,
        ) as proxy,
        connected(proxy.via) as client,
    ):
        client.sendall(b"\x05\x01\x00" + b"\x05\x01\x00\x01\x7f\x00\x00\x09" + origin.port.to_bytes(2))
        heard = b""
        while b"SSH-2.0" not in heard:
            heard += client.recv(1000)
        client.sendall(octets)
        read_to_end(client)
        event = proxy.wait_for(lambda event: event.event.action == "denied")

    assert event.event.reason == reason
    assert origin.reached.octets == 0


@needs("openssl")
def test_openssl_agrees_on_a_second_hello_with_the_same_name(tmp_path: Path) -> None:
    """A HelloRetryRequest as servers send it, for a group that the client had offered no key of."""
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    make = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=8x8.vc", "-days", "2"]
    subprocess.run([*make, "-keyout", key, "-out", certificate], check=True, capture_output=True)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    serve = ["openssl", "s_server", "-accept", f"127.0.0.1:{port}", "-cert", certificate, "-key", key]
    with subprocess.Popen([*serve, "-groups", "P-384", "-www"], stdout=subprocess.PIPE) as server:
        assert server.stdout is not None
        assert b"ACCEPT" in server.stdout.readline() + server.stdout.readline()
        try:
            with running_proxy(*allow_private("8x8.vc", 443, port)) as proxy:
                at = f"{proxy.via.host}:{proxy.via.port}"
                talk = openssl(
                    *(
                        "-proxy",
                        at,
                        "-connect",
                        "8x8.vc:443",
                        "-servername",
                        "8x8.vc",
                        "-groups",
                        "X25519:P-384",
                        "-msg",
                    ),
                    stdin=b"GET / HTTP/1.0\r\n\r\n",
                )
        finally:
            server.kill()

    assert talk.count("Handshake [length") >= 2
    assert talk.count(", ClientHello") == 2
    assert "CN=8x8.vc" in talk.replace(" = ", "=")  # as OpenSSL 3.0, and as 3.5 writes it


class RecordingTlsOrigin(TlsOrigin):
    """Keeps every octet that reaches it inside TLS, and says nothing."""

    def __init__(self, authority: Authority, names: list[str]) -> None:
        super().__init__(authority, names)
        self.heard = bytearray()

    async def serve_tls(self, tls: TlsStream, _: str | None) -> None:
        """Listen until the client's end."""
        while octets := await tls.read():
            self.heard += octets


INSPECTED = {
    "a line that is nearly one of HTTP": b"GET  / HTTP/1.1\r\n" + HOST,
    "TLS inside TLS": HELLO,
    "an alert before TLS inside TLS": WARNING + HELLO,
    "neither TLS nor HTTP": b"\x00\x00\x00\x05hello",
}


@pytest.fixture(scope="module")
def inspecting(
    authority: Authority, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Proxy, RecordingTlsOrigin]]:
    """A site that opens TLS, and behind it a server that keeps what it hears inside."""
    path = tmp_path_factory.mktemp("site") / "site.yaml"
    admit = "admit: [{vendor: 8x8, tiers: [core], services: [meetings]}]"
    behaviours = "behaviours: [{behaviour: tls-inspection}]"
    path.write_text(f"version: 1\nsite: inspecting\n{admit}\n{behaviours}\n", encoding="utf-8")
    with serve_in_thread(RecordingTlsOrigin(authority, ["8x8.vc"])) as origin:
        trust = ("--trust", authority.ca_pem)
        with running_proxy("--site", path, *trust, *allow_private("8x8.vc", 443, origin.port)) as proxy:
            yield proxy, origin


@pytest.mark.parametrize("octets", INSPECTED.values(), ids=INSPECTED)
def test_inside_opened_tls_nothing_hides_a_name_either(
    inspecting: tuple[Proxy, RecordingTlsOrigin], octets: bytes
) -> None:
    proxy, origin = inspecting
    context = ssl.create_default_context(cafile=str(lab_ca()))
    before = len(proxy.events())
    with connected(proxy.via) as client:
        tunnel(client, "8x8.vc:443")
        with context.wrap_socket(client, server_hostname="8x8.vc") as inside:
            inside.sendall(octets)
            with suppress(OSError):
                while inside.recv(65536):
                    pass
    proxy.wait_until(lambda: any(event.event.action == "denied" for event in proxy.events()[before:]))

    assert DENIED.encode() not in origin.heard
    assert b"hello" not in origin.heard
