"""What `up` does, in its order, and what undoes each step: commands, nftables text, kernel settings.

Knows iproute2 and sysctl as values that can be printed. Refuses to run anything: that is apply.py's.
"""

import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from tierwall.gateway.ruleset import ruleset
from tierwall.gateway.topology import (
    DIRECT,
    ROUTES,
    RULE_PRIORITY,
    TABLE,
    THROUGH_PROXY,
    Standing,
    Topology,
    written,
)

_NOWHERE: Final = f"unreachable default metric 4294967295 table {ROUTES}"
"""Where marked packets come that the tun device does not take: its route goes when the device does."""


@dataclass(frozen=True, slots=True)
class Run:
    """A program with its arguments, and what it reads."""

    words: tuple[str, ...]
    stdin: str = ""

    def __str__(self) -> str:
        """As a shell takes it."""
        line = shlex.join(self.words)
        return f"{line} <<'END'\n{self.stdin}END" if self.stdin else line


@dataclass(frozen=True, slots=True)
class Setting:
    """A kernel setting, as sysctl names it."""

    key: str
    value: str

    def __str__(self) -> str:
        """As a shell takes it."""
        return f"sysctl -q -w {self.key}={self.value}"


type Act = Run | Setting


@dataclass(frozen=True, slots=True)
class Step:
    """An act, and what takes it back; None where a later step's undoing does."""

    do: Act
    undo: Act | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Remains:
    """What is there of a gateway, whole or not."""

    settings: tuple[tuple[str, str], ...] = ()
    """Kernel settings that it changed, as they were before."""
    table: bool = False
    rules: tuple[tuple[str, str], ...] = ()
    """Routing rules: the family, as ip takes it, and the rule."""
    routes: tuple[str, ...] = ()
    """Families that have routes in our routing table."""
    tun: str | None = None


class Ipv6(StrEnum):
    """What the kernel does with IPv6 here."""

    ON = "on"
    OFF = "off"
    """No interface has it unless it is told to: rules keep it closed, nothing is led anywhere."""
    ABSENT = "absent"
    """The kernel has none, and no rules for it."""


def wanted_settings(
    outside: str, ipv6: Ipv6, *, by_advertisement: bool, strict: bool, reverse_path: bool
) -> tuple[Setting, ...]:
    """What the kernel has to be set to.

    `by_advertisement`: the IPv6 default route comes from a router's advertisements, which a machine that forwards
    ignores unless it is told not to (accept_ra=2). `strict`: reverse paths are checked on every interface (RFC 3704),
    and answers of the proxy, which come from the tun device with addresses of the internet, would not pass.
    `reverse_path`: those of the outside interface are checked, loosely or strictly. Then answers to what went straight
    are looked up by their mark: without one the way back to a client leads nowhere, as for all that is not marked.
    """
    settings = [Setting("net.ipv4.ip_forward", "1")]
    if strict:
        settings.append(Setting("net.ipv4.conf.all.rp_filter", "2"))
    if reverse_path:
        settings.append(Setting(f"net.ipv4.conf.{as_key(outside)}.src_valid_mark", "1"))
    if ipv6 is Ipv6.ON and by_advertisement:
        settings.append(Setting(f"net.ipv6.conf.{as_key(outside)}.accept_ra", "2"))
    if ipv6 is Ipv6.ON:
        settings.append(Setting("net.ipv6.conf.all.forwarding", "1"))
    return tuple(settings)


def as_key(interface: str) -> str:
    """The interface's name as a part of a setting's: sysctl(8) takes dots for what divides them."""
    return interface.replace(".", "/")


def steps(standing: Standing, ipv6: Ipv6, settings: Sequence[Setting], filling: str = "") -> tuple[Step, ...]:
    """All of `up`; `filling` is loaded together with the rules, and fills their sets.

    Forwarding comes last, so that at no time anything is forwarded that the rules do not see.
    """
    before = dict(standing.before)
    return (
        *_device(standing),
        *_routes(standing.topology, ipv6),
        Step(
            Run(("nft", "-f", "-"), ruleset(standing.topology) + filling),
            Run(("nft", "delete", "table", "inet", TABLE)),
        ),
        *(Step(each, Setting(each.key, before[each.key])) for each in settings if each.key in before),
    )


def _device(standing: Standing) -> Iterator[Step]:
    """Persistent: the proxy attaches to it and may go and come again, and its routes stay where they are."""
    tun = standing.topology.tun
    yield Step(_ip(f"tuntap add dev {tun} mode tun"), _ip(f"link del dev {tun}"))
    yield Step(Run(("ip", "link", "set", "dev", tun, "up", "alias", written(standing))), None)


def _routes(topology: Topology, ipv6: Ipv6) -> Iterator[Step]:
    """Marked packets into the tun device, direct ones as always, the rest of what comes from inside nowhere: that
    holds even where somebody flushes nftables."""
    for family in ("-4",) if ipv6 is Ipv6.ABSENT else ("-4", "-6"):
        yield Step(_ip(f"{family} route add {_NOWHERE}"), _ip(f"{family} route del {_NOWHERE}"))
        if family == "-4" or ipv6 is Ipv6.ON:
            yield Step(_ip(f"{family} route add default dev {topology.tun} table {ROUTES}"), None)
        for rule in routing_rules(topology.inside):
            yield Step(_ip(f"{family} rule add {rule}"), _ip(f"{family} rule del {rule}"))


def routing_rules(inside: Sequence[str]) -> Iterator[str]:
    """As `ip rule add` and `ip rule del` take them."""
    yield f"priority {RULE_PRIORITY} fwmark {THROUGH_PROXY:#x} lookup {ROUTES}"
    yield from (f"priority {RULE_PRIORITY + 1} iif {name} fwmark {DIRECT:#x} lookup main" for name in inside)
    yield from (f"priority {RULE_PRIORITY + 2} iif {name} blackhole" for name in inside)


def removal(remains: Remains) -> tuple[Act, ...]:
    """All of `down`: forwarding goes first, as it came last."""
    return (
        *(Setting(key, value) for key, value in remains.settings),
        *([Run(("nft", "delete", "table", "inet", TABLE))] if remains.table else []),
        *(_ip(f"{family} rule del {rule}") for family, rule in remains.rules),
        *(_ip(f"{family} route del {_NOWHERE}") for family in remains.routes),
        *([_ip(f"link del dev {remains.tun}")] if remains.tun is not None else []),
    )


def _ip(words: str) -> Run:
    return Run(("ip", *words.split()))
