"""TLS records -> the ClientHello in them, however it is fragmented.

Knows RFC 8446 sections 4.1.2 and 5.1, server_name (RFC 6066 section 3), ALPN (RFC 7301) and which extension is ECH.
What cannot be read is Malformed and never skipped: a server might read it, and then reach a name that nobody judged.
"""

from dataclasses import dataclass
from typing import Final

from tierwall.opening.values import ClientHello, Malformed, NeedMore, Octets
from tierwall.policy import limits

TLS_RECORDS: Final = range(0x14, 0x19)
"""Content types: change_cipher_spec, alert, handshake, application_data, heartbeat (RFC 6520). Some servers skip the
others before a ClientHello, so none of them may hide one."""

_RECORD_START: Final = b"\x16\x03"  # handshake, any version 3.x: servers ignore the rest (RFC 8446 section 5.1)
_RECORD_HEADER: Final = 5
_RECORD_MOST: Final = 2**14 + 256  # RFC 8446 section 5.2; some stacks use it for plaintext too
_CLIENT_HELLO: Final = 1
_MESSAGE_HEADER: Final = 4

_SERVER_NAME: Final = 0
_ALPN: Final = 16
_SUPPORTED_VERSIONS: Final = 43
_ENCRYPTED_CLIENT_HELLO: Final = 0xFE0D

_TOO_LARGE: Final = Malformed(f"the ClientHello takes more than {limits.CLIENT_HELLO_OCTETS // 1024} KiB")


def read_client_hello(data: Octets) -> NeedMore | ClientHello | Malformed:
    """The ClientHello that these TLS records begin with."""
    message = _message(bytes(data[: limits.CLIENT_HELLO_OCTETS]))
    if not isinstance(message, _Message):
        return message
    try:
        return _client_hello(message)
    except _MalformedError as fault:
        return Malformed(str(fault))


def read_hello_message(body: bytes) -> ClientHello | Malformed:
    """The same where the message comes without records, in QUIC (RFC 9001 section 4): what follows its header."""
    try:
        return _client_hello(_Message(body, len(body)))
    except _MalformedError as fault:
        return Malformed(str(fault))


@dataclass(frozen=True, slots=True)
class _Message:
    body: bytes
    consumed: int


class _MalformedError(Exception):
    """The message says what is wrong with the ClientHello."""


def _message(records: bytes) -> NeedMore | _Message | Malformed:
    """The body of the one handshake message, joined over as many records as it takes. Looks at whole records only."""
    joined = bytearray()
    at = 0
    missing = _MESSAGE_HEADER
    while missing:
        end = _record_end(records, at, missing)
        if not isinstance(end, int):
            return end
        joined += records[at + _RECORD_HEADER : end]
        at = end
        if joined[0] != _CLIENT_HELLO:
            return Malformed("the TLS handshake does not start with a ClientHello")
        whole = _MESSAGE_HEADER
        if len(joined) >= _MESSAGE_HEADER:
            whole += int.from_bytes(joined[1:_MESSAGE_HEADER])
        missing = whole - len(joined)
        if missing < 0:
            return Malformed("something follows the ClientHello in its last record")
        if missing and at + _RECORD_HEADER + missing > limits.CLIENT_HELLO_OCTETS:
            return _TOO_LARGE
    return _Message(bytes(joined[_MESSAGE_HEADER:]), at)


def _record_end(records: bytes, at: int, missing: int) -> NeedMore | int | Malformed:
    """Where the record at `at` ends, once it is there whole."""
    header = records[at : at + _RECORD_HEADER]
    if not _RECORD_START.startswith(header[:2]):
        return Malformed("it is no TLS handshake record")
    if len(header) < _RECORD_HEADER:
        return NeedMore(at + _RECORD_HEADER + missing)
    size = int.from_bytes(header[3:])
    if not 0 < size <= _RECORD_MOST:
        return Malformed("a TLS record is empty or too long")
    end = at + _RECORD_HEADER + size
    if end > limits.CLIENT_HELLO_OCTETS:
        return _TOO_LARGE
    return end if len(records) >= end else NeedMore(max(end, at + _RECORD_HEADER + missing))


def _client_hello(message: _Message) -> ClientHello:
    hello = _Reader(message.body)
    legacy_version = hello.number(2)
    hello.take(32)  # random
    hello.vector(1)  # legacy_session_id
    hello.vector(2)  # cipher_suites
    hello.vector(1)  # legacy_compression_methods
    extensions = _extensions(hello)
    return ClientHello(
        sni=_server_name(extensions.get(_SERVER_NAME)),
        alpn=_protocols(extensions.get(_ALPN)),
        versions=_versions(extensions.get(_SUPPORTED_VERSIONS)) or (legacy_version,),
        offers_ech=_ENCRYPTED_CLIENT_HELLO in extensions,
        consumed=message.consumed,
    )


def _extensions(hello: "_Reader") -> dict[int, bytes]:
    """By type. None may come twice (RFC 8446 section 4.2): of two server names a server might take the other one."""
    if not hello.left:  # TLS 1.2 without any extension (RFC 5246 section 7.4.1.2)
        return {}
    block = _Reader(hello.vector(2))
    hello.end()
    found: dict[int, bytes] = {}
    while block.left:
        kind = block.number(2)
        if kind in found:
            raise _MalformedError("the ClientHello has an extension twice")
        found[kind] = block.vector(2)
    return found


def _server_name(extension: bytes | None) -> str | None:
    if not extension:
        return None
    outer = _Reader(extension)
    entries = _Reader(outer.vector(2))
    outer.end()
    names = []
    while entries.left:
        kind, name = entries.number(1), entries.vector(2)
        if kind == 0:
            names.append(name)
    if len(names) > 1:
        raise _MalformedError("the ClientHello has more than one server name")
    if names and (not names[0] or not names[0].isascii() or 0 in names[0]):
        raise _MalformedError("the server name is empty, not ASCII, or has a NUL")
    return names[0].decode("ascii") if names else None


def _protocols(extension: bytes | None) -> tuple[str, ...]:
    if not extension:
        return ()
    outer = _Reader(extension)
    entries = _Reader(outer.vector(2))
    outer.end()
    protocols = []
    while entries.left:
        protocols.append(entries.vector(1).decode("latin-1"))
    return tuple(protocols)


def _versions(extension: bytes | None) -> tuple[int, ...]:
    if not extension:
        return ()
    outer = _Reader(extension)
    entries = _Reader(outer.vector(1))
    outer.end()
    versions = []
    while entries.left:
        versions.append(entries.number(2))
    return tuple(versions)


class _Reader:
    """Takes TLS presentation language (RFC 8446 section 3) off octets; raises where they end too soon or too late."""

    def __init__(self, octets: bytes) -> None:
        self._octets = octets
        self._at = 0

    @property
    def left(self) -> int:
        return len(self._octets) - self._at

    def take(self, count: int) -> bytes:
        if count > self.left:
            raise _MalformedError("the ClientHello is cut short")
        self._at += count
        return self._octets[self._at - count : self._at]

    def number(self, octets: int) -> int:
        return int.from_bytes(self.take(octets))

    def vector(self, length_octets: int) -> bytes:
        return self.take(self.number(length_octets))

    def end(self) -> None:
        if self.left:
            raise _MalformedError("something follows where the ClientHello or an extension of it should end")
