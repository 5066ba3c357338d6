"""A ClientHello in the format of SSL 2.0 (RFC 5246 appendix E.2), with which a server may still begin TLS.

Knows its fixed part, by which servers tell it, and that it has no extensions: it cannot name a server. Some media
clients begin every TCP connection with one, to look like TLS to middleboxes. Its random octets come where text may
stand, so one that holds a line of HTTP is Malformed.
"""

import re
from struct import Struct
from typing import Final

from tierwall.opening.values import ClientHello, Malformed, NeedMore, Octets, Opaque

_FIXED: Final = Struct(">HBHHHH")
"""The record's length with its high bit set, type, version, then the lengths of cipher_specs, session_id, challenge."""
_LENGTH_MASK: Final = 0x7FFF
_CLIENT_HELLO: Final = 1
_TLS_MAJOR: Final = 3
_CIPHER_SPEC_OCTETS: Final = 3
_HTTP = re.compile(rb"[\t\n\v\f\r ]HTTP/", re.IGNORECASE)


def read_ssl2_hello(data: Octets) -> NeedMore | ClientHello | Opaque | Malformed:
    """What begins with an octet above 0x7F: such a ClientHello, or no TLS at all."""
    known = bytes(data[: _FIXED.size])
    if known[2:3] not in (b"", bytes([_CLIENT_HELLO])) or known[3:4] not in (b"", bytes([_TLS_MAJOR])):
        return Opaque()
    if len(known) < _FIXED.size:
        return NeedMore(_FIXED.size if len(known) > 3 else len(known) + 1)
    size, _, version, ciphers, session, challenge = _FIXED.unpack(known)
    end = 2 + (size & _LENGTH_MASK)
    if not ciphers or ciphers % _CIPHER_SPEC_OCTETS or _FIXED.size + ciphers + session + challenge != end:
        return Opaque()
    if len(data) < end:
        return NeedMore(end)
    if _HTTP.search(bytes(data[:end])):
        return Malformed("a ClientHello of SSL 2.0 that holds a line of HTTP")
    return ClientHello(sni=None, alpn=(), versions=(version,), offers_ech=False, consumed=end)
