"""A client that speaks TLS to the proxy itself: from its connection to an endpoint, or to why there is none.

Knows asyncio's handshakes and OpenSSL's words for what goes wrong in them. Refuses to say anything to the client but
what TLS says itself.
"""

import asyncio
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from tierwall.policy.limits import FIRST_BYTES_S
from tierwall.proxy.transport.endpoints.asyncio_endpoint import AsyncioEndpoint

type Peer = tuple[str, int]

_shaking: Final[set[asyncio.Task[None]]] = set()
"""asyncio keeps tasks only weakly."""


@dataclass(frozen=True, slots=True)
class TlsArrivals:
    """What a server makes of each connection."""

    context: ssl.SSLContext
    arrived: Callable[[AsyncioEndpoint], None]
    failed: Callable[[Peer, str], None]
    """Told of a client whose handshake came to nothing, and why. Who left without a word is none."""

    def __call__(self) -> asyncio.Protocol:
        """As `create_server` wants it."""
        return _Arriving(self)


class _Arriving(asyncio.Protocol):
    """A connection until its handshake is done, and for what may come right behind it."""

    def __init__(self, of: TlsArrivals) -> None:
        self._of = of
        self._came = bytearray()
        self._ended = False
        self._lost: list[Exception | None] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        transport.pause_reading()  # type: ignore[attr-defined]  # what it sends is the handshake's
        task = asyncio.get_running_loop().create_task(self._shake(transport))  # type: ignore[arg-type]
        _shaking.add(task)
        task.add_done_callback(_shaking.discard)

    def data_received(self, data: bytes) -> None:
        self._came += data

    def eof_received(self) -> None:
        self._ended = True

    def connection_lost(self, exc: Exception | None) -> None:
        self._lost.append(exc)

    async def _shake(self, transport: asyncio.Transport) -> None:
        peer: Any = transport.get_extra_info("peername")
        try:
            secured = await asyncio.get_running_loop().start_tls(
                transport, self, self._of.context, server_side=True, ssl_handshake_timeout=FIRST_BYTES_S
            )
        except OSError as failure:
            if peer and (why := why_failed(failure)) is not None:
                self._of.failed(peer[:2], why)
            return
        if secured is None:
            return  # it has gone, as uvloop says
        end = AsyncioEndpoint()
        secured.set_protocol(end)
        end.connection_made(secured)
        if self._came:
            end.data_received(bytes(self._came))
        if self._ended:
            end.eof_received()
        for cause in self._lost:
            end.connection_lost(cause)
        self._of.arrived(end)


def why_failed(failure: OSError) -> str | None:
    """In our words. None where the client left before it had said anything that is wrong."""
    if isinstance(failure, ssl.SSLError):
        return _by_reason(failure.reason or "")
    if isinstance(failure, ConnectionAbortedError | TimeoutError):
        return f"no TLS handshake with the proxy itself within {FIRST_BYTES_S:.0f} s"
    return None


def _by_reason(reason: str) -> str:
    if "ALERT" in reason and ("CA" in reason.split("_") or "CERTIFICATE" in reason):
        return "a client did not accept the proxy's own certificate: it must trust the lab CA (/ca.pem, `tierwall ca`)"
    if reason in {"HTTP_REQUEST", "HTTPS_PROXY_REQUEST"}:
        return "a client spoke plain HTTP to the port of --listen-tls: it must name the proxy as https://"
    return f"a client's TLS handshake with the proxy itself failed: {reason.lower().replace('_', ' ') or 'no reason'}"
