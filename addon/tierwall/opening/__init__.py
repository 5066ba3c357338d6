"""The first bytes of a connection -> what its client wants. No sockets, no clock: bytes in, one value out.

Knows the wire formats of HTTP/1 heads, TLS ClientHellos and SOCKS5; refuses to know modes, sites or decisions. Every
reader takes all bytes that came so far, and is asked again when more came. Three rules hold for each of them: the
answer does not depend on how the bytes were split; an answer other than NeedMore stays the same whatever follows;
nothing raises. What some server could read as TLS or HTTP is read, or Malformed, and never Opaque.

Which reader is asked depends on where the bytes come from:

* a client of a proxy port (regular, upstream): read_proxy_request
* a client of a SOCKS port: read_socks5_greeting, read_socks5_login if that was agreed on, read_socks5_request
* inside a tunnel after its CONNECT or SOCKS request, or redirected (transparent): read_tunnel
* inside TLS that was opened (an inspecting site): read_inside_tls

What follows an opening can name another server still: `following` says what has to be read on.
"""

from tierwall.opening.client_hello import TLS_RECORDS, read_client_hello
from tierwall.opening.first_bytes import read_proxy_request, read_tunnel
from tierwall.opening.following import Following, following, is_final_answer
from tierwall.opening.inside_tls import Http, read_inside_tls
from tierwall.opening.socks import read_socks5_greeting, read_socks5_login, read_socks5_request
from tierwall.opening.values import (
    ClientHello,
    Connect,
    Malformed,
    NeedMore,
    Octets,
    Opaque,
    Opening,
    PlainHttp,
    SimpleRequest,
    Socks5Greeting,
    Socks5Login,
    Socks5Request,
)

__all__ = [
    "TLS_RECORDS",
    "ClientHello",
    "Connect",
    "Following",
    "Http",
    "Malformed",
    "NeedMore",
    "Octets",
    "Opaque",
    "Opening",
    "PlainHttp",
    "SimpleRequest",
    "Socks5Greeting",
    "Socks5Login",
    "Socks5Request",
    "following",
    "is_final_answer",
    "read_client_hello",
    "read_inside_tls",
    "read_proxy_request",
    "read_socks5_greeting",
    "read_socks5_login",
    "read_socks5_request",
    "read_tunnel",
]
