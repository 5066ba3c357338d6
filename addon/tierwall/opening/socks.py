"""SOCKS5 as clients speak it: RFC 1928 sections 3 to 5, RFC 1929 section 2.

Knows the messages of a client and nothing of replies, or of who is let in, which are the front door's.
"""

from ipaddress import IPv4Address, IPv6Address
from typing import Final

from tierwall.opening.values import Malformed, NeedMore, Octets, Socks5Greeting, Socks5Login, Socks5Request

_VERSION: Final = 5
_LOGIN_VERSION: Final = 1
_NOT_SOCKS5: Final = Malformed("it is not SOCKS version 5")


def read_socks5_greeting(data: Octets) -> NeedMore | Socks5Greeting | Malformed:
    """The client's first message: the authentication methods that it offers."""
    if data and data[0] != _VERSION:
        return _NOT_SOCKS5
    if len(data) < 2:
        return NeedMore(2 if data else 1)
    if data[1] == 0:
        return Malformed("the SOCKS greeting offers no authentication method")
    end = 2 + data[1]
    return NeedMore(end) if len(data) < end else Socks5Greeting(methods=tuple(data[2:end]), consumed=end)


def read_socks5_login(data: Octets) -> NeedMore | Socks5Login | Malformed:
    """The client's name and password, where that method was agreed on."""
    if data and data[0] != _LOGIN_VERSION:
        return Malformed("it is not version 1 of SOCKS name and password")
    if len(data) < 2:
        return NeedMore(2 if data else 1)
    password_at = 3 + data[1]
    if len(data) < password_at:
        return NeedMore(password_at)
    end = password_at + data[password_at - 1]
    if len(data) < end:
        return NeedMore(end)
    login = bytes(data[2 : password_at - 1]) + b":" + bytes(data[password_at:end])
    return Socks5Login(login=login, consumed=end)


def read_socks5_request(data: Octets) -> NeedMore | Socks5Request | Malformed:
    """The client's request, which follows the choice of a method."""
    if data and data[0] != _VERSION:
        return _NOT_SOCKS5
    if len(data) < 5:  # version, command, reserved, address type, and the length where the address is a name
        return NeedMore(5 if data else 1)
    kind = data[3]
    match kind:
        case 1:
            start, size = 4, 4
        case 3:
            start, size = 5, data[4]
        case 4:
            start, size = 4, 16
        case _:
            return Malformed("the SOCKS request has an unknown address type")
    end = start + size + 2
    if len(data) < end:
        return NeedMore(end)
    host = _host(kind, bytes(data[start : end - 2]))
    if host is None:
        return Malformed("the SOCKS request names no host")
    return Socks5Request(command=data[1], host=host, port=int.from_bytes(data[end - 2 : end]), consumed=end)


def _host(kind: int, octets: bytes) -> str | None:
    match kind:
        case 1:
            return str(IPv4Address(octets))
        case 4:
            return str(IPv6Address(octets))
        case _:
            try:
                return octets.decode() or None
            except UnicodeDecodeError:
                return None
