"""What a client says after its opening, while that could still name another server: read on, until it cannot.

Knows when that is: TLS until a ServerHello that is no HelloRetryRequest (RFC 8446 section 4.1.4), HTTP/0.9 after its
line, any other protocol until its first line has ended without being one of HTTP. No sockets: octets in, openings out,
and the octets that were read and may go on. Whether an opening that is found may go on is for others to judge.
"""

import re
from itertools import batched
from typing import Final, Protocol

from tierwall.opening.client_hello import TLS_RECORDS, read_client_hello
from tierwall.opening.values import ClientHello, Malformed, NeedMore, Opaque, Opening, SimpleRequest
from tierwall.policy import limits

_ALERT, _CHANGE_CIPHER_SPEC, _HANDSHAKE = 0x15, 0x14, 0x16
_HEADER: Final = 5
_BEFORE_THE_ANSWER: Final = frozenset({_ALERT, _CHANGE_CIPHER_SPEC, _HANDSHAKE})
_SERVER_HELLO: Final = 2
_SERVER_HELLO_OCTETS: Final = 4 + 2 + 32
"""Up to the end of its random."""
_RETRY: Final = bytes.fromhex("cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c")
"""As the random of a ServerHello: another hello is wanted (RFC 8446 section 4.1.3)."""


class Following(Protocol):
    """Reads on after one opening."""

    over: bool
    """Whether nothing can come any more that would have to be read."""

    def hear(self, octets: bytes) -> None:
        """The client said this; from its opening on."""

    def answered(self, octets: bytes) -> None:
        """The server said this, since the opening went out."""

    def found(self) -> ClientHello | Malformed | None:
        """The next thing that is to be judged before more goes out; a Malformed is the last."""

    def read(self) -> bytes:
        """The octets that may go out now. Each comes once."""


def following(opening: Opening | None) -> Following | None:
    """What reads on after this opening; None where nothing has to."""
    match opening:
        case ClientHello(consumed=consumed):
            return _AfterHello(consumed)
        case SimpleRequest(consumed=consumed):
            return _AfterLine(consumed)
        case Opaque():
            return _AfterNoHttp()
        case _:
            return None


def is_final_answer(octets: bytes) -> bool:
    """Whether a server that says just this to a ClientHello has answered it for good, seen at a look: after it nothing
    has to be read on. False is no answer: `Following.answered` has to be asked then."""
    if not octets:
        return False
    if octets[0] not in _BEFORE_THE_ANSWER:
        return True
    if octets[0] != _HANDSHAKE or len(octets) < _HEADER + _SERVER_HELLO_OCTETS or octets[_HEADER] != _SERVER_HELLO:
        return False
    record = int.from_bytes(octets[3:_HEADER])
    return _SERVER_HELLO_OCTETS <= record <= len(octets) - _HEADER and octets[11:43] != _RETRY


class _AfterHello:
    """Every record of the client until the server has answered its hello, with more than a warning or the wish for
    another. Of handshake messages only another hello can come before that, and nothing that is no record."""

    def __init__(self, consumed: int) -> None:
        self.over = False
        self._held = bytearray()
        self._read = 0
        """Octets of those held that may go out."""
        self._skip = consumed
        """Octets that come next and were read already: at first the hello itself."""
        self._asked = 0
        """Octets that a hello is known to take."""
        self._answer = _Answer()
        self._waits: bool | None = None
        """Whether it sends nothing before it was answered, as SSL 2.0 has it, which has no early data."""

    def hear(self, octets: bytes) -> None:
        self._held += octets
        if self._waits is None:
            self._waits = octets[:1] != b"" and octets[0] not in TLS_RECORDS

    def answered(self, octets: bytes) -> None:
        if not self.over:
            self.over = self._answer.is_final(octets)

    def found(self) -> ClientHello | Malformed | None:
        while not self.over:
            passing = min(self._skip, len(self._held) - self._read)
            self._read += passing
            self._skip -= passing
            header = self._held[self._read : self._read + _HEADER]
            if self._skip or not header:
                return None
            if self._waits:
                return Malformed("something follows a ClientHello of SSL 2.0 before it was answered")
            if header[0] == _HANDSHAKE:
                return self._hello()
            if header[0] not in TLS_RECORDS:  # no client of TLS says so; a server of HTTP may read it
                return Malformed("what follows the ClientHello is no TLS")
            if len(header) < _HEADER:
                return None
            self._skip = _HEADER + int.from_bytes(header[3:])
        self._read = len(self._held)
        return None

    def _hello(self) -> ClientHello | Malformed | None:
        if len(self._held) - self._read < self._asked:
            return None
        hello = read_client_hello(self._held[self._read :])
        match hello:
            case NeedMore(octets=octets):
                self._asked = octets
                return None
            case ClientHello(consumed=consumed):
                self._skip, self._asked = consumed, 0
            case Malformed():
                pass
        return hello

    def read(self) -> bytes:
        octets = bytes(self._held[: self._read])
        del self._held[: self._read]
        self._read = 0
        return octets


