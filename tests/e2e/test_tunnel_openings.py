"""What a client says inside a tunnel is judged before a byte of it goes upstream, however it is cut into pieces."""

import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.conftest import Lab
from tests.support.journal_lines import about, denial
from tests.support.origins import RecordingOrigin
from tests.support.programs import (
    ALERT_ACCESS_DENIED,
    built_hello,
    client_hello,
    connected,
    curl,
    openssl,
    read_response,
    read_to_end,
    through,
    tunnel,
    wait,
)
from tests.support.running import allow_private, needs, running_proxy
from tierwall.standins.clients import banner_session
from tierwall.standins.origins import SpeaksFirstOrigin, serve_in_thread

POST_QUANTUM_OCTETS = 1700
"""What a key share of X25519MLKEM768 adds: the hello no longer fits one segment."""


@needs("openssl")
def test_openssl_hears_access_denied_where_the_sni_is_not_the_host_of_connect(lab: Lab) -> None:
    at = f"{lab.via.host}:{lab.via.port}"
    talk = openssl("-proxy", at, "-connect", "dialled.corp.example:443", "-servername", "front.evil.example")
    event = lab.proxy.whole_of(about("front.evil.example"))

    assert "alert access denied" in talk
    assert lab.dialled.reached.until(lambda reached: reached.ended >= 1)
    assert lab.dialled.reached.octets == 0
    assert event == denial(
        "front.evil.example",
        443,
        "name-mismatch",
        stage="clienthello",
        refusal="alert",
        name_source="sni",
        network={"transport": "tcp", "protocol": "tls"},
        tls={"client": {"server_name": "front.evil.example"}},
    )


def test_the_refused_tunnel_shows_the_server_nothing_but_a_connection(lab: Lab) -> None:
    with connected(lab.via) as client:
        tunnel(client, "dialled.corp.example:443")
        client.sendall(client_hello("mismatch.evil.example"))
        heard = read_to_end(client)

    assert heard == ALERT_ACCESS_DENIED
    assert lab.dialled.reached.octets == 0


@needs("openssl")
def test_tls_without_sni_goes_by_the_host_of_connect(lab: Lab) -> None:
    at = f"{lab.via.host}:{lab.via.port}"
    talk = openssl("-proxy", at, "-connect", "nameless.corp.example:443", "-noservername")

    assert "tierwall demo origin" in talk


@pytest.mark.parametrize(("record", "segment"), [(2**14, 100), (1, 50), (7, 1000)], ids=str)
def test_a_hello_in_many_segments_and_records_reaches_the_server_as_it_was_sent(
    lab: Lab, record: int, segment: int
) -> None:
    name = f"r{record}s{segment}.corp.example".encode()
    hello = built_hello(name, padding_octets=POST_QUANTUM_OCTETS, record_octets=record)
    before = len(lab.recording.heard)
    with connected(lab.via) as client:
        tunnel(client, "recording.corp.example:443")
        send_in_pieces(client, hello, segment)
        arrived = lab.recording.reached.until(lambda _: len(lab.recording.heard) - before >= len(hello))

    assert arrived
    assert bytes(lab.recording.heard[before:]) == hello


@pytest.mark.parametrize(("record", "segment"), [(2**14, 100), (1, 50), (7, 1000)], ids=str)
def test_a_refused_name_in_such_a_hello_is_found(lab: Lab, record: int, segment: int) -> None:
    hello = built_hello(b"deep.evil.example", padding_octets=POST_QUANTUM_OCTETS, record_octets=record)
    with connected(lab.via) as client:
        tunnel(client, "dialled.corp.example:443")
        send_in_pieces(client, hello, segment)
        heard = read_to_end(client)

    assert heard == ALERT_ACCESS_DENIED
    assert lab.dialled.reached.octets == 0


def test_a_hello_beyond_64_kib_is_refused(lab: Lab) -> None:
    hello = built_hello(b"dialled.corp.example", padding_octets=60_000, record_octets=16)
    with connected(lab.via) as client:
        tunnel(client, "dialled.corp.example:443")
        send_in_pieces(client, hello, 16_000)
        heard = read_to_end(client)
    event = lab.proxy.whole_of(about("dialled.corp.example"))

    assert heard == ALERT_ACCESS_DENIED
    assert event["event"]["reason"] == "malformed"
    assert lab.dialled.reached.octets == 0


