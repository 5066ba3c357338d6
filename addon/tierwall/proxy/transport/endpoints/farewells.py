"""How one end of a connection is told goodbye: with words, in silence, by RST, or by RST once it has heard all.

Knows how long who is refused is waited for. Refuses to know why.
"""

import asyncio
import socket
import struct
from abc import abstractmethod
from typing import Final

from tierwall.proxy.transport.endpoints.beneath import Beneath
from tierwall.proxy.transport.endpoints.end_states import Peer

FAREWELL_S: Final = 2.0
"""Seconds that a refused client has to read its refusal: closing while it still sends would reset it away."""

SILENCE_S: Final = 120.0
"""Seconds that a client whose refusal is silence is kept waiting."""

_LOOK_FIRST_S: Final = 0.01
_LOOK_AT_LEAST_EVERY_S: Final = 1.0

RESET: Final = struct.pack("ii", 1, 0)
"""As SO_LINGER (on, 0 s): close() sends RST."""


class Farewells(Beneath):
    """What an endpoint can do at its end."""

    __slots__ = ()

    peer: Peer
    _alarm: asyncio.TimerHandle | None

    @abstractmethod
    def discard_for(self, seconds: float) -> None:
        """Take all that comes and let it go nowhere, until the other side leaves or so long."""

    def close_after(self, farewell: bytes) -> None:
        """Send these bytes, then FIN; close when the other side has read them, or after FAREWELL_S."""
        if self.peer >= Peer.LEFT:
            return
        if farewell and self.peer is Peer.ENDED:
            self.write(farewell)
        if self.peer is not Peer.ENDED and (self.write_last(farewell) if farewell else self.half_close()):
            self.discard_for(FAREWELL_S)
        else:
            self.close()

    def go_silent(self) -> None:
        """Say nothing more and keep the connection standing, until the other side leaves or SILENCE_S have passed."""
        self.discard_for(SILENCE_S)

    def reset(self) -> None:
        """Close with RST."""
        if self.peer >= Peer.LEFT:
            return
        sock = self.get_extra_info("socket")
        if sock is not None:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        self.abort()

    def break_off(self) -> None:
        """Close with RST once the other side has all that was written: a FIN would say that nothing is missing."""
        if self._alarm is None:
            self._look_again(_LOOK_FIRST_S)

    def _look_again(self, in_s: float) -> None:
        if self.peer >= Peer.LEFT:
            return
        if self.unconfirmed == 0:
            self.reset()
            return
        again = min(2 * in_s, _LOOK_AT_LEAST_EVERY_S)
        alarm = asyncio.get_running_loop().call_later(in_s, self._look_again, again)
        self._alarm = alarm  # type: ignore[misc]  # whose slot is the endpoint's
