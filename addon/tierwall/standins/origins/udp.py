"""UDP origins: a video bridge that echoes, and a TURN server as far as its STUN binding responder."""

import asyncio
from abc import ABC, abstractmethod
from types import TracebackType
from typing import Final, Self

from tierwall.standins.origins.base import Reached
from tierwall.standins.stun import Endpoint, binding_answer

LATEST_S: Final = 120.0
"""An answer is not kept for longer."""


class UdpOrigin(ABC):
    """Answers datagrams while its `async with` block runs; the record counts datagrams as connections."""

    def __init__(self, *, host: str = "127.0.0.1", port: int = 0) -> None:
        """Listen there; port 0 takes a free one, which `port` then tells."""
        self.host = host
        self.port = port
        self.reached = Reached()
        self._wire: _Wire | None = None

    @abstractmethod
    def answer(self, datagram: bytes, client: Endpoint) -> bytes | None:
        """The datagram to send back, if any."""

    def delay_s(self, datagram: bytes) -> float:  # noqa: ARG002 - others do
        """How long after a datagram its answer goes out."""
        return 0.0

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        transport, self._wire = await loop.create_datagram_endpoint(
            lambda: _Wire(self), local_addr=(self.host, self.port)
        )
        self.port = transport.get_extra_info("sockname")[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._wire is not None:
            await self._wire.close()


class UdpEchoOrigin(UdpOrigin):
    """A video bridge's shape: every datagram comes back, `after 7 …` seven seconds later, as where a call is silent."""

    def answer(self, datagram: bytes, client: Endpoint) -> bytes | None:  # noqa: ARG002 - an echo asks not who called
        """The same again."""
        return datagram

    def delay_s(self, datagram: bytes) -> float:
        """As the datagram says, if it does."""
        match datagram.split(b" ", 2):
            case [b"after", seconds, _] if seconds.isdigit():
                return min(float(seconds), LATEST_S)
            case _:
                return 0.0


class StunOrigin(UdpOrigin):
    """Tells a client its own address; what is no binding request gets silence."""

    def answer(self, datagram: bytes, client: Endpoint) -> bytes | None:
        """A binding success response."""
        return binding_answer(datagram, client)


class _Wire(asyncio.DatagramProtocol):
    def __init__(self, origin: UdpOrigin) -> None:
        self._origin = origin
        self._transport: asyncio.DatagramTransport | None = None
        self._closed = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.DatagramTransport) -> None:  # type: ignore[override] # as typeshed says
        self._transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        client = (addr[0], addr[1])
        self._origin.reached.note(connections=1, octets=len(data))
        if (answer := self._origin.answer(data, client)) is not None:
            delay_s = self._origin.delay_s(data)
            if delay_s:
                asyncio.get_running_loop().call_later(delay_s, self._send, answer, addr)
            else:
                self._send(answer, addr)

    def _send(self, answer: bytes, to: tuple[str, int]) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.sendto(answer, to)

    def error_received(self, exc: Exception) -> None:
        self._origin.reached.note(fault=f"{type(exc).__name__}: {exc}")

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - closed is closed
        self._closed.set_result(None)

    async def close(self) -> None:
        if self._transport is not None:
            self._transport.close()
            await self._closed
