"""What a machine is like, as far as the proxy's troubles go: values that checks can look at without the machine.

Knows the formats of /proc/net and of nft. Refuses to read either: probe.py does.
"""

import json
import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path
from typing import Any, Final

from tierwall.policy.model import Address, Transport
from tierwall.trust.certificate import Certificate
from tierwall.trust.stores import Store

TIERWALL: Final = "tierwall"
"""What a process of ours is called."""

_LISTENING: Final = {Transport.TCP: "0A", Transport.UDP: "07"}
"""The states of sockets that wait for anybody: TCP_LISTEN, and for UDP unconnected (tcp_states.h)."""

_IPV4_OCTETS: Final = 4


class Level(StrEnum):
    """How much it matters."""

    FINDING = "finding"
    NOTE = "note"
    """Worth knowing; perhaps all is well."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing, and what mends it."""

    check: str
    what: str
    mend: str
    level: Level = Level.FINDING


@dataclass(frozen=True, slots=True, kw_only=True)
class Socket:
    """One that waits for anybody."""

    transport: Transport
    address: Address
    port: int
    inode: int
    owner: str | None = None
    """Its process, as people know it; None where we may not see that."""


@dataclass(frozen=True, slots=True)
class Redirect:
    """An nftables rule that sends packets to a port of its own machine."""

    family: str
    """`ip`, `ip6` or `inet`."""
    hook: str | None
    """That of its chain; None in a chain that others jump to."""
    port: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Namespace:
    """A network namespace."""

    name: str
    sockets: tuple[Socket, ...] = ()
    redirects: tuple[Redirect, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """One machine, seen from one network namespace. Its defaults are a machine on which all is well."""

    listen: tuple[Address, int] = (IPv4Address("127.0.0.1"), 8080)
    """Where the proxy is, or is to be."""
    is_tierwall: bool = False
    """Whether what answers there is a tierwall."""
    here: Namespace = field(default_factory=lambda: Namespace(name="this one"))
    others: tuple[Namespace, ...] = ()
    gateway: bool = False
    """Whether this is to be a gateway, whatever can be seen of one."""
    tuns: tuple[str, ...] = ()
    """The gateway's tun devices."""
    has_nft: bool = True
    settings: Mapping[str, str] = field(default_factory=dict)
    """Kernel settings, as sysctl names them."""
    has_ipv6_route: bool = False
    """An IPv6 default route."""
    marks_ipv6: bool = False
    """A routing rule for marked IPv6 packets."""
    environment: Mapping[str, str] = field(default_factory=dict)
    vendors: tuple[str, ...] = ()
    """Base names of what the vendors' documents ask for."""
    configuration: tuple[Path, str] | None = None
    """mitmproxy's own, which `mitmdump -s addon/main.py` reads."""
    versions: Mapping[str, str] = field(default_factory=dict)
    """Of Python, and of packages."""
    certificate: Certificate | None = None
    stores: tuple[Store, ...] = ()
    inspects: bool = False
    """Whether the site shows certificates of the lab CA."""
    now: datetime
    synchronised: bool | None = None
    """Whether the kernel's clock follows another; None where it does not say."""
    written: Mapping[Path, datetime] = field(default_factory=dict)
    """When files of ours were last written."""
    not_seen: tuple[str, ...] = ()
    """What we may not look at."""

    @property
    def is_gateway(self) -> bool:
        """Whether clients are led here by their route."""
        return self.gateway or bool(self.tuns) or any(each.hook == "prerouting" for each in self.here.redirects)


def sockets(listed: str, transport: Transport) -> Iterator[Socket]:
    """From /proc/net/tcp and the like (proc_net_tcp.txt in the kernel's documentation); IPv4 and IPv6 may be mixed."""
    for line in listed.splitlines():
        match line.split():
            case [place, local, _, state, _, _, _, _, _, inode, *_] if place.endswith(":") and (
                state == _LISTENING[transport]
            ):
                address, _, port = local.partition(":")
                yield Socket(transport=transport, address=_address(address), port=int(port, 16), inode=int(inode))
            case _:
                pass


def redirects(listed: str) -> Iterator[Redirect]:
    """From `nft -j list ruleset`."""
    objects: Sequence[Mapping[str, Any]] = json.loads(listed)["nftables"] if listed else []
    hooks = {_chain(each["chain"], "name"): each["chain"].get("hook") for each in objects if "chain" in each}
    for each in objects:
        rule = each.get("rule", {})
        for statement in rule.get("expr", ()):
            port = (statement.get("redirect") or {}).get("port")
            if isinstance(port, int):
                yield Redirect(rule["family"], hooks.get(_chain(rule, "chain")), port)


def _chain(of: Mapping[str, Any], name: str) -> tuple[str, str, str]:
    return of["family"], of["table"], of[name]


def _address(hexadecimal: str) -> Address:
    """Words of 32 bits, each in the machine's own order."""
    words = [int(hexadecimal[at : at + 8], 16) for at in range(0, len(hexadecimal), 8)]
    octets = struct.pack(f"={len(words)}I", *words)
    if len(octets) == _IPV4_OCTETS:
        return IPv4Address(octets)
    address = IPv6Address(octets)
    return address.ipv4_mapped or address
