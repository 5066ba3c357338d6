"""How a connection opens: without a server name, in several segments, or under a name that leads elsewhere."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.behaviours.at_access import ADDRESS, Behind, behind, http_of, of_vevox, socks_of
from tests.e2e.behaviours.inspected import broken
from tests.support.journal_lines import about
from tests.support.programs import (
    Curled,
    Way,
    built_hello,
    client_hello,
    connect_request,
    connected,
    curl,
    openssl,
    read_head,
    tunnel,
)
from tests.support.running import needs
from tierwall.standins.certificates import Authority

SITE = """
  - {behaviour: sni-required, scope: {hosts: ["*.vevox.app"]}}
  - {behaviour: one-segment-hello, how: reset, scope: {hosts: [one.vevox.app, "*.one.vevox.app"]}}
  - {behaviour: one-segment-hello, scope: {hosts: [silent.vevox.app]}}
  - {behaviour: host-forgery-check, strict: true, scope: {hosts: [forged.vevox.app, liar.vevox.app]}}
"""
ELSEWHERE = "203.0.113.9"
"""TEST-NET-3, where the vendor's names do not lead."""
OVER_TLS = {"network": {"transport": "tcp", "protocol": "tls"}, "user_agent": None}
HANDSHAKE = b"\x16\x03"


@pytest.fixture(scope="module")
def lab(authority: Authority, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Behind]:
    """By --resolve, which is the proxy's DNS here, every name leads to ADDRESS, but for one."""
    liar = ("--resolve", "liar.vevox.app:443:127.0.0.6:1")
    with behind(tmp_path_factory.mktemp("opening"), authority, SITE, *liar) as made:
        yield made


def heard_after(way: Way, authority: str, *pieces: bytes) -> bytes:
    """What a client first hears in its tunnel that sends these, each in a segment of its own; a reset, or silence."""
    with connected(way, limit_s=1.0) as client:
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        assert tunnel(client, authority).startswith(b"HTTP/1.1 200")
        for piece in pieces:
            client.sendall(piece)
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            return client.recv(2)
        except ConnectionResetError:
            return b"<reset>"
        except TimeoutError:
            return b"<silence>"


def halves(name: str) -> tuple[bytes, bytes]:
    """A real ClientHello in two."""
    hello = client_hello(name)
    return hello[:100], hello[100:]


# sni-required


@needs("openssl")
def test_tls_without_a_server_name_is_cut(lab: Behind, ca: Path) -> None:
    def says(way: Way, *name: str) -> str:
        return openssl("-proxy", f"{way.host}:{way.port}", "-connect", "anon.vevox.app:443", "-CAfile", ca, *name)

    cut = says(lab.via, "-noservername")

    expected = of_vevox("sni-required", "anon.vevox.app", "a ClientHello without a server name", refusal="reset")
    expected |= {"network": OVER_TLS["network"]}
    expected["tierwall"]["stage"] = "clienthello"
    del expected["user_agent"]
    assert "Verify return code: 0 (ok)" in says(http_of(lab.free), "-noservername")
    assert "Verify return code: 0 (ok)" in says(lab.via, "-servername", "anon.vevox.app")
    assert "no peer certificate available" in cut
    assert broken(lab.proxy, "anon.vevox.app") == expected


# one-segment-hello


@pytest.mark.parametrize("octets", [200, 1700, 8000])
def test_a_hello_that_comes_in_one_segment_passes_however_large(lab: Behind, octets: int) -> None:
    hello = built_hello(b"one.vevox.app", padding_octets=octets)

    assert heard_after(lab.via, "one.vevox.app:443", hello) not in {b"<reset>", b"<silence>"}


