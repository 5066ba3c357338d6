"""`tls-max-version` and `no-http2`: what mitmproxy agrees on in the handshakes with client and server.

Knows mitmproxy's TLS configuration, which has such settings for all connections only. Refuses to decide whom they hit.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from mitmproxy import ctx, tls
from mitmproxy.options import Options

from tierwall.policy.behaviour import TlsVersion

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
        with _no_newer_than(newest, "client"):
            _tls_config().tls_start_client(start)


def start_with_server(start: tls.TlsData, *, newest: TlsVersion | None, http2: bool) -> None:
    """Configure the handshake with the server, to which mitmproxy offers what the client offered."""
    if not http2 and (offers := start.context.client.alpn_offers):
        start.conn.alpn_offers = tuple(each for each in offers if each != HTTP2) or (_HTTP1,)
    if newest is not None:
        with _no_newer_than(newest, "server"):
            _tls_config().tls_start_server(start)


def _tls_config() -> Any:
    """mitmproxy's own addon. Its hook comes after ours, and leaves alone a connection that is configured already."""
    return ctx.master.addons.get("tlsconfig")


@contextmanager
def _no_newer_than(newest: TlsVersion, side: str) -> Iterator[None]:
    """mitmproxy's options are other ones meanwhile; nothing else runs, since its hooks for TLS are no coroutines."""
    changed = {f"tls_version_{side}_max": _NAMES[newest]}
    if newest is not TlsVersion.TLS_1_2:
        changed[f"tls_version_{side}_min"] = _NAMES[TlsVersion.TLS_1_0]
    options = ctx.options
    ctx.options = _Changed(options, changed)  # type: ignore[assignment]  # it answers as options do
    try:
        yield
    finally:
        ctx.options = options


class _Changed:
    """mitmproxy's options, but for some."""

    def __init__(self, options: Options, changed: dict[str, str]) -> None:
        self._options, self._changed = options, changed

    def __getattr__(self, name: str) -> object:
        return self._changed[name] if name in self._changed else getattr(self._options, name)
