"""What a gateway consists of: its interfaces, and the names and numbers by which the kernel knows what is its own.

Knows values only, and how they are kept as text with the tun device, so that `down` finds them without a file.
"""

from dataclasses import dataclass
from typing import Final

TABLE: Final = "tierwall_gateway"
"""The nftables table, of family inet."""

OWNED: Final = "made_by_tierwall_gateway"
"""A chain in it that nobody else's table has."""

THROUGH_PROXY: Final = 0x74570000
"""Firewall mark and connection mark of what goes into the tun device."""

DIRECT: Final = 0x74570001
"""Firewall mark of what goes straight through the kernel. Its connection mark is that of the proxy's run."""

RUNS: Final = range(0x74570010, 0x74580000)
"""Connection marks of runs of the proxy, each of which takes one: flows of a run before are looked at again."""

ROUTES: Final = 7457
"""The routing table that leads into the tun device."""

REPORTS: Final = 7457
"""The group of nfnetlink_log that is told of SYNs which are left unanswered."""

RULE_PRIORITY: Final = 7457
"""Of the first of our routing rules; the others follow it. Tables `main` and `default` come much later."""


_SAYS: Final = "tierwall gateway"


@dataclass(frozen=True, slots=True, kw_only=True)
class Topology:
    """Between which interfaces it stands, and where the proxy is."""

    inside: tuple[str, ...]
    """Interfaces that clients come in by."""
    outside: str
    port: int = 8080
    """Of the proxy's transparent listener on this machine."""
    tun: str = "twtun"


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A gateway that is up: what it was made for, and the kernel settings that it changed."""

    topology: Topology
    before: tuple[tuple[str, str], ...] = ()
    """Settings with the values that they had, such as `net.ipv4.ip_forward`, `0`."""


def written(standing: Standing) -> str:
    """One line, which the tun device carries as its alias (at most 255 characters)."""
    topology = standing.topology
    before = ",".join(f"{key}={value}" for key, value in standing.before)
    inside = ",".join(topology.inside)
    return f"{_SAYS}; {inside}; {topology.outside}; {topology.port}; {before}"


def read(alias: str, tun: str) -> Standing | None:
    """What the alias of a tun device says; None where it is not one of ours."""
    match alias.split("; "):
        case [said, inside, outside, port, *before] if said == _SAYS and port.isdecimal():
            settings = [setting.partition("=") for setting in "".join(before).split(",") if setting]
            return Standing(
                topology=Topology(inside=tuple(inside.split(",")), outside=outside, port=int(port), tun=tun),
                before=tuple((key, value) for key, _, value in settings),
            )
        case _:
            return None
