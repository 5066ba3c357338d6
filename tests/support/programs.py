"""Real curl and openssl, bare sockets, and openings built by hand: what clients of a proxy are, well-behaved or not.

Knows programs and wire formats; whatever is asserted is the test's.
"""

import asyncio
import os
import re
import socket
import ssl
import subprocess
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any, Final

from tierwall.standins.clients import HttpProxy, Socks5Proxy

type Way = HttpProxy | Socks5Proxy

LIMIT_S: Final = 5.0

ALERT_ACCESS_DENIED: Final = bytes.fromhex("15 03 03 00 02 02 31")
"""RFC 8446 section 6.2: fatal(2), access_denied(49)."""


def wait[T](work: Coroutine[Any, Any, T]) -> T:
    """What an asynchronous client's try comes to."""
    return asyncio.run(work)


@dataclass(frozen=True, slots=True)
class Curled:
    """What curl made of it."""

    code: int
    """Its exit status: 0 done, 22 an HTTP error, 35 TLS, 52 empty reply, 56 receive failure, 97 SOCKS, 28 time."""
    body: str
    talk: str
    """With -v: every header, both ways."""

    @property
    def connect_code(self) -> int:
        """The status that the proxy answered a CONNECT with."""
        return int(self._written("connect"))

    @property
    def status(self) -> int:
        """The status of the last response."""
        return int(self._written("status"))

    def header(self, name: str) -> str | None:
        """The value of a response's header, the proxy's own included."""
        found = re.search(rf"^< {re.escape(name)}: (.*?)\r?$", self.talk, re.MULTILINE | re.IGNORECASE)
        return found[1] if found else None

    def _written(self, name: str) -> str:
        found = re.search(rf"^{name}=(.*)$", self.talk, re.MULTILINE)
        assert found is not None
        return found[1]


def curl(*arguments: object, limit_s: float = LIMIT_S) -> Curled:
    """Run curl verbosely, without any configuration of the machine's."""
    written = "%{stderr}\nconnect=%{http_connect}\nstatus=%{http_code}\n"
    command = ["curl", "-q", "-sv", "--max-time", str(limit_s), "-w", written, *map(str, arguments)]
    clean = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    done = subprocess.run(command, capture_output=True, check=False, env=clean, timeout=limit_s + 5)
    return Curled(done.returncode, done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace"))


def through(via: Way) -> tuple[str, str]:
    """Arguments for curl; a SOCKS5 proxy is given names as names."""
    at = f"{via.host}:{via.port}"
    return ("--socks5-hostname", at) if isinstance(via, Socks5Proxy) else ("--proxy", f"http://{at}")


def openssl(*arguments: object, stdin: bytes = b"", limit_s: float = LIMIT_S) -> str:
    """Run `openssl s_client`, and give all that it says."""
    command = ["openssl", "s_client", *map(str, arguments)]
    done = subprocess.run(command, input=stdin, capture_output=True, check=False, timeout=limit_s)
    return (done.stdout + done.stderr).decode(errors="replace")


@contextmanager
def connected(via: Way, limit_s: float = LIMIT_S) -> Iterator[socket.socket]:
    """A bare connection to the proxy."""
    with socket.create_connection((via.host, via.port), timeout=limit_s) as client:
        yield client


def converse(via: Way, *said: bytes, limit_s: float = LIMIT_S) -> bytes:
    """Send this, piece by piece, and read until the proxy ends the connection; a reset reads as `<reset>`."""
    with connected(via, limit_s) as client:
        for piece in said:
            try:
                client.sendall(piece)
            except OSError:
                break  # refused before all was sent; what was answered can still be read
        return read_to_end(client)


def read_to_end(client: socket.socket) -> bytes:
    """All that comes until the end; `<reset>` where it ends so, `<silence>` where it does not end in time."""
    heard = b""
    try:
        while octets := client.recv(65536):
            heard += octets
    except ConnectionResetError:
        heard += b"<reset>"
    except TimeoutError:
        heard += b"<silence>"
    return heard


def read_head(client: socket.socket) -> bytes:
    """An HTTP head and its empty line, not an octet more."""
    heard = b""
    while not heard.endswith(b"\r\n\r\n"):
        octet = client.recv(1)
        if not octet:
            break
        heard += octet
    return heard


def read_response(client: socket.socket) -> tuple[bytes, bytes]:
    """An HTTP head, and the body that its Content-Length announces."""
    head = read_head(client)
    found = re.search(rb"content-length: *(\d+)", head, re.IGNORECASE)
    length, body = int(found[1]) if found else 0, b""
    while len(body) < length:
        octets = client.recv(length - len(body))
        if not octets:
            break
        body += octets
    return head, body


def tunnel(client: socket.socket, authority: str) -> bytes:
    """Ask for a tunnel; the head of the answer."""
    client.sendall(connect_request(authority))
    return read_head(client)


def connect_request(authority: str, *headers: str) -> bytes:
    """A CONNECT, in UTF-8 whatever is in it."""
    lines = "".join(f"{header}\r\n" for header in headers)
    return f"CONNECT {authority} HTTP/1.1\r\nHost: {authority}\r\n{lines}\r\n".encode()


def client_hello(name: str | None) -> bytes:
    """The ClientHello of this Python's OpenSSL, for that server name, in one record."""
    context = ssl.create_default_context()
    context.check_hostname = False
    sent = ssl.MemoryBIO()
    client = context.wrap_bio(ssl.MemoryBIO(), sent, server_hostname=name)
    with suppress(ssl.SSLWantReadError):
        client.do_handshake()
    return sent.read()


def built_hello(name: bytes, *, padding_octets: int = 0, record_octets: int = 2**14) -> bytes:
    """A ClientHello by hand: any octets for a name, as large as a post-quantum one, in records of any size."""
    names = _extension(0, _vector(b"\x00" + _vector(name)))
    body = b"\x03\x03" + bytes(32) + b"\x00" + _vector(b"\x13\x01") + b"\x01\x00"
    body += _vector(names + _extension(21, bytes(padding_octets)))  # RFC 7685: padding
    message = b"\x01" + _vector(body, 3)
    pieces = (message[at : at + record_octets] for at in range(0, len(message), record_octets))
    return b"".join(b"\x16\x03\x01" + _vector(piece) for piece in pieces)


def _vector(octets: bytes, length_octets: int = 2) -> bytes:
    return len(octets).to_bytes(length_octets) + octets


def _extension(kind: int, octets: bytes) -> bytes:
    return kind.to_bytes(2) + _vector(octets)
