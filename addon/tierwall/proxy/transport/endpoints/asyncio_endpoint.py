"""An endpoint over one of asyncio's transports: TLS with a parent proxy or a client, streams of mitmproxy_rs, pipes in
memory, and sockets where there is no epoll.

Knows asyncio's protocols. What an end does with what comes is endpoint.py's.
"""

import asyncio
import socket
from typing import Any

from tierwall.proxy.transport.endpoints.end_states import Happened, Peer, Use
from tierwall.proxy.transport.endpoints.endpoint import Endpoint


class AsyncioEndpoint(Endpoint, asyncio.Protocol):
    """One end, and the protocol of its transport."""

    __slots__ = ("_was_reset", "transport")

    transport: asyncio.Transport

    def __init__(self) -> None:
        super().__init__()
        self._was_reset = False
        """Whether its end of file was a reset."""

    # -- what the event loop calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport  # type: ignore[assignment]  # a stream transport, TCP or TLS

    def data_received(self, data: bytes) -> None:
        try:
            if self.tap is not None:
                self.tap.heard(self, data)
            else:
                self.take(data)
        except Exception as failure:  # noqa: BLE001 - its owner says it
            self.failed(failure)

    def eof_received(self) -> bool:
        if self._is_reset():
            self._was_reset = True
            self.transport.abort()
            return True
        try:
            stays = self.take_fin()
        except Exception as failure:  # noqa: BLE001
            self.failed(failure)
            return False
        return stays and (self.use >= Use.DISCARDS or self.transport.can_write_eof())

    def connection_lost(self, exc: Exception | None) -> None:
        try:
            self.take_end(Happened.LOSS if exc is not None or self._was_reset else Happened.CLOSE)
        except Exception as failure:  # noqa: BLE001
            self.failed(failure)

    def pause_writing(self) -> None:
        self.block()

    def resume_writing(self) -> None:
        self.unblock()

    # -- what an endpoint asks for

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return self.transport.get_extra_info(name, default)

    @property
    def is_reading(self) -> bool:
        return self.transport.is_reading()

    def pause_reading(self) -> None:
        if self.peer < Peer.LEFT:
            self.transport.pause_reading()

    def resume_reading(self) -> None:
        if self.peer < Peer.LEFT:
            self.transport.resume_reading()

    @property
    def unsent(self) -> int:
        return self.transport.get_write_buffer_size()

    def write(self, octets: bytes | bytearray | memoryview) -> None:
        if self.peer < Peer.LEFT and not self.fin_sent:
            self.transport.write(octets)

    def half_close(self) -> bool:
        if self.transport.is_closing() or not self.transport.can_write_eof():
            return False
        try:
            self.fin_sent = True
            self.transport.write_eof()
        except OSError:  # the other side is gone already, which asyncio's own loop learns only by trying
            self.transport.abort()
        return True

    def close(self) -> None:
        if self.peer < Peer.LEFT:
            self.transport.close()

    def abort(self) -> None:
        if self.peer < Peer.LEFT:  # asyncio fails where close() had something left to send, and it is sent
            self.transport.abort()

    async def give_to(self, protocol: asyncio.Protocol) -> None:
        self.transport.set_protocol(protocol)
        protocol.connection_made(self.transport)
        if self.peer is Peer.SPEAKS:
            self.transport.resume_reading()

    def _is_reset(self) -> bool:
        """Whether what is told as an end of file is RST: libuv, beneath uvloop, tells one so that comes with the last
        octets."""
        sock = self.transport.get_extra_info("socket")
        return sock is not None and sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) != 0


async def give_to_asyncio(sock: socket.socket, unsent: bytes | bytearray, protocol: asyncio.Protocol) -> None:
    """Let asyncio have a connection of ours: what we still hold for it leaves before the protocol writes."""
    loop = asyncio.get_running_loop()
    try:
        sock.setblocking(False)
        if unsent:
            await loop.sock_sendall(sock, unsent)
        await loop.connect_accepted_socket(lambda: protocol, sock)
    except BaseException:
        sock.close()
        raise
