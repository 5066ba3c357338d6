"""`tls-max-version` and `no-http2`: what mitmproxy agrees on in the handshakes with client and server.

Knows mitmproxy's TLS configuration, which has such settings for all connections only. Refuses to decide whom they hit.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import FunctionType, SimpleNamespace
from typing import Any, Final

from mitmproxy import ctx, tls

from tierwall.policy.behaviour import TlsVersion
from tierwall.proxy.mitmproxy.parts import TlsConfig

HTTP2: Final = b"h2"
_HTTP1: Final = b"http/1.1"

_SUPPORTED_VERSIONS: Final = 43
"""RFC 8446 section 4.2.1."""

_NUMBERS: Final = {TlsVersion.TLS_1_0: 0x0301, TlsVersion.TLS_1_1: 0x0302, TlsVersion.TLS_1_2: 0x0303}
_NEWEST_KNOWN: Final = 0x0304
_NAMES: Final = {TlsVersion.TLS_1_0: "TLS1", TlsVersion.TLS_1_1: "TLS1_1", TlsVersion.TLS_1_2: "TLS1_2"}
"""As mitmproxy's options spell them."""


def offers_newer(hello: tls.ClientHello, than: TlsVersion) -> bool:
    """Whether the client would speak a newer version of TLS. GREASE values (RFC 8701) are none."""
    return any(_NUMBERS[than] < version <= _NEWEST_KNOWN for version in _versions(hello))


def _versions(hello: tls.ClientHello) -> Iterator[int]:
    for kind, body in hello.extensions:
        if kind == _SUPPORTED_VERSIONS:
            for at in range(1, len(body) - 1, 2):
                yield int.from_bytes(body[at : at + 2])


def start_with_client(start: tls.TlsData, *, newest: TlsVersion | None, http2: bool) -> None:
    """Configure the handshake with the client."""
    if not http2 and start.context.client.alpn_offers:
        # What mitmproxy selects from, and nothing where the client offers no HTTP/1.
        start.context.client.alpn = _HTTP1
    if newest is not None:
        _configured(start, _WITH_CLIENT, newest)


def start_with_server(start: tls.TlsData, *, newest: TlsVersion | None, http2: bool) -> None:
    """Configure the handshake with the server, to which mitmproxy offers what the client offered."""
    if not http2 and (offers := start.context.client.alpn_offers):
        start.conn.alpn_offers = tuple(each for each in offers if each != HTTP2) or (_HTTP1,)
    if newest is not None:
        _configured(start, _WITH_SERVER, newest)


@dataclass(frozen=True, slots=True)
class _Side:
    configure: Callable[..., None]
    """mitmproxy's own method."""
    newest: str
    oldest: str


_WITH_CLIENT: Final = _Side(
    TlsConfig.tls_start_client, newest="tls_version_client_max", oldest="tls_version_client_min"
)
_WITH_SERVER: Final = _Side(
    TlsConfig.tls_start_server, newest="tls_version_server_max", oldest="tls_version_server_min"
)


def _configured(start: tls.TlsData, side: _Side, newest: TlsVersion) -> None:
    """Let mitmproxy's method configure it, run with options of its own; it leaves alone what is configured already."""
    changed = {side.newest: _NAMES[newest]}
    if newest is not TlsVersion.TLS_1_2:
        changed[side.oldest] = _NAMES[TlsVersion.TLS_1_0]
    limited = SimpleNamespace(options=_Changed(ctx.options, changed))
    configure: Any = side.configure
    run = FunctionType(configure.__code__, {**configure.__globals__, "ctx": limited})
    run(ctx.master.addons.get("tlsconfig"), start)


class _Changed:
    """mitmproxy's options, but for some."""

    def __init__(self, options: object, changed: dict[str, str]) -> None:
        self._options, self._changed = options, changed

    def __getattr__(self, name: str) -> object:
        return self._changed[name] if name in self._changed else getattr(self._options, name)
