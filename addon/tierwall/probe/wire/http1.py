"""HTTP/1.1 as a client that asks once: a request, the head of an answer, as much of its body as is wanted.

Knows framing as far as that goes (RFC 9112); reads to a bound, and never believes a length.
"""

import socket
import time
from dataclasses import dataclass, field

from tierwall.probe.wire.failure import EndOfStream, Malformed

AGENT = "tierwall-probe"
MOST_HEAD_OCTETS = 64 * 1024
MOST_BODY_OCTETS = 1024 * 1024
_SOME_OCTETS = 4096


@dataclass(frozen=True)
class Answer:
    """The head of a response, and what came behind it with the same reads."""

    status: int
    headers: tuple[tuple[str, str], ...]
    surplus: bytes = field(default=b"", repr=False)
    body: bytes = field(default=b"", repr=False)

    def header(self, name: str) -> str:
        """The value of a header, empty where it is absent."""
        return next((value for key, value in self.headers if key == name), "")


@dataclass(frozen=True)
class Timed:
    """An answer, and when its head, its first and its last octets came, in milliseconds from the request."""

    answer: Answer
    first_ms: float
    last_ms: float
    octets: int


def request(method: str, target: str, host: str, *more: str) -> bytes:
    """The octets of a request without a body."""
    lines = [f"{method} {target} HTTP/1.1", f"Host: {host}", f"User-Agent: {AGENT}", "Accept: */*", *more, "", ""]
    return "\r\n".join(lines).encode("latin-1")


def ask(sock: socket.socket, octets: bytes, *, body: bool, most_s: float = 20.0) -> Timed:
    """Send a request, read its answer to the end, the bound or the time. Raises OSError."""
    began = time.monotonic()
    sock.sendall(octets)
    head = read_head(sock)
    while head.status in (100, 102, 103):  # RFC 9110 section 15.2
        head = read_head(sock, head.surplus)
    first = time.monotonic()
    if not body or head.status in (204, 304):
        return Timed(head, _ms(began, first), _ms(began, first), 0)
    held, count, last = bytearray(head.surplus), len(head.surplus), first
    expected = int(head.header("content-length")) if head.header("content-length").isdecimal() else None
    while count < MOST_BODY_OCTETS and time.monotonic() - began < most_s and (expected is None or count < expected):
        piece = sock.recv(65536)
        if not piece:
            break
        last = time.monotonic()
        count += len(piece)
        if len(held) < MOST_HEAD_OCTETS:
            held += piece
    return Timed(Answer(head.status, head.headers, b"", bytes(held)), _ms(began, first), _ms(began, last), count)


def read_head(sock: socket.socket, already: bytes = b"") -> Answer:
    """The head of the next response. Raises OSError."""
    octets = bytearray(already)
    while b"\r\n\r\n" not in octets:
        if len(octets) > MOST_HEAD_OCTETS:
            raise Malformed("no end of the head")
        piece = sock.recv(16384)
        if not piece:
            if octets:
                raise Malformed("the head ends in the middle")
            raise EndOfStream("no answer")
        octets += piece
    head, _, surplus = bytes(octets).partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    words = first.split(" ", 2)
    if len(words) < 2 or not words[0].startswith("HTTP/1.") or not words[1].isdecimal():
        raise Malformed("no status line of HTTP/1")
    pairs = (line.partition(":") for line in lines)
    headers = tuple((name.strip().lower(), value.strip()) for name, _, value in pairs)
    return Answer(int(words[1]), headers, surplus)


def read_some(sock: socket.socket, answer: Answer) -> bytes:
    """The beginning of the body, as far as it comes at once."""
    held = bytearray(answer.surplus)
    sock.settimeout(1.0)
    try:
        while len(held) < _SOME_OCTETS and (piece := sock.recv(_SOME_OCTETS)):
            held += piece
    except OSError:
        pass
    return bytes(held)


def _ms(began: float, at: float) -> float:
    return (at - began) * 1000
