"""Machines as values, for checks that need no machine."""

from ipaddress import ip_address, ip_network
from typing import Any

from tierwall.gateway.facts import Facts, Interface, Route
from tierwall.gateway.topology import Topology

TOPOLOGY = Topology(inside=("lan",), outside="wan")


def interface(name: str, *addresses: str, **more: Any) -> Interface:
    """One with addresses such as 10.0.0.1/24."""
    return Interface(
        name=name,
        addresses=tuple(ip_address(text.partition("/")[0]) for text in addresses),
        networks=tuple(ip_network(text, strict=False) for text in addresses),
        **more,
    )


LAN = interface("lan", "10.77.1.1/24", "fd77:1::1/64")
WAN = interface("wan", "192.0.2.1/24")


def machine(*, interfaces: tuple[Interface, ...] = (LAN, WAN), **more: Any) -> Facts:
    """One with two interfaces, that forwards."""
    routes = (Route(network=None, device="wan", version=4), *more.pop("routes", ()))
    settings = {"net.ipv4.ip_forward": "1", "net.ipv6.conf.all.forwarding": "1"} | more.pop("settings", {})
    return Facts(interfaces=interfaces, routes=routes, settings=settings, **more)
