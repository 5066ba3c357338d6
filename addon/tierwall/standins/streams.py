"""TCP, and TLS over it, as streams that can end in one direction and go on in the other.

asyncio's own TLS transport cannot: it answers a peer's close_notify by closing. RFC 8446 section 6.1 lets each side
close its own direction alone, and a proxy that promises to relay bytes must not be the one that prevents it.
"""

import asyncio
import ssl
from collections.abc import Callable
from contextlib import suppress
from typing import Final, Protocol, Self

READ_OCTETS: Final = 64 * 1024


class Stream(Protocol):
    """Octets in order, both ways."""

    async def read(self) -> bytes:
        """What has arrived, at least one octet; empty once the peer has ended its direction."""

    async def write(self, octets: bytes) -> None:
        """Send, and wait while the peer is too slow."""

    async def write_eof(self) -> None:
        """End our direction; what the peer still sends can be read."""

    async def close(self) -> None:
        """End both directions once what was written is on its way."""


def _not_counted(_octets: int) -> None:
    pass


class TcpStream:
    """A TCP connection."""

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        counted: Callable[[int], None] = _not_counted,
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._counted = counted
        self._unread = b""

    async def read(self) -> bytes:
        """What has arrived, at least one octet; empty once the peer has sent its FIN."""
        if self._unread:
            octets, self._unread = self._unread, b""
            return octets
        octets = await self._reader.read(READ_OCTETS)
        self._counted(len(octets))
        return octets

    def unread(self, octets: bytes) -> None:
        """Give back what was read too far: the next protocol begins with it."""
        self._unread = octets + self._unread

    async def write(self, octets: bytes) -> None:
        """Send, and wait while the peer is too slow."""
        self._writer.write(octets)
        await self._writer.drain()

    async def write_eof(self) -> None:
        """Send a FIN."""
        self._writer.write_eof()

    async def close(self) -> None:
        """Send what is left, then close."""
        self._writer.close()
        with suppress(OSError):
            await self._writer.wait_closed()

    def abort(self) -> None:
        """Close at once; what was not sent is lost."""
        transport = self._writer.transport
        if transport.get_extra_info("socket").fileno() != -1:  # asyncio fails where close() had something left to send
            transport.abort()


class TlsStream:
    """TLS over a TCP stream, on memory BIOs."""

    def __init__(self, tcp: TcpStream, context: ssl.SSLContext, *, server_name: str | None = None) -> None:
        """Take the role that the context is for; a client's `server_name` is its SNI and what it verifies."""
        self._tcp = tcp
        self._incoming = ssl.MemoryBIO()
        self._outgoing = ssl.MemoryBIO()
        self.tls: Final = context.wrap_bio(
            self._incoming,
            self._outgoing,
            server_side=context.protocol is ssl.PROTOCOL_TLS_SERVER,
            server_hostname=server_name,
        )
        self._plain = b""
        self._close_notify_sent = False

    async def handshake(self) -> Self:
        """Complete the handshake; on failure our alert goes out before the error is raised."""
        while True:
            try:
                self.tls.do_handshake()
            except ssl.SSLWantReadError:
                await self._flush()
                if not await self._fill():
                    raise EOFError("the connection ended inside the TLS handshake") from None
            except ssl.SSLError:
                with suppress(OSError):
                    await self._flush()
                raise
            else:
                await self._flush()
                return self

    async def read(self) -> bytes:
        """What has arrived; empty once the peer has sent close_notify, or a FIN without one, as many do."""
        while True:
            if self._plain:
                octets, self._plain = self._plain, b""
                return octets
            try:
                octets = self.tls.read(READ_OCTETS)
            except ssl.SSLWantReadError:
                await self._flush()
                # OpenSSL is not told of a bare FIN: it would take it for an attack, and refuse to write from then on.
                if not await self._fill():
                    return b""
            except ssl.SSLZeroReturnError:
                return b""
            else:
                return octets

    async def write(self, octets: bytes) -> None:
        """Encrypt and send, and wait while the peer is too slow."""
        view = memoryview(octets)
        while view:
            view = view[self.tls.write(view) :]
            await self._flush()

    async def close_notify(self) -> None:
        """End our direction of the TLS session, and leave TCP as it is."""
        if self._close_notify_sent:
            return
        # OpenSSL's shutdown takes application data that it finds for an error, so it must find none.
        self._plain += self._readable()
        with suppress(ssl.SSLWantReadError):
            self.tls.unwrap()
        self._close_notify_sent = True
        await self._flush()

    async def write_eof(self) -> None:
        """Send close_notify and a FIN; what the peer still sends can be read."""
        await self.close_notify()
        await self._tcp.write_eof()

    async def close(self) -> None:
        """Send close_notify, unless that is no longer possible, and close."""
        with suppress(OSError):
            await self.close_notify()
        await self._tcp.close()

    def abort(self) -> None:
        """Close at once, without close_notify."""
        self._tcp.abort()

    def _readable(self) -> bytes:
        octets = b""
        with suppress(ssl.SSLWantReadError, ssl.SSLZeroReturnError):
            while more := self.tls.read(READ_OCTETS):
                octets += more
        return octets

    async def _flush(self) -> None:
        if octets := self._outgoing.read():
            await self._tcp.write(octets)

    async def _fill(self) -> bool:
        octets = await self._tcp.read()
        self._incoming.write(octets)
        return bool(octets)
