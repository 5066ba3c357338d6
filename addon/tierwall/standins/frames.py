"""The proprietary protocol of the stand-in native app: frames of four octets of length, big endian, and a payload.

Pure. Vevox's own protocol is not public; all that matters here is that it is TLS, is not HTTP, and that the server
speaks when it wants.
"""

import struct
from enum import StrEnum
from typing import Final

PAYLOAD_OCTETS: Final = 1024 * 1024
"""The longest payload. Below 16 MiB the first octet is 0, which begins no HTTP method."""

_LENGTH: Final = struct.Struct("!I")


class Speaker(StrEnum):
    """Who sends the first octet inside TLS."""

    CLIENT = "client"
    SERVER = "server"


class FrameError(ValueError):
    """The peer does not speak this protocol."""


def frame(payload: bytes) -> bytes:
    """One frame, as it goes on the wire."""
    return _LENGTH.pack(len(payload)) + payload


class FrameReader:
    """Cuts payloads out of octets, however these arrive."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, octets: bytes) -> list[bytes]:
        """The payloads that these octets complete."""
        self._buffer += octets
        payloads = []
        while (payload := self._cut()) is not None:
            payloads.append(payload)
        return payloads

    def _cut(self) -> bytes | None:
        if len(self._buffer) < _LENGTH.size:
            return None
        (length,) = _LENGTH.unpack_from(self._buffer)
        if length > PAYLOAD_OCTETS:
            raise FrameError(f"a frame of {length} octets, at most {PAYLOAD_OCTETS} make sense")
        end = _LENGTH.size + length
        if len(self._buffer) < end:
            return None
        payload = bytes(self._buffer[_LENGTH.size : end])
        del self._buffer[:end]
        return payload
