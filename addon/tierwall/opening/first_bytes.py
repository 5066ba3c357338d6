"""Which format the first bytes are in, decided as early as they allow.

Knows the first octet of each format; what the format says is http_head.py's, client_hello.py's and ssl2_hello.py's.
What nearly every tunnel begins with is asked of usual.py first. The law of this module: what some server could read as
TLS or HTTP is read here, or Malformed; it is never Opaque, and an octet that is out of place does not make it so.
"""

from typing import Final

from tierwall.opening.client_hello import TLS_RECORDS, read_client_hello
from tierwall.opening.http_head import read_any_request, read_request_to_origin
from tierwall.opening.ssl2_hello import read_ssl2_hello
from tierwall.opening.usual import usual_client_hello, usual_connect
from tierwall.opening.values import (
    ClientHello,
    Connect,
    Malformed,
    NeedMore,
    Octets,
    Opaque,
    PlainHttp,
    SimpleRequest,
)

_TEXT: Final = 0x80
"""Octets below begin text, and so maybe HTTP."""


def read_proxy_request(data: Octets) -> NeedMore | Connect | PlainHttp | ClientHello | Opaque | Malformed:
    """What a client asks of a proxy port. A ClientHello here is one that speaks TLS to the proxy itself."""
    usual = usual_connect(data)
    if usual is not None:
        return usual
    decided = _tls(data)
    return read_any_request(data) if decided is None else decided


def read_tunnel(data: Octets) -> NeedMore | PlainHttp | SimpleRequest | ClientHello | Opaque | Malformed:
    """What starts in a tunnel or on a redirected connection."""
    usual = usual_client_hello(data)
    if usual is not None:
        return usual
    decided = _tls(data)
    return read_request_to_origin(data) if decided is None else decided


def _tls(data: Octets) -> NeedMore | ClientHello | Opaque | Malformed | None:
    """None where it starts with text."""
    if not data:
        return NeedMore(1)
    if data[0] in TLS_RECORDS:
        return read_client_hello(data)
    return None if data[0] < _TEXT else read_ssl2_hello(data)
