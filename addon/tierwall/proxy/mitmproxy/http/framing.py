"""Where the body of an HTTP/1 message ends.

Knows RFC 9112 section 6. Refuses to guess: a message that could be read in two ways is a fault.
"""

from typing import Final

from mitmproxy.http import Headers

from tierwall.proxy.mitmproxy.http.fields import tokens

CHUNKED: Final = None
UNTIL_CLOSE: Final = -1

type Length = int | None
"""Octets of the body; CHUNKED, UNTIL_CLOSE."""

_MOST_DIGITS: Final = 20
"""18446744073709551615 is what SSTP says of a body without end ([MS-SSTP] section 3.2.4.1)."""


class Ambiguous(ValueError):
    """The body's end is not said, or said twice; the message is one clause without what was received."""


def of_request(version: str, headers: Headers) -> Length:
    """The length of a request's body. Raises Ambiguous."""
    codings, lengths = tokens(headers, "transfer-encoding"), headers.get_all("content-length")
    if codings:
        _check(version, codings, lengths)
        if codings[-1] != "chunked":
            raise Ambiguous("its last transfer coding is not chunked")
        return CHUNKED
    if "transfer-encoding" in headers or len(lengths) > 1:
        raise Ambiguous("it says more than once how long its body is")
    return _length(lengths[0]) if lengths else 0


def of_response(version: str, headers: Headers, *, method: str, status: int) -> Length:
    """The length of an answer's body, to a request of this method. Raises Ambiguous."""
    if method == "HEAD" or status < 200 or status in {204, 304}:
        return 0
    codings, lengths = tokens(headers, "transfer-encoding"), set(headers.get_all("content-length"))
    if codings:
        _check(version, codings, lengths)
        return CHUNKED if codings[-1] == "chunked" else UNTIL_CLOSE
    if len(lengths) > 1:
        raise Ambiguous("it says more than once how long its body is")
    return _length(lengths.pop()) if lengths else UNTIL_CLOSE


def _check(version: str, codings: list[str], lengths: list[str] | set[str]) -> None:
    if lengths:
        raise Ambiguous("it has both Content-Length and Transfer-Encoding")
    if version == "HTTP/1.0":
        raise Ambiguous("HTTP/1.0 has no transfer codings")
    if codings.count("chunked") > 1 or "chunked" in codings[:-1]:
        raise Ambiguous("chunked is not its last transfer coding")


def _length(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS):
        raise Ambiguous("its Content-Length is no length")
    return int(text)