def test_a_hello_that_is_never_finished_is_given_up_and_a_silent_client_is_not(site: Callable[[str], Path]) -> None:
    """The limit of 10 s is shortened in the proxy's process, before anything has read it."""
    shortened = "from tierwall.policy import limits\nlimits.FIRST_BYTES_S = 0.3"
    with (
        serve_in_thread(SpeaksFirstOrigin()) as patient,
        serve_in_thread(RecordingOrigin()) as dialled,
        running_proxy(
            *("--site", site("admit: [{hosts: [8x8.vc, 8x8.com]}]\n")),
            *allow_private("8x8.vc", 443, dialled.port),
            *allow_private("8x8.com", 443, patient.port),
            code=shortened,
        ) as proxy,
        connected(proxy.via) as silent,
        connected(proxy.via) as unfinished,
    ):
        tunnel(silent, "8x8.com:443")
        tunnel(unfinished, "8x8.vc:443")
        unfinished.sendall(client_hello("8x8.vc")[:100])
        heard = read_to_end(unfinished)
        event = proxy.wait_for(about("8x8.vc"))
        still_there = wait(banner_session(proxy.via, "8x8.com", 443))
        silent.sendall(b"at last")
        silent.shutdown(socket.SHUT_WR)
        echoed = read_to_end(silent)

    assert heard == ALERT_ACCESS_DENIED
    assert event.event.reason == "malformed"
    assert dialled.reached.octets == 0
    assert still_there.ok
    assert echoed == b"SSH-2.0-tierwall_demo\r\nat last"


@needs("curl")
def test_plain_http_in_a_tunnel_goes_through_where_its_host_is_admitted(lab: Lab) -> None:
    done = curl(*through(lab.via), "--proxytunnel", "http://inside.corp.example/x")

    assert (done.code, done.connect_code, done.status) == (0, 200, 301)
    assert done.header("location") == "https://inside.corp.example/x"


@needs("curl")
def test_plain_http_in_a_tunnel_is_refused_where_its_host_header_is_not_admitted(lab: Lab) -> None:
    done = curl(
        *through(lab.via),
        "--proxytunnel",
        "-A",
        "lab/1",
        "-H",
        "Host: host.evil.example",
        "http://out.corp.example/?k=v",
    )
    event = lab.proxy.whole_of(about("host.evil.example"))

    assert (done.connect_code, done.status) == (200, 403)
    assert done.header("X-Tierwall-Reason") == "name-mismatch"
    assert lab.forbidden.reached.connections == 0
    assert not any("out.corp" in target for target in lab.port_80.reached.targets)
    assert event == denial(
        "host.evil.example",
        80,
        "name-mismatch",
        stage="request",
        refusal="page",
        name_source="host",
        network={"transport": "tcp", "protocol": "http"},
        url={"full": "http://host.evil.example/?[redacted]"},
        http={"request": {"method": "GET"}},
        user_agent={"original": "lab/1"},
    )


def test_a_second_request_in_a_tunnel_is_judged_too(lab: Lab) -> None:
    with connected(lab.via) as client:
        tunnel(client, "second.corp.example:80")
        client.sendall(b"GET /1 HTTP/1.1\r\nHost: second.corp.example\r\n\r\n")
        first, _ = read_response(client)
        client.sendall(b"GET /2 HTTP/1.1\r\nHost: second.evil.example\r\n\r\n")
        second, _ = read_response(client)

    assert first.startswith(b"HTTP/1.1 301 ")
    assert second.startswith(b"HTTP/1.1 403 ")
    assert lab.forbidden.reached.connections == 0


def send_in_pieces(client: socket.socket, octets: bytes, size: int) -> None:
    """Each piece in a segment of its own, as far as TCP lets us say so."""
    client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    for at in range(0, len(octets), size):
        client.sendall(octets[at : at + size])
