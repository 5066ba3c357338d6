"""One end of a TCP connection: gathers bytes until somebody has judged them, then forwards them to its peer.

Knows transports, back-pressure and half-close. Refuses to know what the bytes mean and who may connect to whom.
"""

import asyncio
import fcntl
import socket
import struct
import sys
import termios
from typing import Final, Protocol

from tierwall.policy.limits import CLIENT_HELLO_OCTETS
from tierwall.proxy.transport.tunnel_filter import TunnelFilter

GATHER_OCTETS: Final = 2 * CLIENT_HELLO_OCTETS
"""Octets an end keeps before it stops reading; more than any opening may take, so that its limit is seen broken."""

FAREWELL_S: Final = 2.0
"""Seconds that a refused client has to read its refusal: closing while it still sends would reset it away."""

SILENCE_S: Final = 120.0
"""Seconds that a client whose refusal is silence is kept waiting."""

_LOOK_FIRST_S: Final = 0.01
_LOOK_AT_LEAST_EVERY_S: Final = 1.0

RESET: Final = struct.pack("ii", 1, 0)
"""As SO_LINGER (on, 0 s): close() sends RST."""


class EndWatcher(Protocol):
    """Who is told that one of the two ends of a tunnel ended."""

    def ended(self, end: "Endpoint") -> None:
        """This end sent its FIN, or is gone; called once or twice an end."""


