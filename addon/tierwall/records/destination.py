"""Hosts, URLs and addresses as logs spell them -> the attempt that a client made there.

Knows spellings. What names no destination is None: a log holds whatever clients sent, and its line still counts.
"""

import re
from functools import lru_cache
from ipaddress import IPv6Address, ip_address
from typing import Final

from tierwall.policy.attempt import Attempt, GivenName, NameSource, Seen
from tierwall.policy.hostname import InvalidHost, normalise
from tierwall.policy.model import Address, Transport

PORTS: Final = {
    "http": 80,
    "ws": 80,
    "https": 443,
    "wss": 443,
    "ssl": 443,
    "tls": 443,
    "tcp": 443,
    "tunnel": 443,
    "ftp": 21,
    "dns": 53,
    "quic": 443,
}
"""The port of each scheme, where the line writes none; of a tunnel, the one that nearly every tunnel goes to."""

_URL: Final = re.compile(r"(?:([A-Za-z][A-Za-z0-9+.-]*)://)?([^/?#\\\s]*)")
_NO_HOST: Final = frozenset({"", "-", "n/a", "none", "unknown", "null", "*", "(null)"})


@lru_cache(maxsize=16384)
def of_url(url: str, method: str | None = None, scheme: str = "http") -> Attempt | None:
    """The destination of a URL, an authority or a host and path; `scheme` where the text has none."""
    found = _URL.match(url.strip())
    if found is None:
        return None
    named = (found[1] or ("tunnel" if method == "CONNECT" else scheme)).lower()
    host, port = split(found[2].rpartition("@")[2])
    return of_host(host, port or PORTS.get(named, 443), scheme=named)


@lru_cache(maxsize=16384)
def of_host(
    host: str, port: int, *, transport: Transport = Transport.TCP, scheme: str = "tunnel", sni: str | None = None
) -> Attempt | None:
    """The destination of a client that named it: in a CONNECT, a URL, or a server name."""
    name = host_of(host)
    if name is None:
        return of_name(sni, port, transport) if sni else None
    if not 0 < port < 65536:
        return None
    seen = Seen.HTTP if scheme in {"http", "ws"} else None
    source = NameSource.HOST if seen is Seen.HTTP else NameSource.CONNECT
    names: tuple[GivenName, ...] = (GivenName(source, name),)
    if sni is not None and isinstance(server := host_of(sni), str) and server != name:
        names += (GivenName(NameSource.SNI, server),)
    address = None if isinstance(name, str) else name
    return Attempt(transport=transport, port=port, names=names, address=address, seen=seen)


@lru_cache(maxsize=16384)
def of_name(sni: str, port: int, transport: Transport = Transport.TCP) -> Attempt | None:
    """The destination of a client that was seen on the wire: its server name."""
    name = host_of(sni)
    if not isinstance(name, str):
        return of_address(sni, port, transport)
    if not 0 < port < 65536:
        return None
    seen = Seen.TLS if transport is Transport.TCP else Seen.QUIC
    return Attempt(transport=transport, port=port, names=(GivenName(NameSource.SNI, name),), seen=seen)


@lru_cache(maxsize=16384)
def of_address(address: str, port: int, transport: Transport = Transport.TCP) -> Attempt | None:
    """The destination of a connection that no name is known of, as a firewall sees it."""
    found = address_of(address)
    if found is None or not 0 < port < 65536:
        return None
    return Attempt(transport=transport, port=port, address=found)


@lru_cache(maxsize=16384)
def of_question(name: str) -> Attempt | None:
    """The destination of a name that was looked up; what for, the question does not say: HTTPS, most likely."""
    found = host_of(name)
    if not isinstance(found, str):
        return None
    return Attempt(transport=Transport.TCP, port=443, names=(GivenName(NameSource.DNS, found),), seen=Seen.DNS)


def first_of(*found: Attempt | None) -> Attempt | None:
    """The first that is one."""
    return next((each for each in found if each is not None), None)


@lru_cache(maxsize=16384)
def host_of(text: str) -> str | Address | None:
    """The name or address, normalised; None where the text is neither."""
    if text.lower() in _NO_HOST:
        return None
    try:
        return normalise(text)
    except InvalidHost:
        return None


def address_of(text: str) -> Address | None:
    """The address, an IPv4-mapped one as IPv4; None where it is none."""
    try:
        found = ip_address(text.strip("[]"))
    except ValueError:
        return None
    return (found.ipv4_mapped or found) if isinstance(found, IPv6Address) else found


def split(authority: str) -> tuple[str, int | None]:
    """The host, and the port where one is written."""
    host, colon, digits = authority.rpartition(":")
    if not colon or not digits.isdecimal() or (":" in host and not host.endswith("]")):
        return authority, None
    return host, int(digits[:6])


def port_of(text: str | None, otherwise: int = 0) -> int:
    """The number, or the other one where the field is empty or no number."""
    return int(text[:6]) if text is not None and text.isdecimal() else otherwise


def transport_of(text: str | None) -> Transport | None:
    """By name, or by IP protocol number; None for what has no ports."""
    match (text or "tcp").lower():
        case "tcp" | "6":
            return Transport.TCP
        case "udp" | "17" | "quic":
            return Transport.UDP
        case _:
            return None
