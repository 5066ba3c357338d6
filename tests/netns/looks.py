"""What can be seen of a machine from within: its whole state, and counters.

Knows what ip, nft and sysctl print.
"""

import json
import re
from subprocess import CompletedProcess
from typing import Protocol


class Runs(Protocol):
    """Where programs can be run: a machine of the lab."""

    def run(self, *command: object) -> CompletedProcess[str]:
        """Run one to its end."""


_SETTINGS = (
    "net.ipv4.ip_forward",
    "net.ipv4.conf.all.rp_filter",
    "net.ipv6.conf.all.forwarding",
    "net.ipv6.conf.server.accept_ra",
    "net.ipv6.conf.server.forwarding",
)
_LOOKS = (
    "nft -s list ruleset",
    *(f"ip -o {family} {what}" for family in ("-4", "-6") for what in ("rule", "route show table all", "addr")),
    "ip -o -d link",
    f"sysctl {' '.join(_SETTINGS)}",
)


def state(machine: Runs) -> list[str]:
    """All that a gateway could change there: rules, routes, interfaces, settings.

    Without numbers and counts, and without link-local addresses, which the kernel itself adds when it pleases.
    """
    lines = (line for look in _LOOKS for line in machine.run(*look.split()).stdout.splitlines())
    return [re.sub(r"^\d+: ", "", line) for line in lines if "fe80:" not in line]


def counted(machine: Runs, *names: str) -> tuple[int, ...]:
    """The packets of these counters of a gateway's table."""
    found = packets(machine.run("nft", "-j", "list", "counters", "table", "inet", "tierwall_gateway").stdout)
    return tuple(found[name] for name in names)


def listed(machine: Runs, name: str) -> str:
    """A set of a gateway's table."""
    return machine.run("nft", "list", "set", "inet", "tierwall_gateway", name).stdout


def packets(listed_counters: str) -> dict[str, int]:
    """By counter, from `nft -j list counters`."""
    objects = json.loads(listed_counters)["nftables"]
    return {each["counter"]["name"]: each["counter"]["packets"] for each in objects if "counter" in each}
