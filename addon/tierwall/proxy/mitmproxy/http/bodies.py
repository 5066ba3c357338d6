"""Bodies of HTTP/1 messages as they come, in mitmproxy's events: bounded where octets must wait, with their trailers.

Knows h11's readers, by mitmproxy's own. Refuses to know heads.
"""

from dataclasses import dataclass
from typing import Final

import h11
from h11._receivebuffer import ReceiveBuffer
from mitmproxy.http import Headers
from mitmproxy.proxy.layers.http._http1 import TBodyReader, make_body_reader

from tierwall.policy.limits import REQUEST_HEAD_OCTETS
from tierwall.proxy.mitmproxy.http.framing import Length

_WAITING_OCTETS: Final = REQUEST_HEAD_OCTETS
"""Octets of a chunk's line, or of trailers, that may come before their line feed does."""


@dataclass(frozen=True, slots=True)
class Part:
    """Octets of a body."""

    octets: bytes


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Its end."""

    trailers: Headers


class Broken(ValueError):
    """What comes is no body; the message is one clause without what was received."""


class Body:
    """One body."""

    def __init__(self, length: Length) -> None:
        self._reader: TBodyReader = make_body_reader(length)
        self.left: Length = length
        """Octets that are still to come, where that is known."""

    def next(self, octets: ReceiveBuffer) -> Part | Endpoint | None:
        """What comes next of it; None where more octets are needed. Raises Broken."""
        try:
            read = self._reader(octets)
        except (h11.ProtocolError, ValueError) as fault:
            raise Broken("its chunks make no sense") from fault
        if isinstance(read, h11.EndOfMessage):
            return Endpoint(Headers([(name, value) for name, value in read.headers]))
        if isinstance(read, h11.Data):
            part = bytes(read.data)
            if self.left is not None and self.left > 0:
                self.left -= len(part)
            return Part(part)
        if len(octets) > _WAITING_OCTETS:
            raise Broken(f"a line of its chunks takes more than {_WAITING_OCTETS // 1024} KiB")
        return None

    def ends_with_connection(self) -> bool:
        """Whether it is complete where nothing more comes."""
        try:
            self._reader.read_eof()
        except h11.ProtocolError:
            return False
        return True
