"""Each origin against its client, over loopback, with nothing in between."""

import asyncio
import os
import socket
import ssl
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.needs import needs
from tierwall.standins.certificates import CA_NAME, Authority
from tierwall.standins.clients import (
    Direct,
    banner_session,
    fetch_https,
    half_close_session,
    native_session,
    plain_http,
    stun_binding,
    udp_echo,
    websocket_session,
)
from tierwall.standins.frames import Speaker, frame
from tierwall.standins.origins import (
    HttpsOrigin,
    NativeOrigin,
    RedirectOrigin,
    SpeaksFirstOrigin,
    StunOrigin,
    TcpEchoOrigin,
    UdpEchoOrigin,
    serve_in_thread,
)

NAME = "app.vevox.com"
NAMES = ["*.vevox.com", "127.0.0.1"]


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def https(authority: Authority) -> Iterator[HttpsOrigin]:
    with serve_in_thread(HttpsOrigin(authority, NAMES)) as origin:
        yield origin


def straight_to(origin: HttpsOrigin | NativeOrigin) -> Direct:
    return Direct(address=origin.host, port=origin.port)


def test_a_page_is_titled_by_the_name_that_was_asked_for(https: HttpsOrigin, authority: Authority) -> None:
    outcome = asyncio.run(fetch_https(straight_to(https), NAME, ca=authority.ca_pem))

    assert outcome.ok, outcome
    assert outcome.reply
    assert outcome.reply.status == 200
    assert f"<title>{NAME}</title>" in outcome.reply.body.decode()
    assert outcome.issuer == CA_NAME
    assert (https.reached.connections, https.reached.names, https.reached.targets) == (1, [NAME], ["/"])


def test_an_address_gives_no_sni_and_is_verified_all_the_same(https: HttpsOrigin, authority: Authority) -> None:
    outcome = asyncio.run(fetch_https(Direct(), "127.0.0.1", https.port, ca=authority.ca_pem))

    assert outcome.ok, outcome
    assert https.reached.names == [None]


@pytest.mark.parametrize("octets", [0, 1, 200_000])
def test_bytes_are_streamed_by_the_number(https: HttpsOrigin, authority: Authority, octets: int) -> None:
    outcome = asyncio.run(fetch_https(straight_to(https), NAME, ca=authority.ca_pem, path=f"/bytes/{octets}"))

    assert outcome.reply
    assert outcome.reply.body == bytes(octets)


def test_events_come_as_server_sent_events(https: HttpsOrigin, authority: Authority) -> None:
    outcome = asyncio.run(fetch_https(straight_to(https), NAME, ca=authority.ca_pem, path="/events"))

    assert outcome.reply
    assert outcome.reply.header("content-type") == "text/event-stream"
    assert outcome.reply.body.startswith(b"id: 1\ndata: state 1\n\n")


@needs("curl")
def test_curl_gets_and_posts_and_heads_on_one_connection(https: HttpsOrigin, authority: Authority) -> None:
    here = f"{NAME}:{https.port}"
    curl = ["curl", "-sS", "--cacert", str(authority.ca_pem), "--resolve", f"{here}:127.0.0.1", "--noproxy", "*"]
    rest = [
        "--next",
        *curl[1:],
        "-d",
        "a vote",
        f"https://{here}/votes",
        "--next",
        *curl[1:],
        "-I",
        f"https://{here}/slow",
    ]

    done = subprocess.run(
        [*curl, f"https://{here}/slow", *rest], capture_output=True, text=True, check=True, timeout=10
    )

    assert "piece 4 of 4\na voteHTTP/1.1 200" in done.stdout
    assert (https.reached.connections, https.reached.targets) == (1, ["/slow", "/votes", "/slow"])


def test_a_websocket_is_pushed_to_echoes_and_survives_silence(https: HttpsOrigin, authority: Authority) -> None:
    outcome = asyncio.run(websocket_session(straight_to(https), NAME, ca=authority.ca_pem, hold_s=0.05))

    assert outcome.ok, outcome
    assert (outcome.pushes, outcome.echoes) == ((b"state: poll opened",), (b"hello", b"\x00\x01"))
    assert (https.reached.protocols, https.reached.targets) == (["http", "websocket"], ["/socket"])


def test_a_native_app_is_served_on_the_port_of_the_web_app(https: HttpsOrigin, authority: Authority) -> None:
    outcome = asyncio.run(native_session(straight_to(https), NAME, ca=authority.ca_pem, hold_s=0.05))

    assert outcome.ok, outcome
    assert outcome.pushes == (b"state: poll opened",)
    assert outcome.echoes == (b"hello", b"vote 1", b"\x00" * 1000)
    assert (https.reached.protocols, https.reached.targets) == (["native"], [])


def test_a_native_server_may_speak_first(authority: Authority) -> None:
    with serve_in_thread(NativeOrigin(authority, NAMES)) as origin:
        session = native_session(straight_to(origin), NAME, ca=authority.ca_pem, first=Speaker.SERVER)

        outcome = asyncio.run(session)

    assert outcome.ok, outcome
    assert outcome.pushes == (b"state: poll opened",)


def test_a_native_server_says_goodbye_after_the_client_has_ended_its_direction(authority: Authority) -> None:
    with serve_in_thread(NativeOrigin(authority, NAMES)) as origin:
        outcome = asyncio.run(native_session(straight_to(origin), NAME, ca=authority.ca_pem, payloads=(b"vote",)))

    assert outcome.farewell == b"goodbye frames=2 octets=9"