def test_a_real_hello_passes_whole_and_is_cut_in_two(lab: Behind) -> None:
    hello = client_hello("one.vevox.app")
    parts = (hello[:100], hello[100:])

    assert heard_after(http_of(lab.free), "one.vevox.app:443", *parts) == HANDSHAKE
    assert heard_after(lab.via, "one.vevox.app:443", hello) == HANDSHAKE
    assert heard_after(lab.via, "one.vevox.app:443", *parts) == b"<reset>"
    assert heard_after(lab.via, "8x8.vc:443", *halves("8x8.vc")) == HANDSHAKE

    expected = of_vevox(
        "one-segment-hello",
        "one.vevox.app",
        f"a ClientHello of {len(hello)} octets in 2 TCP segments",
        refusal="reset",
        stage="clienthello",
        top=OVER_TLS | {"tls": {"client": {"server_name": "one.vevox.app"}}},
    )
    assert broken(lab.proxy, "one.vevox.app") == expected


def test_one_that_is_dropped_hears_nothing(lab: Behind) -> None:
    assert heard_after(lab.via, "silent.vevox.app:443", *halves("silent.vevox.app")) == b"<silence>"
    assert lab.proxy.wait_for(about("silent.vevox.app", "broken")).tierwall.refusal == "drop"


def test_what_came_with_the_connect_is_of_a_segment_that_counts(lab: Behind) -> None:
    hello = client_hello("early.one.vevox.app")
    request = connect_request("early.one.vevox.app:443")

    def hears(together: bytes, afterwards: bytes = b"") -> bytes:
        with connected(lab.via) as client:
            client.sendall(together)
            assert read_head(client).startswith(b"HTTP/1.1 200")
            client.sendall(afterwards)
            try:
                return client.recv(2)
            except ConnectionResetError:
                return b"<reset>"

    assert hears(request + hello) == HANDSHAKE
    assert hears(request + hello[:50], hello[50:]) == b"<reset>"


# host-forgery-check


def chosen(way: Way, url: str, host: str, address: str, ca: Path) -> Curled:
    """Fetch through SOCKS5 from this address, as a client whose own DNS gave it."""
    port = 443 if url.startswith("https") else 80
    at = f"{way.host}:{way.port}"
    return curl("--socks5", at, "--resolve", f"{host}:{port}:{address}", "--cacert", ca, url)


@needs("curl")
def test_a_name_that_leads_elsewhere_is_cut_in_tls_and_409_in_http(lab: Behind, ca: Path) -> None:
    host = "forged.vevox.app"
    free = chosen(socks_of(lab.free), f"https://{host}/", host, ELSEWHERE, ca)
    honest = chosen(lab.socks, f"https://{host}/", host, ADDRESS, ca)
    before = lab.arrived
    forged = chosen(lab.socks, f"https://{host}/", host, ELSEWHERE, ca)
    plain = chosen(lab.socks, f"http://{host}/", host, ELSEWHERE, ca)

    lab.proxy.wait_for(lambda event: about(host, "broken")(event) and event.tierwall.refusal == "409")
    events = [event for event in lab.proxy.events() if about(host, "broken")(event)]
    assert (free.status, honest.status) == (200, 200)
    assert (forged.code, plain.status) == (35, 409)
    assert lab.arrived == before
    assert [(event.tierwall.refusal, event.tierwall.stage) for event in events] == [
        ("reset", "clienthello"),
        ("409", "request"),
    ]
    assert events[0].tierwall.detail == f"{host} leads to {ADDRESS}, and the client went to {ELSEWHERE}"
    assert events[0].destination is not None
    assert events[0].destination.ip == ELSEWHERE


def test_a_connect_to_an_address_is_checked_when_the_name_comes(lab: Behind) -> None:
    before = lab.https.reached.octets
    forged = heard_after(lab.via, f"{ADDRESS}:443", client_hello("liar.vevox.app"))

    assert forged == b"<reset>"
    assert lab.https.reached.octets == before
    assert heard_after(http_of(lab.free), f"{ADDRESS}:443", client_hello("liar.vevox.app")) == HANDSHAKE
    assert heard_after(lab.via, f"{ADDRESS}:443", client_hello("forged.vevox.app")) == HANDSHAKE
