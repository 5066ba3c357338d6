"""The first decrypted octets of a TLS connection -> HTTP, or something else.

Knows HTTP/1 requests, the preface of HTTP/2 (RFC 9113 section 3.4), and TLS inside TLS. Refuses to know who decrypted
them, and why.
"""

from dataclasses import dataclass
from typing import Final

from tierwall.opening.first_bytes import read_tunnel
from tierwall.opening.values import ClientHello, Malformed, NeedMore, Octets, Opaque, PlainHttp, SimpleRequest

HTTP2_PREFACE: Final = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"


@dataclass(frozen=True, slots=True)
class Http:
    """A request of HTTP/1, or the preface of HTTP/2."""


_HTTP: Final = Http()


def read_inside_tls(data: Octets) -> NeedMore | Http | ClientHello | Opaque | Malformed:
    """What these octets begin. As with every reader: however they are split, the answer is the same."""
    start = bytes(data[: len(HTTP2_PREFACE)])
    if start == HTTP2_PREFACE:
        return _HTTP
    if HTTP2_PREFACE.startswith(start):
        return NeedMore(len(start) + 1)
    match read_tunnel(data):
        case PlainHttp():
            return _HTTP
        case SimpleRequest():
            return Malformed("HTTP/0.9 inside TLS")
        case opening:
            return opening
