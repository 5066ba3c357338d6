"""SYNs that a site leaves unanswered: as much of `dial-blackhole` as shows in a SYN, its addresses and ports.

Knows scopes. Refuses to know names and services: where a scope asks for those, the connection has to open first, and
the proxy is silent then.
"""

from dataclasses import dataclass

from tierwall.policy.behaviour import DialBlackhole
from tierwall.policy.model import Network, Ports, Transport
from tierwall.policy.site import Site

_ANY_PORT = (Ports(Transport.TCP, 1, 65535),)


@dataclass(frozen=True, slots=True)
class Unanswered:
    """Destinations whose SYNs are never answered: the client waits as long as its own limit lets it."""

    networks: tuple[Network, ...]
    ports: tuple[Ports, ...]
    """Of TCP alone."""


def unanswered(site: Site) -> tuple[Unanswered, ...]:
    """What the site's behaviours leave unanswered by address and port."""
    return tuple(
        Unanswered(scope.networks, ports)
        for scope in (each.scope for each in site.behaviours if isinstance(each, DialBlackhole))
        if scope.networks and not scope.asks_for_services and scope.transport is not Transport.UDP
        if (ports := tuple(each for each in scope.ports or _ANY_PORT if each.transport is Transport.TCP))
    )
