"""CONNECT in SOCKS5 (RFC 1928), with a name and a password where they are given (RFC 1929).

Knows octets on a connection to the proxy that stands. The name goes to the proxy as a name.
"""

import ipaddress
import socket

from tierwall.probe.wire.failure import EndOfStream, Malformed

ASKED = "socks auth"
"""The proxy wants a name and a password, or not these."""
_REFUSED = {1: "failure", 2: "ruleset", 3: "unreachable", 4: "unreachable", 5: "refused", 6: "expired"}
_NONE, _PASSWORD = 0, 2


def refusal(sock: socket.socket, host: str, port: int, credentials: "str | None") -> str:
    """Ask for the way there: empty where it stands, else the refusal in a word. Raises OSError."""
    methods = bytes((_NONE,)) if credentials is None else bytes((_NONE, _PASSWORD))
    sock.sendall(bytes((5, len(methods))) + methods)
    version, method = _exactly(sock, 2)
    if version != 5:
        raise Malformed("no SOCKS5")
    if method == _PASSWORD and credentials is not None:
        name, _, password = credentials.partition(":")
        sock.sendall(b"\x01" + b"".join(bytes((len(each),)) + each for each in (_short(name), _short(password))))
        if _exactly(sock, 2)[1] != 0:
            return ASKED
    elif method != _NONE:
        return ASKED
    sock.sendall(b"\x05\x01\x00" + _address(host) + port.to_bytes(2, "big"))
    _, said, _, kind = _exactly(sock, 4)
    if said:
        return f"socks {_REFUSED.get(said, said)}"
    length = {1: 4, 4: 16}.get(kind)
    _exactly(sock, (_exactly(sock, 1)[0] if length is None else length) + 2)
    return ""


def _address(host: str) -> bytes:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        name = _short(host)
        return b"\x03" + bytes((len(name),)) + name
    return (b"\x01" if address.version == 4 else b"\x04") + address.packed


def _short(text: str) -> bytes:
    return text.encode()[:255]


def _exactly(sock: socket.socket, count: int) -> bytes:
    found = b""
    while len(found) < count:
        piece = sock.recv(count - len(found))
        if not piece:
            raise EndOfStream("no answer of the proxy")
        found += piece
    return found
