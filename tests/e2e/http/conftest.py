"""What the tests of HTTP share: one proxy, and every request in clear through it and inside TLS that it opens."""

import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from socket import socket

import pytest

from tests.e2e.http.http2_client import Http2Client
from tests.support.played_origins import Played, PlayedTls, Talk, answers
from tests.support.programs import connected, read_head, read_to_end, tunnel
from tests.support.running import Proxy, allow_private, lab_ca, running_proxy
from tierwall.standins.certificates import Authority
from tierwall.standins.origins import serve_in_thread

SITE = """version: 1
site: http
admit:
  - {hosts: ["*.corp.example"], ports: [tcp/80, tcp/443]}
  - {hosts: ["*.blind.example"], ports: [tcp/80, tcp/443]}
behaviours:
  - {behaviour: tls-inspection, scope: {hosts: ["*.corp.example"]}}
"""
LIMIT_S = 8.0


@dataclass(frozen=True)
class Way:
    """How a client reaches the stand-in through the proxy."""

    proxy: Proxy
    host: str
    tls: bool
    tunnel: bool
    """In one that the client asked for, as for TLS."""
    origin: Played | PlayedTls
    forbidden: Played
    """Whom nothing ever reaches: `*.evil.example`, on every port."""

    @contextmanager
    def open(self) -> Iterator[socket]:
        """A connection on which requests are sent."""
        with connected(self.proxy.via, LIMIT_S) as client:
            if self.tunnel:
                assert b" 200 " in tunnel(client, f"{self.host}:{443 if self.tls else 80}")
            if not self.tls:
                yield client
                return
            trusting = ssl.create_default_context(cafile=lab_ca())
            with trusting.wrap_socket(client, server_hostname=self.host) as inside, suppress(ssl.SSLEOFError):
                yield inside

    def request(self, path: str = "/", *lines: str, method: str = "GET", host: str | None = None) -> bytes:
        """A request's head, as this way has it."""
        host = host or self.host
        target = path if self.tunnel else f"http://{host}{path}"
        return "\r\n".join([f"{method} {target} HTTP/1.1", f"Host: {host}", *lines, "", ""]).encode()

    def ask(self, request: bytes) -> bytes:
        """All that is answered until the connection ends."""
        with self.open() as client:
            client.sendall(request)
            return _to_end(client)

    def reached(self, since: int) -> bytes:
        """What reached the stand-in on the connections after so many."""
        return b"".join(talk.heard for talk in self.origin.talks[since:])

    @property
    def talk(self) -> Talk:
        """What reached the stand-in last."""
        return self.origin.talks[-1]


def until(client: socket, mark: bytes) -> bytes:
    """What comes up to this, at least; `<reset>` at its end where that comes instead."""
    heard = b""
    with suppress(ConnectionResetError):
        while mark not in heard and (octets := client.recv(65536)):
            heard += octets
        return heard
    return heard + b"<reset>"


def _to_end(client: socket) -> bytes:
    try:
        return read_to_end(client)
    except (ssl.SSLEOFError, ssl.SSLError):
        return b""


@pytest.fixture(scope="session")
def clear() -> Iterator[Played]:
    with serve_in_thread(Played()) as origin:
        yield origin


@pytest.fixture(scope="session")
def encrypted(authority: Authority) -> Iterator[PlayedTls]:
    with serve_in_thread(PlayedTls(authority, ["*.corp.example"])) as origin:
        yield origin


@pytest.fixture(scope="session")
def forbidden() -> Iterator[Played]:
    with serve_in_thread(Played()) as origin:
        yield origin


@pytest.fixture(scope="session")
def proxy(
    clear: Played, encrypted: PlayedTls, forbidden: Played, ca: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Proxy]:
    site = tmp_path_factory.mktemp("http") / "site.yaml"
    site.write_text(SITE, encoding="utf-8")
    to = [
        *allow_private("*.corp.example", 80, clear.port),
        *allow_private("*.corp.example", 443, encrypted.port),
        *allow_private("*.blind.example", 80, clear.port),
        *allow_private("*.evil.example", 80, forbidden.port),
        *allow_private("*.evil.example", 443, forbidden.port),
    ]
    with running_proxy("--site", site, "--trust", ca, *to) as proxy:
        yield proxy


@pytest.fixture(params=["in-clear", "in-tunnel", "inside-tls"])
def way(
    request: pytest.FixtureRequest, proxy: Proxy, clear: Played, encrypted: PlayedTls, forbidden: Played
) -> Iterator[Way]:
    tls = request.param == "inside-tls"
    origin: Played | PlayedTls = encrypted if tls else clear
    origin.play = answers
    lines = len(proxy.lines())
    label = request.node.name.partition("[")[0][5:45].replace("_", "-").strip("-")
    yield Way(proxy, f"{label}.corp.example", tls, request.param != "in-clear", origin, forbidden)
    print(*proxy.lines()[lines:], sep="\n")
    assert forbidden.reached.connections == 0


@pytest.fixture
def h2_client(proxy: Proxy) -> Iterator[Http2Client]:
    """A client inside TLS that the proxy opens."""
    with connected(proxy.via, LIMIT_S) as client:
        assert b" 200 " in tunnel(client, "two.corp.example:443")
        trusting = ssl.create_default_context(cafile=lab_ca())
        trusting.set_alpn_protocols(["h2"])
        with trusting.wrap_socket(client, server_hostname="two.corp.example") as inside:
            assert inside.selected_alpn_protocol() == "h2"
            yield Http2Client(inside)


__all__ = ["Way", "read_head", "until"]
