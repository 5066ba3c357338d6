"""What clients make of proxies that refuse, break off or keep silent; the proxies here read from a script."""

import asyncio
import socket
import struct
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from tierwall.standins.certificates import Authority
from tierwall.standins.clients import (
    Direct,
    HttpProxy,
    Outcome,
    Socks5Proxy,
    Via,
    banner_session,
    fetch_https,
    native_session,
    plain_http,
    websocket_session,
)
from tierwall.standins.origins import TcpOrigin, serve_in_thread
from tierwall.standins.streams import TcpStream

NAME = "api.amplitude.com"
DENIED = (
    b"HTTP/1.1 403 Forbidden\r\nX-Tierwall-Reason: tier-closed\r\nX-Tierwall-Tier: analytics\r\n"
    b"Content-Length: 14\r\n\r\ntier analytics"
)
SOCKS_METHOD = b"\x05\x00"
SOCKS_DONE = b"\x05\x00\x00\x01" + bytes(6)
ACCESS_DENIED = b"\x15\x03\x03\x00\x02\x02\x31"

type Client = Callable[[Via, Path], Awaitable[Outcome]]

CLIENTS: list[Client] = [
    lambda via, ca: fetch_https(via, NAME, ca=ca, limit_s=1),
    lambda via, ca: websocket_session(via, NAME, ca=ca, limit_s=1),
    lambda via, ca: native_session(via, NAME, ca=ca, limit_s=1),
]
each_client = pytest.mark.parametrize("client", CLIENTS, ids=["https", "websocket", "native"])


class Scripted(TcpOrigin):
    """Answers whatever arrives with the next line of its script, and closes after the last."""

    def __init__(self, *script: bytes) -> None:
        super().__init__()
        self.heard: list[bytes] = []
        self._script = script

    async def serve(self, tcp: TcpStream) -> None:
        for line in self._script:
            self.heard.append(await tcp.read())
            await tcp.write(line)


class Resets(TcpOrigin):
    """Closes with a RST."""

    async def serve(self, tcp: TcpStream) -> None:
        await tcp.read()
        linger_not = struct.pack("ii", 1, 0)
        tcp._writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger_not)
        tcp.abort()


class Silent(TcpOrigin):
    """Reads and says nothing."""

    async def serve(self, tcp: TcpStream) -> None:
        while await tcp.read():
            pass


@pytest.fixture(scope="module")
def ca(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return Authority(tmp_path_factory.mktemp("authority")).ca_pem


@each_client
def test_a_403_to_connect_keeps_its_headers_and_body(client: Client, ca: Path) -> None:
    with serve_in_thread(Scripted(DENIED)) as proxy:
        outcome = asyncio.run(ensured(client(HttpProxy(proxy.host, proxy.port), ca)))

    assert (outcome.stage, outcome.cause) == ("proxy", "refused")
    assert outcome.reply
    assert (outcome.reply.status, outcome.reply.body) == (403, b"tier analytics")
    assert (outcome.reply.reason, outcome.reply.tier) == ("tier-closed", "analytics")


@each_client
def test_a_socks_refusal_keeps_its_reply(client: Client, ca: Path) -> None:
    with serve_in_thread(Scripted(SOCKS_METHOD, b"\x05\x02" + SOCKS_DONE[2:])) as proxy:
        outcome = asyncio.run(ensured(client(Socks5Proxy(proxy.host, proxy.port), ca)))

    assert (outcome.stage, outcome.cause, outcome.socks_reply) == ("proxy", "refused", 2)
    assert proxy.heard[1] == b"\x05\x01\x00\x03\x11api.amplitude.com\x01\xbb"


@each_client
def test_a_tls_alert_is_named(client: Client, ca: Path) -> None:
    with serve_in_thread(Scripted(ACCESS_DENIED)) as gateway:
        outcome = asyncio.run(ensured(client(Direct(address=gateway.host, port=gateway.port), ca)))

    assert (outcome.stage, outcome.cause, outcome.alert) == ("tls", "alert", "access_denied")


@each_client
def test_an_alert_behind_a_connect_that_succeeded_is_named(client: Client, ca: Path) -> None:
    with serve_in_thread(Scripted(b"HTTP/1.1 200 OK\r\n\r\n", ACCESS_DENIED)) as proxy:
        outcome = asyncio.run(ensured(client(HttpProxy(proxy.host, proxy.port), ca)))

    assert (outcome.stage, outcome.alert) == ("tls", "access_denied")


@pytest.mark.parametrize(
    ("gateway", "cause"),
    [
        pytest.param(Resets(), "reset", id="reset"),
        pytest.param(Scripted(b""), "closed", id="closed"),
        pytest.param(Silent(), "timeout", id="silence"),
        pytest.param(Scripted(b"HTTP/1.1 400 Bad Request\r\n\r\n"), "protocol", id="not TLS"),
    ],
)
def test_the_ways_of_breaking_a_handshake_are_told_apart(gateway: TcpOrigin, cause: str, ca: Path) -> None:
    with serve_in_thread(gateway):
        straight = Direct(address=gateway.host, port=gateway.port)

        outcome = asyncio.run(fetch_https(straight, NAME, ca=ca, limit_s=0.2))

    assert (outcome.stage, outcome.cause) == ("tls", cause)


def test_a_proxy_that_is_not_there_is_unreachable(ca: Path) -> None:
    with serve_in_thread(Silent()) as gone:
        pass

    outcome = asyncio.run(fetch_https(HttpProxy(gone.host, gone.port), NAME, ca=ca))

    assert (outcome.stage, outcome.cause) == ("dial", "unreachable")


def test_plain_http_asks_a_proxy_in_absolute_form() -> None:
    with serve_in_thread(Scripted(DENIED)) as proxy:
        outcome = asyncio.run(plain_http(HttpProxy(proxy.host, proxy.port), NAME, path="/x"))

    assert (outcome.stage, outcome.cause) == ("exchange", "refused")
    assert proxy.heard[0].startswith(b"GET http://api.amplitude.com/x HTTP/1.1\r\nhost: api.amplitude.com\r\n")


@pytest.mark.parametrize(
    ("kind", "script"),
    [
        pytest.param(HttpProxy, [b"HTTP/1.1 200 OK\r\n\r\nSSH-2.0\r\n"], id="connect"),
        pytest.param(Socks5Proxy, [SOCKS_METHOD, SOCKS_DONE + b"SSH-2.0\r\n"], id="socks"),
    ],
)
def test_what_comes_with_the_proxys_answer_is_the_servers(
    kind: type[HttpProxy | Socks5Proxy], script: list[bytes]
) -> None:
    with serve_in_thread(Scripted(*script)) as proxy:
        outcome = asyncio.run(banner_session(kind(proxy.host, proxy.port), "2001:db8::1", 22))

    assert outcome.pushes == (b"SSH-2.0\r\n",)


async def ensured(outcome: Awaitable[Outcome]) -> Outcome:
    """An awaitable as the coroutine that asyncio.run wants."""
    return await outcome
