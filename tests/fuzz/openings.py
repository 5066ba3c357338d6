"""Openings that are nearly right, and what a lenient server would read in them, by parsers that are not ours.

Knows h11, and regular expressions that forgive more than any server we know of.
"""

import re
from typing import Final

import h11
from hypothesis import strategies as st

from tests.opening.material import extension, hello, hello_message, records, server_name

NAMES: Final = ("a.example", "b.example")

_TLS: Final = [hello(server_name(name.encode())) for name in NAMES]
_RECORDS: Final = [
    b"\x15\x03\x01\x00\x02\x01\x5a",
    b"\x14\x03\x03\x00\x01\x01",
    b"\x16\x03\x01\x00\x00",
    b"\x17\x03\x03\x00\x03abc",
    b"\x18\x03\x03\x00\x03\x01\x00\x00",
    hello(server_name(b"a.example"), server_name(b"b.example")),
    hello(extension(0x0A0A, b""), server_name(b"b.example"), extension(0xFE0D, bytes(9))),
    records(hello_message(server_name(b"b.example")), 7),
    b"\x80\x2e\x01\x03\x01\x00\x15\x00\x00\x00\x10",
]
_WORDS: Final = st.sampled_from(
    [b"GET", b"get", b"POST", b"CONNECT", b"OPTIONS", b"PRI", b"X-Y", b"<a", b"", b"SSH-2.0-x", b"\x00", b"\xff", b"@"]
)
_SPACE: Final = st.sampled_from([b" ", b"  ", b"\t", b"", b"\x0b", b"\r", b"\n"])
_TARGETS: Final = st.sampled_from(
    [
        b"/",
        b"*",
        b"http://a.example/",
        b"http://b.example",
        b"a.example:80",
        b"sip:b.example",
        b"key1",
        b"",
        b"/\x00",
        b"//b",
    ]
)
_VERSIONS: Final = st.sampled_from(
    [b"HTTP/1.1", b"HTTP/1.0", b"http/1.1", b"HTTP/2.0", b"HTTP/11.1", b"SIP/2.0", b"", b"HTTP/1.1 x"]
)
_ENDS: Final = st.sampled_from([b"\r\n", b"\n", b"\r", b"\r\r\n", b""])
_FIELDS: Final = st.sampled_from(
    [
        b"Host: a.example",
        b"Host: b.example",
        b"host:b.example",
        b"Host : b.example",
        b" Host: b.example",
        b"X: 1",
        b"Host:",
        b"Content-Length: 0",
        b"\x00Host: b.example",
    ]
)
_HEADS: Final = st.tuples(
    _SPACE, _WORDS, _SPACE, _TARGETS, _SPACE, _VERSIONS, _ENDS, st.lists(st.tuples(_FIELDS, _ENDS), max_size=3), _ENDS
).map(lambda parts: b"".join((*parts[:7], *(b"".join(field) for field in parts[7]), parts[8])))
REQUESTS: Final = st.tuples(
    st.sampled_from([b"GET", b"get", b"X-Y", b"OPTIONS"]),
    _TARGETS,
    st.lists(_FIELDS, max_size=4),
    st.sampled_from([b"\r\n", b"\n"]),
).map(lambda parts: parts[3].join([parts[0] + b" " + parts[1] + b" HTTP/1.1", *parts[2], b"", b""]))

OPENINGS: Final = st.lists(
    st.one_of(st.sampled_from([*_TLS, *_RECORDS]), _HEADS, REQUESTS, st.binary(max_size=12), st.sampled_from(_TLS[1:])),
    min_size=1,
    max_size=3,
).map(b"".join)
"""Pieces of TLS and HTTP, right and wrong, and junk, one behind the other."""


def mutated(octets: bytes, data: st.DataObject) -> bytes:
    """With a few octets replaced, removed or added."""
    changed = bytearray(octets)
    for _ in range(data.draw(st.integers(0, 3))):
        at = data.draw(st.integers(0, len(changed)))
        changed[at : at + data.draw(st.integers(0, 2))] = data.draw(st.binary(max_size=2))
    return bytes(changed)


_LENIENT_LINE = re.compile(rb"\s*[^\s]+\s(?:.*\s)?HTTP/[0-9.]*(?:\s|\Z)", re.IGNORECASE | re.DOTALL)
_LENIENT_SIMPLE = re.compile(rb"\s*(?:GET|POST|OPTIONS)[\t\v\f\r ]+(?:/|http://)[^\s]*[\t\v\f\r ]*\n", re.IGNORECASE)
_LENIENT_HOST = re.compile(rb"\n[\x00\s]*host[\x00\s]*:[\x00\s]*([^\x00\s]+)", re.IGNORECASE)


def lenient_http_names(octets: bytes) -> set[str]:
    """Whom a server that forgives nearly everything would read in these, were they sent to it.

    What begins as a record of TLS is no request to anybody: servers of HTTP end such a connection at its first octet.
    """
    if octets[:1] and octets[0] in range(0x14, 0x19):
        return set()
    first = octets.lstrip(b"\t\n\x0b\x0c\r ").partition(b"\n")[0]
    if not (_LENIENT_LINE.match(first) or _LENIENT_SIMPLE.match(octets)):
        return set()
    return {name.decode("latin-1") for name in _LENIENT_HOST.findall(octets)}


def lenient_tls_names(octets: bytes) -> set[str]:
    """Whom a server that skips every record but handshakes would read in the hellos at their beginning."""
    handshake, at = b"", 0
    while at + 5 <= len(octets) and octets[at] in range(0x14, 0x19):
        size = int.from_bytes(octets[at + 3 : at + 5])
        if octets[at] == 0x16:
            handshake += octets[at + 5 : at + 5 + size]
        at += 5 + size
    return {name for name in NAMES if _names(handshake, name)} if handshake[:1] == b"\x01" else set()


def _names(handshake: bytes, name: str) -> bool:
    return server_name(name.encode()) in handshake


def strict_request(octets: bytes) -> h11.Request | None:
    """The request that h11 reads in these; None where it reads none."""
    server = h11.Connection(h11.SERVER)
    try:
        server.receive_data(octets)
        event = server.next_event()
    except h11.RemoteProtocolError:
        return None
    return event if isinstance(event, h11.Request) else None
