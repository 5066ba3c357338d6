"""SOCKS5: a name is judged as the request comes, an address when the client has said inside what it wants."""

import socket
import struct
from pathlib import Path

import pytest

from tests.e2e.conftest import Lab
from tests.support.journal_lines import about, denial
from tests.support.programs import (
    ALERT_ACCESS_DENIED,
    client_hello,
    connected,
    converse,
    curl,
    read_to_end,
    through,
    wait,
)
from tests.support.running import needs
from tierwall.standins.certificates import CA_NAME
from tierwall.standins.clients import banner_session, half_close_session, native_session

NO_AUTHENTICATION = b"\x05\x01\x00"
ADDRESS = "203.0.113.9"
"""TEST-NET-3: dialled, it would answer nobody; names in the openings lead elsewhere by --resolve."""


@needs("curl")
def test_a_name_that_is_admitted_goes_through(lab: Lab, ca: Path) -> None:
    done = curl(*through(lab.socks), "--cacert", ca, "https://socks.corp.example/")

    assert (done.code, done.status) == (0, 200)
    assert f"issuer: CN={CA_NAME}" in done.talk


@needs("curl")
def test_a_name_that_is_not_gets_reply_2(lab: Lab) -> None:
    done = curl(*through(lab.socks), "https://socks.evil.example/")
    event = lab.proxy.whole_of(about("socks.evil.example"))

    assert done.code == 97
    assert "(2)" in done.talk
    assert lab.forbidden.reached.connections == 0
    assert event == denial("socks.evil.example", 443, "unlisted", stage="socks", refusal="ruleset", name_source="socks")


def test_native_apps_and_half_close_go_through(lab: Lab, ca: Path) -> None:
    native = wait(native_session(lab.socks, "native-socks.corp.example", ca=ca))
    half = wait(half_close_session(lab.socks, "half-socks.corp.example", 7))
    banner = wait(banner_session(lab.socks, "banner-socks.corp.example", 22))

    assert (native.cause, half.cause, banner.cause) == (None, None, None)
    assert half.farewell == b"bye"


def test_a_refused_sni_behind_an_admitted_name_gets_the_alert(lab: Lab) -> None:
    with connected(lab.socks) as client:
        assert ask(client, named("dialled.corp.example", 443)) == 0
        client.sendall(client_hello("sni-socks.evil.example"))
        heard = read_to_end(client)

    assert heard == ALERT_ACCESS_DENIED
    assert lab.dialled.reached.octets == 0


@needs("curl")
def test_an_address_goes_by_the_sni_inside(lab: Lab, ca: Path) -> None:
    resolved = ("--resolve", f"by-sni.corp.example:443:{ADDRESS}")
    at = f"{lab.socks.host}:{lab.socks.port}"
    done = curl("--socks5", at, *resolved, "--cacert", ca, "https://by-sni.corp.example/")

    assert (done.code, done.status) == (0, 200)


@needs("curl")
def test_an_address_with_a_refused_sni_inside_gets_the_alert(lab: Lab) -> None:
    resolved = ("--resolve", f"by-sni.evil.example:443:{ADDRESS}")
    done = curl("--socks5", f"{lab.socks.host}:{lab.socks.port}", *resolved, "https://by-sni.evil.example/")
    event = lab.proxy.whole_of(about("by-sni.evil.example"))

    expected = denial(
        "by-sni.evil.example",
        443,
        "unlisted",
        stage="clienthello",
        refusal="alert",
        name_source="sni",
        network={"transport": "tcp", "protocol": "tls"},
        tls={"client": {"server_name": "by-sni.evil.example"}},
    )
    expected["destination"]["ip"] = ADDRESS
    assert done.code == 35
    assert "access denied" in done.talk
    assert lab.forbidden.reached.connections == 0
    assert event == expected


@needs("curl")
def test_plain_http_to_an_address_goes_by_its_host_header(lab: Lab) -> None:
    at = f"{lab.socks.host}:{lab.socks.port}"
    good = curl("--socks5", at, "--resolve", f"by-host.corp.example:80:{ADDRESS}", "http://by-host.corp.example/")
    bad = curl("--socks5", at, "--resolve", f"by-host.evil.example:80:{ADDRESS}", "http://by-host.evil.example/")

    assert (good.status, bad.status) == (301, 403)
    assert bad.header("X-Tierwall-Reason") == "unlisted"
    assert lab.forbidden.reached.connections == 0


def test_an_address_and_no_name_at_all_is_reset(lab: Lab) -> None:
    with connected(lab.socks) as client:
        assert ask(client, addressed("203.0.113.10", 4242)) == 0
        client.sendall(b"\x00\x01 neither TLS nor HTTP")
        heard = read_to_end(client)
    event = lab.proxy.wait_for(about("203.0.113.10"))

    assert heard == b"<reset>"
    assert (event.event.reason, event.tierwall.refusal) == ("address-only", "reset")


def test_an_address_and_tls_without_a_name(lab: Lab) -> None:
    with connected(lab.socks) as client:
        assert ask(client, addressed("203.0.113.11", 443)) == 0
        client.sendall(client_hello(None))
        heard = read_to_end(client)
    event = lab.proxy.wait_for(about("203.0.113.11"))

    assert heard == ALERT_ACCESS_DENIED
    assert event.event.reason == "no-name"


def test_an_address_in_an_admitted_network_goes_through(lab: Lab) -> None:
    done = wait(half_close_session(lab.socks, "127.0.0.3", lab.echo_by_address.port))

    assert (done.cause, done.farewell) == (None, b"bye")


def test_a_port_that_is_closed_gets_reply_5(lab: Lab) -> None:
    with connected(lab.socks) as client:
        code = ask(client, named("socks.closed.corp.example", 9999))

    assert code == 5


@pytest.mark.parametrize("command", [2, 3], ids=["bind", "udp-associate"])
def test_other_commands_are_not_served(lab: Lab, command: int) -> None:
    with connected(lab.socks) as client:
        code = ask(client, named(f"command{command}.corp.example", 443), command=command)
    event = lab.proxy.wait_for(about(f"command{command}.corp.example"))

    assert code == 7
    assert event.event.reason == "malformed"


def test_a_client_that_insists_on_authentication_is_told_that_there_is_none(lab: Lab) -> None:
    heard = converse(lab.socks, b"\x05\x01\x02")

    assert heard.startswith(b"\x05\xff")


@pytest.mark.parametrize("garbage", [b"GET / HTTP/1.1\r\n\r\n", b"\x04\x01\x00\x50", b"\x05\x00"], ids=repr)
def test_what_is_not_socks5_is_refused(lab: Lab, garbage: bytes) -> None:
    heard = converse(lab.socks, garbage)

    assert heard in (b"", b"<reset>")


def ask(client: socket.socket, destination: bytes, *, command: int = 1) -> int:
    """Do the greeting and the request; the reply's code."""
    client.sendall(NO_AUTHENTICATION)
    assert client.recv(2) == b"\x05\x00"
    client.sendall(bytes((5, command, 0)) + destination)
    return client.recv(10)[1]


def named(host: str, port: int) -> bytes:
    """RFC 1928 section 5, a domain name."""
    return b"\x03" + bytes((len(host),)) + host.encode() + struct.pack("!H", port)


def addressed(host: str, port: int) -> bytes:
    """The same, an IPv4 address."""
    return b"\x01" + socket.inet_aton(host) + struct.pack("!H", port)