class Endpoint(asyncio.Protocol):
    """One end. Gathers from the start; `forward` and the refusals change what happens to the bytes that come."""

    __slots__ = (
        "_alarm",
        "_waiter",
        "broken",
        "discarding",
        "eof",
        "expired",
        "filter",
        "fin_sent",
        "forwarding",
        "full",
        "gone",
        "leaves_fin_unanswered",
        "octets",
        "partner",
        "received",
        "transport",
        "was_reset",
        "watcher",
    )

    transport: asyncio.Transport

    def __init__(self) -> None:
        self.received = bytearray()
        self.octets = 0
        """All that this end has sent us."""
        self.eof = False
        self.gone = False
        self.broken = False
        """Whether it is gone without a FIN: reset, or lost. What it sent may not be all that it meant to send."""
        self.was_reset = False
        """Whether its end of file was a reset, as `eof_received` found out."""
        self.fin_sent = False
        """Whether we have told it that nothing more comes."""
        self.discarding = False
        self.leaves_fin_unanswered = False
        """Whether even its FIN is not answered: it is kept SILENCE_S longer, because it may go on listening."""
        self.expired = False
        self.forwarding = False
        """Whether received bytes go to the partner at once; they are gathered otherwise."""
        self.full = False
        """Whether it takes no more for now."""
        self.partner: Endpoint | None = None
        """The tunnel's other end."""
        self.filter: TunnelFilter | None = None
        """What is between this end and its partner, where a behaviour acts on their octets."""
        self.watcher: EndWatcher | None = None
        self._waiter: asyncio.Future[None] | None = None
        self._alarm: asyncio.TimerHandle | None = None

    # -- what the event loop calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport  # type: ignore[assignment]  # a stream transport, TCP or TLS

    def data_received(self, data: bytes) -> None:
        self.octets += len(data)
        if self.forwarding:
            if self.filter is not None:
                self.filter.take(data)
            elif self.partner is not None and not self.partner.gone:
                self.partner.transport.write(data)
        elif not self.discarding:
            self.received += data
            if len(self.received) > GATHER_OCTETS:
                self.transport.pause_reading()
            self._wake()

    def eof_received(self) -> bool:
        if self._is_reset():
            self.was_reset = True
            self.transport.abort()
            return True
        self.eof = True
        self._wake()
        if self.discarding:
            if self.leaves_fin_unanswered:
                self._abort_in(SILENCE_S)
            return self.leaves_fin_unanswered
        if self.forwarding:
            self._end_here()
        if self.watcher is not None:
            self.watcher.ended(self)
        return self.transport.can_write_eof()

    def connection_lost(self, exc: Exception | None) -> None:
        self.gone = True
        self.broken = (exc is not None or self.was_reset) and not self.eof
        self._wake()
        if self._alarm is not None:
            self._alarm.cancel()
        if self.filter is not None and self.forwarding:
            self.filter.end()
        if self.watcher is not None:
            self.watcher.ended(self)

    def pause_writing(self) -> None:
        self.full = True
        if self.partner is not None and self.partner.filter is not None:
            self.partner.filter.block()
        elif self.partner is not None and not self.partner.gone:
            self.partner.transport.pause_reading()

    def resume_writing(self) -> None:
        self.full = False
        if self.partner is not None and self.partner.filter is not None:
            self.partner.filter.unblock()
        elif self.partner is not None and not self.partner.gone:
            self.partner.transport.resume_reading()

    # -- what the front door calls

    async def more(self) -> bool:
        """Wait for bytes beyond those gathered. False when there will be none, or when `expire` was called."""
        if self.eof or self.gone or self.expired:
            return False
        self._waiter = asyncio.get_running_loop().create_future()
        had = len(self.received)
        try:
            await self._waiter
        finally:
            self._waiter = None
        return len(self.received) > had

    def forward(self) -> None:
        """From now on bytes go to the partner: those gathered first, and the end of file if it came meanwhile."""
        self.forwarding = True
        if not self.eof and not self.gone:
            self.transport.resume_reading()  # before the write, which may be more than the partner takes, and pause us
        gathered, self.received = bytes(self.received), bytearray()
        if self.filter is not None and gathered:
            self.filter.take(gathered)
        elif gathered and self.partner is not None and not self.partner.gone:
            self.partner.transport.write(gathered)
        if self.eof or self.gone:
            self._end_here()

    def pass_eof(self) -> None:
        """Tell the partner that nothing more comes from here."""
        partner = self.partner
        if partner is None or partner.gone or partner.transport.is_closing():
            return
        if partner.transport.can_write_eof():
            partner.fin_sent = True
            partner.transport.write_eof()
        else:  # TLS to a parent proxy: asyncio cannot half-close it
            partner.transport.close()

    def discard_for(self, seconds: float) -> None:
        """Take all that comes and let it go nowhere, until the other side leaves or so long; it hears nothing."""
        self.discarding, self.forwarding, self.received = True, False, bytearray()
        if self.gone or (self.eof and not self.leaves_fin_unanswered):
            self.close()
            return
        self.transport.resume_reading()
        self._abort_in(seconds)
        self._wake()

    def forget(self, seconds: float) -> None:
        """The same, as if nobody were there any more: its FIN is not answered either."""
        self.leaves_fin_unanswered = True
        self.discard_for(seconds)

    def expire(self) -> None:
        """End the wait for more: a limit has passed."""
        self.expired = True
        self._wake()

    def write(self, octets: bytes) -> None:
        """Send these bytes, unless nobody is there to take them: transports raise then, or say that they would."""
        if not self.gone and not self.fin_sent:
            self.transport.write(octets)

    def close_after(self, farewell: bytes) -> None:
        """Send these bytes, then FIN; close when the other side has read them, or after FAREWELL_S."""
        if self.gone:
            return
        if farewell:
            self.write(farewell)
        if self.eof or not self.transport.can_write_eof():
            self.transport.close()
            return
        if self._half_close():
            self.discard_for(FAREWELL_S)

    def go_silent(self) -> None:
        """Say nothing more and keep the connection standing, until the other side leaves or SILENCE_S have passed."""
        self.discard_for(SILENCE_S)

    def reset(self) -> None:
        """Close with RST."""
        if self.gone:
            return
        sock = self.transport.get_extra_info("socket")
        if sock is not None:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        self.transport.abort()

    def close(self) -> None:
        """Close once what was written has been sent."""
        if not self.gone:
            self.transport.close()

    def break_off(self) -> None:
        """Close with RST once the other side has all that was written: a FIN would say that nothing is missing."""
        if self._alarm is None:
            self._break_off_after(_LOOK_FIRST_S)

    def keep_alive(self) -> None:
        """TCP keepalive on, so that a peer that vanished is noticed although we set no time limit."""
        sock = self.transport.get_extra_info("socket")
        if sock is not None and sock.family in (socket.AF_INET, socket.AF_INET6):
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)

    # -- private

    def _is_reset(self) -> bool:
        """Whether what is told as an end of file is RST: libuv, beneath uvloop, tells one so that comes with the last
        octets."""
        sock = self.transport.get_extra_info("socket")
        return sock is not None and sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) != 0

    def _half_close(self) -> bool:
        """Send FIN. False where the other side is gone already, which asyncio's own loop learns only by trying."""
        try:
            self.fin_sent = True
            self.transport.write_eof()
        except OSError:
            self.transport.abort()
            return False
        return True

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def _break_off_after(self, look_again_s: float) -> None:
        if self.gone or self.transport.is_closing():
            return
        if self._unsent() == 0:
            self.reset()
            return
        again = min(2 * look_again_s, _LOOK_AT_LEAST_EVERY_S)
        self._alarm = asyncio.get_running_loop().call_later(look_again_s, self._break_off_after, again)

    def _unsent(self) -> int:
        """Octets that the other side's kernel has not confirmed yet; where that cannot be known, those we hold."""
        held = self.transport.get_write_buffer_size()
        sock = self.transport.get_extra_info("socket")
        if held or sock is None:
            return held
        return int.from_bytes(fcntl.ioctl(sock.fileno(), termios.TIOCOUTQ, bytes(4)), sys.byteorder)

    def _abort_in(self, seconds: float) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
        self._alarm = asyncio.get_running_loop().call_later(seconds, self.transport.abort)

    def _end_here(self) -> None:
        if self.filter is not None:
            self.filter.end()
        elif self.eof:
            self.pass_eof()
