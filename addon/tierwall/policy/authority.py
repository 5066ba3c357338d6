"""A host and a port as people and protocols write them.

Knows that an IPv6 address stands in brackets there (RFC 3986 section 3.2.2). What was written is read by hostname.py.
"""

from tierwall.policy.model import Address, Transport


def bracketed(host: str | Address) -> str:
    """The host as it stands before a port: `8x8.vc`, `192.0.2.1`, `[2001:db8::1]`."""
    return f"[{host}]" if ":" in str(host) else str(host)


def host_port(host: str | Address, port: int | str) -> str:
    """`8x8.vc:443`, `[2001:db8::1]:443`."""
    return f"{bracketed(host)}:{port}"


def place(host: str | Address, port: int, transport: Transport | None) -> str:
    """A destination in what we print: `8x8.vc:443`, `[2001:db8::1]:3478/udp`."""
    return f"{host_port(host, port)}{'/udp' if transport is Transport.UDP else ''}"