class _Answer:
    """What a server says to a ClientHello, up to a ServerHello or whatever else it says."""

    _MESSAGE_HEADER: Final = 4
    _RANDOM: Final = slice(6, 38)

    def __init__(self) -> None:
        self._records = bytearray()
        self._messages = bytearray()

    def is_final(self, octets: bytes) -> bool:
        """Whether no other hello can follow: it is no warning, no HelloRetryRequest, nor the beginning of one."""
        self._records += octets
        while self._records:
            kind, end = self._records[0], _HEADER + int.from_bytes(self._records[3:_HEADER])
            if kind not in _BEFORE_THE_ANSWER:
                return True
            if len(self._records) < max(end, _HEADER):
                return False
            if kind == _HANDSHAKE:
                self._messages += self._records[_HEADER:end]
                if self._server_hello():
                    return True
            del self._records[:end]
        return False

    def _server_hello(self) -> bool:
        while self._messages:
            end = self._MESSAGE_HEADER + int.from_bytes(self._messages[1 : self._MESSAGE_HEADER])
            if self._messages[0] != _SERVER_HELLO:
                return True
            if len(self._messages) < max(end, self._RANDOM.stop):
                return False
            if self._messages[self._RANDOM] != _RETRY:
                return True
            del self._messages[:end]
        return False


class _AfterLine:
    """Nothing may follow a request of HTTP/0.9."""

    over = False

    def __init__(self, consumed: int) -> None:
        self._consumed = consumed
        self._held = b""

    def hear(self, octets: bytes) -> None:
        self._held += octets

    def answered(self, octets: bytes) -> None:
        pass

    def found(self) -> ClientHello | Malformed | None:
        more = len(self._held) > self._consumed
        return Malformed("something follows a request of HTTP/0.9") if more else None

    def read(self) -> bytes:
        octets, self._held = self._held, b""
        self._consumed -= len(octets)
        return octets


class _AfterNoHttp:
    """A first line that is no request is let through as it comes, but not the end of one that is."""

    _END = re.compile(rb"([\r\n])")
    """Some servers take a bare CR for the end of a line (RFC 9112 section 2.2), and some do not."""
    _SPACE = re.compile(rb"[\t\v\f ]+")
    _VERSION = re.compile(rb" HTTP/[0-9.]* ", re.IGNORECASE)
    _SIMPLE = re.compile(rb" (?:GET|HEAD|POST|PUT|DELETE|CONNECT|OPTIONS|TRACE|PATCH) (?:/|https?://)", re.IGNORECASE)
    """How a request of HTTP/0.9 begins."""
    _KEPT: Final = 32

    def __init__(self) -> None:
        self.over = False
        self._held = b""
        self._tail = b" "
        """Of the line so far; each run of spaces as one."""
        self._octets = self._looked = 0
        self._has_version = False
        self._start = b" "
        """Of the line, spaces alike."""

    def hear(self, octets: bytes) -> None:
        self._held += octets

    def answered(self, octets: bytes) -> None:
        pass

    def found(self) -> ClientHello | Malformed | None:
        if self.over:
            return None
        *ended, rest = self._END.split(self._held[self._looked :])
        self._looked = len(self._held)
        for part, end in batched(ended, 2):
            self._add(part + b" ")
            if self._has_version or self._SIMPLE.match(self._start):
                return Malformed("the request line is not METHOD target HTTP/1.x")
            if end == b"\n" and self._tail != b" ":
                self.over = True
                return None
        self._add(rest)
        self.over = self._octets > limits.REQUEST_HEAD_OCTETS
        return None

    def _add(self, octets: bytes) -> None:
        line = self._SPACE.sub(b" ", self._tail + octets)
        if len(self._start) < self._KEPT:
            self._start = self._SPACE.sub(b" ", self._start + octets)[: self._KEPT]
        self._has_version = self._has_version or self._VERSION.search(line) is not None
        self._tail = line[-self._KEPT :]
        self._octets += len(octets)

    def read(self) -> bytes:
        octets, self._held = self._held, b""
        self._looked = 0
        return octets