def test_a_fin_without_close_notify_ends_the_clients_direction_too(authority: Authority) -> None:
    with (
        serve_in_thread(NativeOrigin(authority, NAMES)) as origin,
        socket.create_connection((origin.host, origin.port)) as tcp,
        socket.socket(fileno=os.dup(tcp.fileno())) as beneath,
        authority.client_context().wrap_socket(tcp, server_hostname=NAME) as tls,
    ):
        push = tls.recv(1000)
        beneath.shutdown(socket.SHUT_WR)

        assert push == frame(b"state: poll opened")
        assert tls.recv(1000) == frame(b"goodbye frames=0 octets=0")
        assert tls.recv(1000) == b""


def test_an_echo_server_says_bye_after_the_clients_fin() -> None:
    with serve_in_thread(TcpEchoOrigin()) as origin:
        outcome = asyncio.run(half_close_session(Direct(), origin.host, origin.port))

    assert (outcome.ok, outcome.echoes, outcome.farewell) == (True, (b"ping",), b"bye")
    assert origin.reached.octets == len(b"ping")


def test_a_server_speaks_before_its_client() -> None:
    with serve_in_thread(SpeaksFirstOrigin()) as origin:
        outcome = asyncio.run(banner_session(Direct(), origin.host, origin.port))

    assert outcome.pushes == (b"SSH-2.0-tierwall_demo\r\n",)
    assert origin.reached.octets == 0


def test_port_80_redirects_to_https() -> None:
    with serve_in_thread(RedirectOrigin()) as origin:
        straight = Direct(address=origin.host, port=origin.port)

        outcome = asyncio.run(plain_http(straight, NAME, path="/join?id=1"))

    assert outcome.reply
    assert (outcome.reply.status, outcome.reply.header("location")) == (301, f"https://{NAME}/join?id=1")


def test_a_video_bridge_echoes_datagrams() -> None:
    with serve_in_thread(UdpEchoOrigin()) as origin:
        outcome = asyncio.run(udp_echo(origin.host, origin.port))

    assert (outcome.ok, outcome.echoes, origin.reached.connections) == (True, (b"media",), 1)


def test_an_echo_comes_as_late_as_it_was_asked_for() -> None:
    with serve_in_thread(UdpEchoOrigin()) as origin:
        too_early = asyncio.run(udp_echo(origin.host, origin.port, payload=b"after 1 media", limit_s=0.5))
        late = asyncio.run(udp_echo(origin.host, origin.port, payload=b"after 1 media"))

    assert (too_early.ok, late.echoes) == (False, (b"after 1 media",))


@pytest.mark.parametrize("loopback", ["127.0.0.1", "::1"])
def test_a_stun_server_tells_the_client_its_address(loopback: str) -> None:
    with serve_in_thread(StunOrigin(host=loopback)) as origin:
        outcome = asyncio.run(stun_binding(origin.host, origin.port))

    assert outcome.ok, outcome
    assert outcome.echoes[0].startswith(loopback.encode() + b" ")


def test_a_stun_server_is_silent_to_anything_else() -> None:
    with serve_in_thread(StunOrigin()) as origin:
        outcome = asyncio.run(udp_echo(origin.host, origin.port, limit_s=0.1))

    assert (outcome.cause, origin.reached.connections) == ("timeout", 1)


def test_a_port_that_only_listened_has_seen_nothing(https: HttpsOrigin) -> None:
    assert (https.reached.connections, https.reached.octets, https.reached.names) == (0, 0, [])


def test_what_is_neither_tls_nor_complete_is_a_fault_in_the_record(https: HttpsOrigin) -> None:
    with socket.create_connection((https.host, https.port)) as client:
        client.sendall(b"GET / HTTP/1.1\r\n\r\n")

        assert https.reached.until(lambda reached: bool(reached.faults))
    assert "SSLError" in https.reached.faults[0]


def test_an_origin_ends_while_a_client_is_connected() -> None:
    with serve_in_thread(TcpEchoOrigin()) as origin:
        client = socket.create_connection((origin.host, origin.port))
        assert origin.reached.until(lambda reached: reached.connections == 1)

    with client:
        assert client.recv(1) == b""


def test_a_port_that_is_taken_is_an_error_of_the_caller() -> None:
    with (
        serve_in_thread(TcpEchoOrigin()) as origin,
        pytest.raises(OSError, match="address already in use"),
        serve_in_thread(TcpEchoOrigin(port=origin.port)),
    ):
        pass


def test_a_certificate_is_trusted_only_by_who_was_told_so(https: HttpsOrigin, tmp_path: Path) -> None:
    stranger = Authority(tmp_path)

    outcome = asyncio.run(fetch_https(straight_to(https), NAME, ca=stranger.ca_pem))

    assert (outcome.stage, outcome.cause) == ("tls", "untrusted")


def test_a_wildcard_certificate_does_not_cover_the_apex(https: HttpsOrigin, authority: Authority) -> None:
    outcome = asyncio.run(fetch_https(straight_to(https), "vevox.com", ca=authority.ca_pem))

    assert outcome.cause == "untrusted"
    assert "Hostname mismatch" in outcome.detail


def test_keys_are_private_and_stay_in_the_folder(tmp_path: Path) -> None:
    authority = Authority(tmp_path)

    authority.server_context(NAMES)

    files = {path.name: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()}
    assert files == {"origins-ca.pem": 0o600, "origin-1.pem": 0o600}
    assert b"PRIVATE KEY" not in authority.ca_pem.read_bytes()


def test_certificates_satisfy_a_strict_verifier(https: HttpsOrigin, authority: Authority) -> None:
    strict = authority.client_context()
    strict.verify_flags |= ssl.VERIFY_X509_STRICT

    with (
        socket.create_connection((https.host, https.port)) as tcp,
        strict.wrap_socket(tcp, server_hostname=NAME) as tls,
    ):
        assert tls.version() == "TLSv1.3"
