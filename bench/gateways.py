"""A client, a gateway and a vendor's server, each in a network namespace of its own: for what a gateway forwards.

Knows `ip`. What the gateway does beside forwarding is the part's.
"""

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Final

from bench.namespace import check_needed, run

INSIDE: Final = "inside"
"""The gateway's interface that the client is behind."""
BRIDGE: Final = "152.67.144.10"
"""In 8x8's network of video bridges: UDP 10000 (policies/vendors/8x8.yaml)."""
BRIDGE_PORT: Final = 10000


@dataclass(frozen=True, slots=True)
class Machines:
    """What stands before a command that runs in one of them."""

    client: tuple[str, ...]
    gateway: tuple[str, ...]
    server: tuple[str, ...]


@contextmanager
def machines(name: str) -> Iterator[Machines]:
    """The three, the gateway forwarding; nothing is left afterwards. Raises NoNamespace."""
    check_needed("ip", "nft", "sysctl")
    names = [f"twb-{os.getpid()}-{name}-{each}" for each in ("c", "g", "s")]
    client, gateway, server = (("ip", "netns", "exec", each) for each in names)
    with ExitStack() as stack:
        for each in names:
            run("ip", "netns", "add", each)
            stack.callback(run, "ip", "netns", "delete", each)
            run("ip", "-n", each, "link", "set", "lo", "up")
        _joined(names[0], "up0", "10.77.1.2/24", names[1], INSIDE, "10.77.1.1/24")
        _joined(names[2], "up0", "152.67.144.10/24", names[1], "outside", "152.67.144.1/24")
        run("ip", "-n", names[0], "route", "add", "default", "via", "10.77.1.1")
        run("ip", "-n", names[2], "route", "add", "default", "via", "152.67.144.1")
        run("ip", "-n", names[1], "route", "add", "default", "via", BRIDGE)
        run(*gateway, "sysctl", "-qw", "net.ipv4.ip_forward=1")
        yield Machines(client, gateway, server)


def _joined(one: str, its: str, address: str, other: str, others: str, other_address: str) -> None:  # noqa: PLR0913, PLR0917
    run("ip", "link", "add", "name", its, "netns", one, "type", "veth", "peer", "name", others, "netns", other)
    for machine, link, at in ((one, its, address), (other, others, other_address)):
        run("ip", "-n", machine, "address", "add", at, "dev", link)
        run("ip", "-n", machine, "link", "set", link, "up")
