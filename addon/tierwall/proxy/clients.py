"""mitmproxy's clients in our own values.

Knows mitmproxy's connections. Refuses to decide.
"""

from ipaddress import ip_address

from mitmproxy import connection

from tierwall.policy.model import Address
from tierwall.proxy.recorder import Caller


def caller_of(client: connection.Client) -> Caller:
    """Who is connected."""
    return Caller(literal(client.peername[0]), client.peername[1])


def literal(host: str) -> Address | None:
    """The address that this is, an IPv4-mapped one as IPv4; None for a name."""
    try:
        address = ip_address(host.partition("%")[0])
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address
