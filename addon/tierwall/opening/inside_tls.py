"""The first decrypted octets of a TLS connection -> HTTP, or something else.

Knows HTTP/1 requests and the preface of HTTP/2 (RFC 9113 section 3.4). Refuses to know who decrypted them, and why.
"""

from dataclasses import dataclass
from typing import Final

from tierwall.opening.http_head import read_request_to_origin
from tierwall.opening.values import Malformed, NeedMore, Octets, Opaque, PlainHttp

HTTP2_PREFACE: Final = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"


@dataclass(frozen=True, slots=True)
class Http:
    """A request of HTTP/1, or the preface of HTTP/2."""


@dataclass(frozen=True, slots=True)
class NotHttp:
    """Something else."""

    why: str
    """One clause, without anything that the client sent."""


_HTTP: Final = Http()


def read_inside_tls(data: Octets) -> NeedMore | Http | NotHttp:
    """What these octets begin. As with every reader: however they are split, the answer is the same."""
    start = bytes(data[: len(HTTP2_PREFACE)])
    if start == HTTP2_PREFACE:
        return _HTTP
    if HTTP2_PREFACE.startswith(start):
        return NeedMore(len(start) + 1)
    match read_request_to_origin(data):
        case NeedMore() as more:
            return more
        case PlainHttp():
            return _HTTP
        case Malformed(why=why):
            return NotHttp(f"begins as HTTP does, but {why}")
        case Opaque():
            return NotHttp("begins with neither a request of HTTP/1 nor the preface of HTTP/2")
