"""QUIC as a client speaks it, datagram by datagram -> the ClientHellos in it.

Knows long headers (RFC 8999 section 5.1), and of versions 1 and 2 (RFC 9000, RFC 9369) the Initial packets: their keys
follow from what they carry themselves (RFC 9001 section 5.2), so that everybody on the path can read them. aioquic has
the cryptography. Refuses to know flows and addresses. What cannot be read is Malformed and never skipped.
"""

from collections import OrderedDict
from dataclasses import dataclass
from typing import Final

from aioquic.buffer import Buffer  # type: ignore[attr-defined]
from aioquic.quic.crypto import CryptoError, CryptoPair  # type: ignore[attr-defined]
from aioquic.quic.packet import QuicFrameType, QuicPacketType, pull_ack_frame, pull_quic_header

from tierwall.opening.client_hello import read_hello_message
from tierwall.opening.values import ClientHello, Malformed, Opaque
from tierwall.policy import limits

LONG_HEADER: Final = 0x80
_FIXED_BIT: Final = 0x40
"""Set in every packet but where a client had leave to clear it (RFC 9287). STUN, TURN channels, DTLS and RTP begin with
lower octets than those that have both bits (RFC 9443 section 3)."""
_READABLE: Final = frozenset({0x00000001, 0x6B3343CF})
_CONNECTION_ID_LEAST, _CONNECTION_ID_MOST = 8, 20
"""Octets of the connection id that a client chooses (RFC 9000 section 7.2)."""
_ACKNOWLEDGEMENTS: Final = frozenset({QuicFrameType.ACK, QuicFrameType.ACK_ECN})
_CONNECTIONS: Final = 8
"""Connections of one flow that are remembered."""
_MESSAGE_HEADER: Final = 4
_CLIENT_HELLO: Final = 1


@dataclass(frozen=True, slots=True)
class Hellos:
    """All that was begun is there whole."""

    hellos: tuple[ClientHello, ...]
    """Those that no answer before had."""


@dataclass(frozen=True, slots=True)
class Unfinished:
    """A ClientHello was begun, here or before, of which more must come."""


class QuicReader:
    """One flow. Each datagram of its client is read once, in the order in which it came. After hellos, or Malformed, it
    is to be told whether they were admitted before the next is read."""

    def __init__(self) -> None:
        self._connections: OrderedDict[bytes, _Connection] = OrderedDict()
        self._found: list[ClientHello] = []
        self._undecided: set[bytes] = set()
        """Connections that were heard of since the last answer that could be decided."""

    def admit(self) -> None:
        """What was read last goes out."""
        self._undecided.clear()

    def deny(self) -> None:
        """It does not. Its connections were never heard of: what is sent again is read again."""
        for chosen in self._undecided:
            self._connections.pop(chosen, None)
        self._undecided.clear()
        self._found.clear()

    def read(self, datagram: bytes) -> Opaque | Unfinished | Hellos | Malformed:
        """What the datagram adds. Opaque where it is none with a long header, or has nothing that names anybody."""
        if not _is_long(datagram):
            return Opaque()
        try:
            told = self._packets(datagram)
        except _UnreadableError as fault:
            return Malformed(str(fault))
        except (ValueError, IndexError):  # what aioquic says of a packet that is cut short
            return Malformed("a QUIC packet that cannot be read")
        if not told:
            return Opaque()
        if any(connection.is_unfinished for connection in self._connections.values()):
            return Unfinished()
        found, self._found = tuple(self._found), []
        if found:
            return Hellos(found)
        self.admit()
        return Opaque()

    def _packets(self, datagram: bytes) -> bool:
        """Whether there are Initial packets among the packets of this datagram (RFC 9000 section 12.2)."""
        at, initials = 0, False
        while at < len(datagram) and datagram[at] & LONG_HEADER:
            version = int.from_bytes(datagram[at + 1 : at + 5])
            if version not in _READABLE:
                raise _UnreadableError(f"QUIC version 0x{version:08x}, whose names cannot be read")
            buffer = Buffer(data=bytes([datagram[at] | _FIXED_BIT]) + datagram[at + 1 :])
            header = pull_quic_header(buffer)
            packet = datagram[at : at + header.packet_length]
            if header.packet_type is QuicPacketType.INITIAL:
                self._initial(packet, buffer.tell(), header.destination_cid, version)
                initials = True
            at += header.packet_length
        return initials

    def _initial(self, packet: bytes, encrypted_at: int, chosen: bytes, version: int) -> None:
        known = self._connections.get(chosen)
        new = _Connection(chosen)
        for connection in [known] if known else [new, *self._connections.values()]:
            payload = connection.decrypted(packet, encrypted_at, version)
            if payload is None:
                continue
            self._undecided.add(connection.chosen)
            if connection is new:
                self._connections[chosen] = new
                if len(self._connections) > _CONNECTIONS:
                    self._connections.popitem(last=False)
            self._found += connection.hear(payload)
            return
        raise _UnreadableError("a QUIC Initial whose ClientHello cannot be read")


