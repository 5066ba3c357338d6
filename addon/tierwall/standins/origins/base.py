"""What every TCP origin has: a listening socket, a task a connection, and the record of what reached it.

Knows nothing of any protocol. A client's fault is a line in the record; a fault of ours comes out when the origin ends.
"""

import asyncio
import ssl
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable
from types import TracebackType
from typing import Self
from weakref import WeakKeyDictionary

import h11
from wsproto.utilities import RemoteProtocolError

from tierwall.standins.certificates import Authority
from tierwall.standins.frames import FrameError
from tierwall.standins.streams import TcpStream, TlsStream

CLIENT_FAULTS = (OSError, EOFError, h11.RemoteProtocolError, RemoteProtocolError, FrameError)


class Reached:
    """What has reached an origin so far. Written by the origin's thread, read by any."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self.connections = 0
        """TCP connections accepted; for UDP, datagrams."""
        self.ended = 0
        """Connections that are over."""
        self.octets = 0
        """Octets as they came off the socket, TLS records included."""
        self.names: list[str | None] = []
        """The SNI of every ClientHello, None where it had none."""
        self.protocols: list[str] = []
        """What each connection turned out to speak: http, websocket, native."""
        self.targets: list[str] = []
        """The request targets, in their order."""
        self.faults: list[str] = []
        """What a client did wrong, or how it left."""

    def until(self, condition: Callable[[Self], bool], *, limit_s: float = 5.0) -> bool:
        """Wait, in another thread than the origin's, until the record says so; False where it does not in time."""
        with self._changed:
            return self._changed.wait_for(lambda: condition(self), limit_s)

    def note(  # noqa: PLR0913 - one line of the record, by keyword
        self,
        *,
        connections: int = 0,
        ended: int = 0,
        octets: int = 0,
        protocol: str | None = None,
        target: str | None = None,
        fault: str | None = None,
    ) -> None:
        """Add to the record, and wake who waits for it."""
        with self._changed:
            self.connections += connections
            self.ended += ended
            self.octets += octets
            self.protocols += [protocol] if protocol is not None else []
            self.targets += [target] if target is not None else []
            self.faults += [fault] if fault is not None else []
            self._changed.notify_all()

    def note_name(self, name: str | None) -> None:
        """Add the SNI of a ClientHello."""
        with self._changed:
            self.names.append(name)
            self._changed.notify_all()


class TcpOrigin(ABC):
    """Listens while its `async with` block runs. Afterwards no connection, task or socket is left."""

    def __init__(self, *, host: str = "127.0.0.1", port: int = 0) -> None:
        """Listen there; port 0 takes a free one, which `port` then tells."""
        self.host = host
        self.port = port
        self.reached = Reached()
        self._tasks: set[asyncio.Task[None]] = set()
        self._streams: set[TcpStream] = set()
        self._server: asyncio.Server | None = None

    @abstractmethod
    async def serve(self, tcp: TcpStream) -> None:
        """Serve one connection; it is closed afterwards."""

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, self.host, self.port)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._server is None:
            return
        self._server.close()
        for task in self._tasks:
            task.cancel()
        for tcp in self._streams:
            tcp.abort()  # a task that never began cannot
        endings = await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._server.wait_closed()
        for ending in endings:
            if isinstance(ending, Exception):
                raise ending

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reached.note(connections=1)
        tcp = TcpStream(reader, writer, lambda octets: self.reached.note(octets=octets))
        self._streams.add(tcp)
        # Kept until __aexit__, which raises what went wrong in any of them.
        self._tasks.add(asyncio.get_running_loop().create_task(self._attend(tcp)))

    async def _attend(self, tcp: TcpStream) -> None:
        try:
            await self.serve(tcp)
            await tcp.close()
        except CLIENT_FAULTS as fault:
            self.reached.note(fault=f"{type(fault).__name__}: {fault}")
        finally:
            tcp.abort()
            self._streams.discard(tcp)
            self.reached.note(ended=1)


class TlsOrigin(TcpOrigin):
    """A TCP origin whose connections are TLS; the SNI of each is in the record."""

    def __init__(self, authority: Authority, names: list[str], *, host: str = "127.0.0.1", port: int = 0) -> None:
        """Serve a certificate for these names and addresses."""
        super().__init__(host=host, port=port)
        self.names = tuple(names)
        self._context = authority.server_context(names)
        self._context.sni_callback = self._hear_name
        self._heard: WeakKeyDictionary[ssl.SSLObject, str] = WeakKeyDictionary()

    @abstractmethod
    async def serve_tls(self, tls: TlsStream, name: str | None) -> None:
        """Serve one connection after its handshake; `name` is its SNI."""

    async def serve(self, tcp: TcpStream) -> None:
        """Do the handshake, then let the protocol inside begin."""
        tls = await TlsStream(tcp, self._context).handshake()
        await self.serve_tls(tls, self._heard.get(tls.tls))
        await tls.close()

    def _hear_name(self, tls: ssl.SSLObject, name: str | None, _context: ssl.SSLContext) -> None:
        self.reached.note_name(name)
        if name is not None:
            self._heard[tls] = name
