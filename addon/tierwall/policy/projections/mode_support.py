"""Which modes of the proxy can show a behaviour: one that none of them can is said at once, not waited for in vain.

Knows the modes by what reaches the proxy in them. Refuses to know mitmproxy, and how behaviours are shown.
"""

from collections.abc import Collection, Iterable, Iterator
from enum import StrEnum
from typing import Final, assert_never

from tierwall.policy.behaviour import (
    Behaviour,
    ConnectPorts,
    DnsFilter,
    FqdnCacheExpiry,
    NoIpConnect,
    NoQuic,
    NoUdp,
    ProxyAuth,
    Sees,
    SplitDns,
    StaleAddresses,
    UdpStop,
)


class Mode(StrEnum):
    """A mode, as `--mode` spells it."""

    REGULAR = "regular"
    SOCKS5 = "socks5"
    UPSTREAM = "upstream"
    REVERSE = "reverse"
    TRANSPARENT = "transparent"
    TUN = "tun"
    WIREGUARD = "wireguard"
    LOCAL = "local"
    DNS = "dns"


CARRY_TCP: Final = frozenset(Mode) - {Mode.DNS}
CARRY_UDP: Final = frozenset({Mode.TUN, Mode.WIREGUARD, Mode.LOCAL})
"""Whose clients' packets come here, whatever they are."""
REJECT_UDP: Final = frozenset({Mode.TUN})
"""Where the client can be reached by ICMP."""
RESOLVE: Final = frozenset({Mode.REGULAR, Mode.SOCKS5, Mode.REVERSE, Mode.DNS}) | CARRY_UDP
"""Where names are looked up here, for clients or by them: neither by a parent proxy, nor before clients come."""
HTTP_PROXY: Final = frozenset({Mode.REGULAR, Mode.UPSTREAM})
"""Whose clients send CONNECT."""
DIAL: Final = CARRY_TCP - {Mode.UPSTREAM}
"""Where the address that is dialled is known here."""


def unshown(behaviours: Iterable[Behaviour], modes: Collection[str]) -> Iterator[str]:
    """A line for each behaviour that none of the modes can show: why not, and which can."""
    for behaviour in behaviours:
        can = shown_in(behaviour)
        if can.isdisjoint(modes):
            yield _line(behaviour, modes, can)


def shown_in(behaviour: Behaviour) -> frozenset[Mode]:
    """The modes that can show it."""
    match behaviour:
        case NoUdp(how=UdpStop.REJECT) | NoQuic(how=UdpStop.REJECT):
            return REJECT_UDP
        case DnsFilter() | SplitDns():
            return RESOLVE
        case StaleAddresses():
            return DIAL
        case ConnectPorts() | NoIpConnect():
            return HTTP_PROXY
        case ProxyAuth():
            return HTTP_PROXY | {Mode.SOCKS5}
        case FqdnCacheExpiry():
            return CARRY_TCP
        case _:
            return CARRY_UDP if behaviour.SEES is Sees.DATAGRAMS else CARRY_TCP


def _line(behaviour: Behaviour, modes: Collection[str], can: frozenset[Mode]) -> str:
    asked = " and ".join(sorted(modes))
    which = _listed([str(mode) for mode in Mode if mode in can and mode is not Mode.LOCAL])
    gateway = "; `tierwall gateway up` leads clients into tun" if can <= CARRY_UDP else ""
    return f"behaviour {behaviour.NAME} cannot be shown in mode {asked}: {_why(behaviour)}; {which} can{gateway}"


def _why(behaviour: Behaviour) -> str:
    match behaviour:
        case NoUdp(how=UdpStop.REJECT) | NoQuic(how=UdpStop.REJECT):
            return "`how: reject` needs a client that ICMP reaches"
        case DnsFilter() | SplitDns():
            return "no name is looked up here"
        case StaleAddresses():
            return "no address is dialled here"
        case ConnectPorts() | NoIpConnect():
            return "no client sends CONNECT here"
        case ProxyAuth():
            return "clients do not know that there is a proxy, which alone may ask them"
        case _:
            pass
    match behaviour.SEES:
        case Sees.DATAGRAMS:
            return "no UDP comes here"
        case Sees.OCTETS | Sees.NAMES | Sees.HELLO | Sees.REQUESTS | Sees.TLS:
            return "no TCP comes here"
        case _:
            assert_never(behaviour.SEES)


def _listed(names: list[str]) -> str:
    return f"modes {', '.join(names[:-1])} and {names[-1]}" if len(names) > 1 else f"mode {names[0]}"