class _UnreadableError(Exception):
    """The message says what cannot be read."""


class _Connection:
    """What a client says in the Initial packets of one connection: handshake messages (RFC 9001 section 4)."""

    def __init__(self, chosen: bytes) -> None:
        """`chosen`: the id of its destination that the client chose, from which the keys follow."""
        self.chosen = chosen
        self._keys: dict[int, CryptoPair] = {}
        self._stream = bytearray()
        self._there = bytearray()
        """1 for each octet of the stream that has come."""
        self._read = 0
        self._packet_number = 0

    @property
    def is_unfinished(self) -> bool:
        return self._read < len(self._stream) or not self._read

    def decrypted(self, packet: bytes, encrypted_at: int, version: int) -> bytes | None:
        """The frames in the packet; None where it is none of this connection."""
        keys = self._keys.get(version)
        if keys is None:
            keys = self._keys[version] = CryptoPair()
            keys.setup_initial(cid=self.chosen, is_client=False, version=version)
        try:
            _, payload, number = keys.decrypt_packet(packet, encrypted_at, self._packet_number)
        except CryptoError:
            return None
        self._packet_number = max(self._packet_number, number + 1)
        return payload

    def hear(self, payload: bytes) -> list[ClientHello]:
        """The hellos that this packet completes: after a HelloRetryRequest there are two."""
        frames = Buffer(data=payload)
        while not frames.eof():
            kind = frames.pull_uint_var()
            match kind:
                case QuicFrameType.PADDING | QuicFrameType.PING:
                    pass
                case kind if kind in _ACKNOWLEDGEMENTS:
                    pull_ack_frame(frames)
                    if kind == QuicFrameType.ACK_ECN:
                        for _ in range(3):
                            frames.pull_uint_var()
                case QuicFrameType.CRYPTO:
                    at, size = frames.pull_uint_var(), frames.pull_uint_var()
                    self._add(at, frames.pull_bytes(size))
                case QuicFrameType.TRANSPORT_CLOSE:
                    break
                case _:
                    raise _UnreadableError("a QUIC Initial with a frame that may not be there")
        return list(self._messages())

    def _add(self, at: int, octets: bytes) -> None:
        end = at + len(octets)
        if end > limits.CLIENT_HELLO_OCTETS:
            raise _UnreadableError(f"the ClientHello takes more than {limits.CLIENT_HELLO_OCTETS // 1024} KiB")
        missing = end - len(self._stream)
        if missing > 0:
            self._stream += bytes(missing)
            self._there += bytes(missing)
        if any(
            before != octet
            for before, octet, there in zip(self._stream[at:end], octets, self._there[at:end], strict=True)
            if there
        ):
            raise _UnreadableError("a QUIC ClientHello that says two things in one place")
        self._stream[at:end] = octets
        self._there[at:end] = b"\1" * len(octets)

    def _messages(self) -> list[ClientHello]:
        found = []
        gap = self._there.find(0, self._read)
        come = len(self._there) if gap < 0 else gap
        while come - self._read >= _MESSAGE_HEADER:
            start = self._read + _MESSAGE_HEADER
            end = start + int.from_bytes(self._stream[self._read + 1 : start])
            if self._stream[self._read] != _CLIENT_HELLO or end > limits.CLIENT_HELLO_OCTETS:
                raise _UnreadableError("a QUIC Initial whose ClientHello cannot be read")
            if end > come:
                break
            hello = read_hello_message(bytes(self._stream[start:end]))
            if isinstance(hello, Malformed):
                raise _UnreadableError(hello.why)
            found.append(hello)
            self._read = end
        return found


def _is_long(datagram: bytes) -> bool:
    """Whether it has a long header: of a version that is known, or with connection ids as clients have them."""
    if len(datagram) < 7 or not datagram[0] & LONG_HEADER:
        return False
    version = int.from_bytes(datagram[1:5])
    if version in _READABLE:
        return True
    size = datagram[5]
    return (
        bool(datagram[0] & _FIXED_BIT)
        and _CONNECTION_ID_LEAST <= size <= _CONNECTION_ID_MOST
        and len(datagram) > 6 + size
        and datagram[6 + size] <= _CONNECTION_ID_MOST
    )
