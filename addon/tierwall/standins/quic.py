"""A QUIC client and server: one stream that is echoed. Who issued the certificate shows who ended the TLS.

Knows aioquic, whose sockets are IPv6 ones that carry IPv4 too.
"""

import asyncio
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from aioquic.asyncio.client import connect
from aioquic.asyncio.protocol import QuicConnectionProtocol
from aioquic.asyncio.server import QuicServer, serve
from aioquic.quic.configuration import QuicConfiguration

from tierwall.standins.certificates import Authority
from tierwall.standins.origins import Reached

PROTOCOL = "echo"


class QuicEchoOrigin:
    """Echoes streams while its `async with` block runs."""

    def __init__(self, authority: Authority, names: list[str], *, host: str, port: int = 443) -> None:
        self._pem = authority.leaf(names)
        self._host, self._port = host, port
        self._server: QuicServer | None = None
        self.reached = Reached()

    async def __aenter__(self) -> Self:
        settings = QuicConfiguration(is_client=False, alpn_protocols=[PROTOCOL])
        settings.load_cert_chain(self._pem, self._pem)
        self._server = await serve(
            self._host, self._port, configuration=settings, stream_handler=self._echo, create_protocol=self._accept
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._server is not None:
            self._server.close()
            await asyncio.sleep(0.05)  # for its goodbyes

    def _accept(self, *args: object, **options: object) -> QuicConnectionProtocol:
        self.reached.note(connections=1)
        return QuicConnectionProtocol(*args, **options)  # type: ignore[arg-type]

    def _echo(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async def serve_stream() -> None:
            writer.write(await reader.read())
            writer.write_eof()

        self._task = asyncio.get_running_loop().create_task(serve_stream())


@dataclass(frozen=True, slots=True)
class QuicOutcome:
    """How far a client came."""

    connected: bool
    echo: bytes = b""


async def quic_echo(  # noqa: PLR0913 - a destination, and what is said there
    address: str,
    name: str,
    *,
    ca: Path,
    port: int = 443,
    payload: bytes = b"hello",
    hello_octets: int = 0,
    limit_s: float = 3.0,
) -> QuicOutcome:
    """Connect to the address with this SNI, have the payload echoed; only a certificate of `ca` is believed.

    `hello_octets` makes the ClientHello longer by about that, as post-quantum keys do: it takes two datagrams then.
    """
    filling = [f"x-{number:04}-{'x' * 40}" for number in range(hello_octets // 50)]
    settings = QuicConfiguration(is_client=True, alpn_protocols=[PROTOCOL, *filling], server_name=name)
    settings.load_verify_locations(str(ca))
    try:
        async with asyncio.timeout(limit_s):
            async with connect(address, port, configuration=settings) as protocol:
                reader, writer = await protocol.create_stream()
                writer.write(payload)
                writer.write_eof()
                return QuicOutcome(connected=True, echo=await reader.read())
    except (TimeoutError, ConnectionError):
        return QuicOutcome(connected=False)
