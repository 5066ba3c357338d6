"""Whatever hostile clients send is refused, logged as data, and disturbs nobody."""

import base64
import socket
from pathlib import Path

import pytest

from tests.e2e.conftest import Lab
from tests.support.journal_lines import about
from tests.support.programs import (
    ALERT_ACCESS_DENIED,
    built_hello,
    client_hello,
    connect_request,
    connected,
    converse,
    curl,
    read_to_end,
    through,
    tunnel,
)
from tests.support.running import needs

GARBAGE = [
    b"\x00\x01\x02\x03",
    b"\xff" * 70_000,
    b"SSH-2.0-OpenSSH_9.6\r\n",
    b"\x16\x03\x01\xff\xff" + bytes(70_000),
    b"\x05\x01\x00",
    b"CONNECT\r\n\r\n",
    b"CONNECT  HTTP/1.1\r\n\r\n",
    b"CONNECT corp.example HTTP/1.1\r\n\r\n",
    b"CONNECT corp.example:99999 HTTP/1.1\r\n\r\n",
    b"CONNECT a.corp.example:443 HTTP/1.1\r\nno colon here\r\n\r\n",
    b"CONNECT " + b"a" * 300 + b".corp.example:443 HTTP/1.1\r\n\r\n",
    b"GET http:///nowhere HTTP/1.1\r\n\r\n",
    b"GET gopher://a.corp.example/ HTTP/1.1\r\n\r\n",
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
]

HOSTS = [
    "esc\x1b[31m.evil.example",
    "nul\x00.evil.example",
    "csi\x9b31m.evil.example",
    "bidi\u202egpj.evil.example",
    "line\u2028.evil.example",
    "cr\r\nX-Injected: yes\r\n.evil.example",
    "ünïcode.evil.example",
    "xn--.evil.example",
    "a..evil.example",
    "-_-.evil.example",
    "%00.evil.example",
]


@pytest.mark.parametrize("garbage", GARBAGE, ids=lambda octets: repr(octets[:24]))
def test_garbage_is_refused_and_a_tunnel_beside_it_stands(lab: Lab, garbage: bytes) -> None:
    before = malformed_so_far(lab)
    with connected(lab.via) as beside:
        tunnel(beside, "beside.corp.example:7")
        beside.sendall(b"before ")
        heard = converse(lab.via, garbage)
        beside.sendall(b"after")
        beside.shutdown(socket.SHUT_WR)
        echoed = read_to_end(beside)
    lab.proxy.wait_until(lambda: malformed_so_far(lab) > before)

    assert heard.startswith((b"HTTP/1.1 400 ", b"HTTP/1.1 403 ", ALERT_ACCESS_DENIED, b"<reset>"))
    assert echoed == b"before afterbye"


def test_tls_to_the_proxys_own_port_gets_an_alert(lab: Lab) -> None:
    heard = converse(lab.via, client_hello("a.corp.example"))

    assert heard == ALERT_ACCESS_DENIED


@pytest.mark.parametrize("part", [b"C", b"CONNECT half.corp.example:443 HTTP/1.1\r\n", b"GET http://half.corp"])
def test_half_a_request_and_a_close_is_refused(lab: Lab, part: bytes) -> None:
    before = malformed_so_far(lab)
    with connected(lab.via) as client:
        client.sendall(part)
        client.shutdown(socket.SHUT_WR)
        heard = read_to_end(client)
    lab.proxy.wait_until(lambda: malformed_so_far(lab) > before)

    assert heard.startswith(b"HTTP/1.1 400 ")


@pytest.mark.parametrize(
    "start", [b"CONNECT big.corp.example:443 HTTP/1.1\r\n", b"GET http://big.corp.example/ HTTP/1.1\r\n"]
)
def test_a_megabyte_of_headers_is_refused(lab: Lab, start: bytes) -> None:
    before = malformed_so_far(lab)
    heard = converse(lab.via, start, *[b"X-%d: " % number + b"a" * 1000 + b"\r\n" for number in range(1000)], b"\r\n")
    lab.proxy.wait_until(lambda: malformed_so_far(lab) > before)

    assert heard.startswith((b"HTTP/1.1 431 ", b"<reset>"))


@pytest.mark.parametrize("host", HOSTS, ids=ascii)
def test_a_strange_host_is_refused_wherever_it_stands(lab: Lab, host: str) -> None:
    before = len(lab.proxy.lines())
    by_connect = converse(lab.via, connect_request(f"{host}:443"))
    by_target = converse(lab.via, f"GET http://{host}/ HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
    by_header = converse(lab.via, f"GET http://strange.corp.example/ HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
    with connected(lab.via) as client:
        tunnel(client, "dialled.corp.example:443")
        client.sendall(built_hello(host.encode()))
        by_sni = read_to_end(client)
    lab.proxy.wait_until(lambda: sum(event.event.action == "denied" for event in lab.proxy.events()[before:]) >= 4)
    lab.proxy.said()  # each line is valid, and has no control characters

    assert all(heard.startswith((b"HTTP/1.1 400 ", b"HTTP/1.1 403 ")) for heard in (by_connect, by_target, by_header))
    assert b"\nX-Injected: yes" not in by_connect + by_target + by_header
    assert by_sni in (ALERT_ACCESS_DENIED, b"<reset>")
    assert lab.dialled.reached.octets == 0
    assert not any(character in lab.proxy.console() for character in "\x1b\x00\x9b\u202e\u2028\r")


@needs("curl")
def test_a_user_agent_is_data(lab: Lab) -> None:
    agent = "lab/1 \x1b]0;owned\x07 \u202e " + "x" * 2000
    curl(*through(lab.via), "-A", agent, "https://agent.evil.example/")
    curl(*through(lab.via), "-A", agent, "http://agent.evil.example/")
    lab.proxy.wait_until(lambda: len(lab.proxy.lines()) > 0)
    lab.proxy.said()

    assert "\x1b" not in lab.proxy.console()


@needs("curl")
def test_credentials_are_written_nowhere(lab: Lab, ca: Path) -> None:
    """Not those for a proxy, not those in a URL, not a meeting's key in a query: whether refused or let through."""
    way = (*through(lab.via), "-U", "user:hunter2", "--cacert", ca)
    for scheme in ("http", "https"):
        for zone in ("corp", "evil"):
            curl(*way, f"{scheme}://me:hunter2@secret.{zone}.example/room?jwt=eyJhunter2#hunter2")
    lab.proxy.wait_for(lambda event: about("secret.evil.example")(event) and event.url is not None)
    lab.proxy.wait_for(about("secret.corp.example", "closed"))
    written = lab.proxy.console() + "".join(lab.proxy.lines())

    assert "hunter2" not in written
    assert base64.b64encode(b"user:hunter2").decode() not in written
    assert "/room?[redacted]" in written


def test_clients_that_come_and_go_leave_nothing_behind(lab: Lab) -> None:
    for number in range(100):
        with connected(lab.via) as client:
            client.sendall([b"", b"\x16", b"CONNECT come.corp.example:7 HTTP/1.1\r\n\r\n", b"\xff\xff"][number % 4])

    lab.proxy.wait_until(lambda: lab.proxy.standing() == 0)


def malformed_so_far(lab: Lab) -> int:
    """How many attempts made no sense until now."""
    return sum(event.event.reason == "malformed" for event in lab.proxy.events())
