"""mitmproxy's clients in our own values.

Knows mitmproxy's connections. Refuses to decide.
"""

from mitmproxy import connection

from tierwall.policy.model import Address
from tierwall.proxy.state.recorder import Caller
from tierwall.proxy.transport.addresses import socket_address


def caller_of(client: connection.Client) -> Caller:
    """Who is connected."""
    return Caller(literal(client.peername[0]), client.peername[1])


def literal(host: str) -> Address | None:
    """The address that this is, an IPv4-mapped one as IPv4; None for a name."""
    try:
        return socket_address(host)
    except ValueError:
        return None
