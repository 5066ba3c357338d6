"""Which format the first bytes are in, decided as early as they allow.

Knows the first octet of each format; what the format says is http_head.py's and client_hello.py's. What nearly every
tunnel begins with is asked of usual.py first.
"""

from typing import Final

from tierwall.opening.client_hello import read_client_hello
from tierwall.opening.http_head import read_any_request, read_request_to_origin
from tierwall.opening.usual import usual_client_hello, usual_connect
from tierwall.opening.values import ClientHello, Connect, Malformed, NeedMore, Octets, Opaque, PlainHttp

_TLS_HANDSHAKE: Final = 0x16
_TLS_MAJOR: Final = 0x03
"""Any minor version: servers ignore it (RFC 8446 section 5.1), so an odd one must not hide a ClientHello from us."""

_HTTP: Final = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ\r\n")
"""Methods are upper case, and empty lines before one are skipped (RFC 9112 section 2.2)."""


def read_proxy_request(data: Octets) -> NeedMore | Connect | PlainHttp | ClientHello | Opaque | Malformed:
    """What a client asks of a proxy port. A ClientHello here is one that speaks TLS to the proxy itself."""
    usual = usual_connect(data)
    if usual is not None:
        return usual
    decided = _tls_or_other(data)
    return read_any_request(data) if decided is None else decided


def read_tunnel(data: Octets) -> NeedMore | PlainHttp | ClientHello | Opaque | Malformed:
    """What starts in a tunnel or on a redirected connection. A CONNECT to a further proxy is Opaque."""
    usual = usual_client_hello(data)
    if usual is not None:
        return usual
    decided = _tls_or_other(data)
    return read_request_to_origin(data) if decided is None else decided


def _tls_or_other(data: Octets) -> NeedMore | ClientHello | Opaque | Malformed | None:
    """None where it starts as HTTP does."""
    if not data:
        return NeedMore(1)
    if data[0] == _TLS_HANDSHAKE:
        if len(data) == 1:
            return NeedMore(2)
        return read_client_hello(data) if data[1] == _TLS_MAJOR else Opaque()
    return None if data[0] in _HTTP else Opaque()
