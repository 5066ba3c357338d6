"""The page that Prometheus scrapes, and the two that Kubernetes asks, on a port of their own.

Knows as much of HTTP as a GET without a body needs. Whoever says more, or nothing in time, is not answered.
"""

import asyncio
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Final

from tierwall.metrics.exposition import CONTENT_TYPE

_HEAD_OCTETS: Final = 8 * 1024
_HEAD_S: Final = 5.0
_PLAIN: Final = "text/plain; charset=utf-8"

type Page = Callable[[], str]


class MetricsPages:
    """`/metrics`, `/healthz` and `/readyz`."""

    def __init__(self, listener: socket.socket, page: Page, serves: Callable[[], bool]) -> None:
        """`page` makes the text; `serves`: whether the proxy does. Both may take seconds, and run in threads."""
        self._listener, self._page, self._serves = listener, page, serves

    def start(self) -> None:
        """Serve in a thread, until the process ends."""
        threading.Thread(target=lambda: asyncio.run(self._run()), name="metrics", daemon=True).start()

    async def _run(self) -> None:
        server = await asyncio.start_server(self._serve, sock=self._listener, limit=_HEAD_OCTETS)
        await server.serve_forever()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            with suppress(OSError, TimeoutError, EOFError, asyncio.LimitOverrunError):
                async with asyncio.timeout(_HEAD_S):
                    head = await reader.readuntil(b"\r\n\r\n")
                writer.write(await self._answer(head))
                await writer.drain()
        finally:
            writer.close()

    async def _answer(self, head: bytes) -> bytes:
        method, _, rest = head.partition(b"\r\n")[0].partition(b" ")
        path = rest.partition(b" ")[0].partition(b"?")[0]
        if method not in {b"GET", b"HEAD"}:
            return _response("405 Method Not Allowed", "only read\n", extra="Allow: GET, HEAD\r\n")
        match path:
            case b"/metrics":
                answer = _response("200 OK", await asyncio.to_thread(self._page), CONTENT_TYPE)
            case b"/healthz" | b"/readyz":
                serves = await asyncio.to_thread(self._serves)
                answer = _response("200 OK", "ok\n") if serves else _response("503 Service Unavailable", "no\n")
            case _:
                answer = _response("404 Not Found", "/metrics, /healthz, /readyz\n")
        return answer if method == b"GET" else answer.partition(b"\r\n\r\n")[0] + b"\r\n\r\n"


def _response(status: str, body: str, content_type: str = _PLAIN, extra: str = "") -> bytes:
    octets = body.encode()
    head = f"HTTP/1.1 {status}\r\nContent-Type: {content_type}\r\nContent-Length: {len(octets)}\r\n{extra}"
    return f"{head}Connection: close\r\n\r\n".encode() + octets
