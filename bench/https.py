"""An HTTPS origin, and clients that ask it through a proxy that opens TLS: `python -m bench.https FOLDER PORT`.

Knows just enough of HTTP/1.1 to ask and to answer as fast as Python does. Certificates are standins'.
"""

import asyncio
import ssl
import sys
import time
from pathlib import Path
from typing import Final

import uvloop

from bench.ground import REPLY_OCTETS, TARGET
from tierwall.standins.certificates import Authority

_PAGE: Final = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n\r\n" % REPLY_OCTETS + bytes(
    REPLY_OCTETS
)


class _Origin(asyncio.Protocol):
    """Answers every head."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport, self._head = transport, b""

    def data_received(self, data: bytes) -> None:
        *heads, self._head = (self._head + data).split(b"\r\n\r\n")
        for _ in heads:
            self._transport.write(_PAGE)  # type: ignore[attr-defined]


async def _serve(folder: Path, port: int) -> None:
    authority = Authority(folder)
    (folder / "ca.pem").write_bytes(authority.ca_pem.read_bytes())
    server = await asyncio.get_running_loop().create_server(
        _Origin, "127.0.0.1", port, ssl=authority.server_context([TARGET, "127.0.0.1"])
    )
    await server.serve_forever()


def requests_inside_tls(proxy_port: int, target: str, concurrency: int, seconds: float) -> tuple[int, float]:
    """How many requests were answered, and in how many seconds."""
    return uvloop.run(_ask_all(proxy_port, target, concurrency, seconds))


async def _ask_all(proxy_port: int, target: str, concurrency: int, seconds: float) -> tuple[int, float]:
    streams = await asyncio.gather(*(_open(proxy_port, target) for _ in range(concurrency)))
    began = time.monotonic()
    counts = await asyncio.gather(*(_ask(*stream, target, began + seconds) for stream in streams))
    return sum(counts), time.monotonic() - began


async def _open(proxy_port: int, target: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    reader, writer = await asyncio.open_connection("127.0.0.1", proxy_port)
    writer.write(f"CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n\r\n".encode())
    await reader.readuntil(b"\r\n\r\n")
    host = target.rpartition(":")[0]
    await writer.start_tls(context, server_hostname=host)
    return reader, writer


async def _ask(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, target: str, until: float) -> int:
    done = 0
    while time.monotonic() < until:
        writer.write(f"GET / HTTP/1.1\r\nHost: {target}\r\n\r\n".encode())
        await reader.readuntil(b"\r\n\r\n")
        await reader.readexactly(REPLY_OCTETS)
        done += 1
    writer.close()
    return done


if __name__ == "__main__":
    uvloop.run(_serve(Path(sys.argv[1]), int(sys.argv[2])))
