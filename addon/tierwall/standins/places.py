"""Where the stand-ins are when there is no network: an address for every name of the catalogue, and the vendors' own.

Knows the catalogue, and DNS and nftables as text. Opens nothing.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import Final

from tierwall.policy.dialect import certain_end
from tierwall.policy.model import Catalogue, Direction, Protocol, Transport

NAMED: Final = IPv4Network("198.18.0.0/16")
"""Where names lead: for benchmarks in laboratories (RFC 2544 section C.2.2), so that nobody in the world has them."""

ELSEWHERE: Final = IPv4Address("198.19.255.254")
"""Where every name leads that no vendor has."""

NAMED_6: Final = IPv6Network("2001:db8:198:18::/64")
"""The same by IPv6: for documentation (RFC 3849)."""

ELSEWHERE_6: Final = IPv6Address("2001:db8:198:19::fffe")

TURN_PORT: Final = 3478
BRIDGE_PORT: Final = 10000
RELAYED: Final = (49152, 65535)
"""UDP ports that a TURN server relays by, as 8x8's document has them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """Names with all that is below them, and the addresses of the TURN servers."""

    names: tuple[tuple[str, IPv4Address], ...]
    """Each with an address of its own: what DNS gave an address for is taken for the name (ADR 8)."""
    names_6: tuple[tuple[str, IPv6Address], ...]
    """The same by IPv6, but for names that a vendor has for UDP: the servers of those speak IPv4 alone."""
    turn: tuple[IPv4Network, ...]

    @property
    def relay(self) -> IPv4Address:
        """The address that the TURN server says it relays from."""
        return self.turn[0].network_address if self.turn else ELSEWHERE


def places(catalogue: Catalogue) -> Places:
    """Of all that the vendors' documents ask a network to open. Raises ValueError beyond 65,534 names."""
    egress = [
        (vendor, rule) for vendor in catalogue.vendors for rule in vendor.rules if rule.direction is Direction.EGRESS
    ]
    names = dict.fromkeys(certain_end(host) for _, rule in egress for host in rule.hosts)
    stun = {
        (vendor.id, service.id)
        for vendor in catalogue.vendors
        for service in vendor.services
        if service.protocol is Protocol.STUN
    }
    turn = (
        network
        for vendor, rule in egress
        if any((vendor.id, service) in stun for service in rule.services)
        for network in rule.networks
        if isinstance(network, IPv4Network)
    )
    if len(names) > NAMED.num_addresses - 2:
        raise ValueError(f"{len(names)} names, and only {NAMED.num_addresses - 2} addresses to give them")
    by_udp = {
        certain_end(host)
        for _, rule in egress
        if any(ports.transport is Transport.UDP for ports in rule.ports)
        for host in rule.hosts
    }
    by_tcp = (name for name in names if name not in by_udp)
    return Places(
        names=tuple(zip(names, NAMED.hosts(), strict=False)),
        names_6=tuple(zip(by_tcp, NAMED_6.hosts(), strict=False)),
        turn=tuple(dict.fromkeys(turn)),
    )


def name_server_lines(where: Places) -> Iterator[str]:
    """What dnsmasq is told: an address for a name and all below it, and for every other name one elsewhere."""
    yield from ("no-resolv", "no-hosts", "local-ttl=30")
    for name, address in (*where.names, ("#", ELSEWHERE)):
        yield f"address=/{name}/{address}"
        yield f"local=/{name}/"  # other types of record: there are none, instead of a refusal
    for name, address_6 in (*where.names_6, ("#", ELSEWHERE_6)):
        yield f"address=/{name}/{address_6}"


def rules(where: Places, own: IPv4Address) -> str:
    """For `nft -f`: what comes under any address goes to the one server that answers it, at this machine's own.

    By translation, because an answer by UDP must come from the address that was asked. What the TURN server relays to
    another stand-in never leaves the machine, and is translated on its way out.
    """
    turn = ", ".join(str(network) for network in where.turn) or str(ELSEWHERE)
    first, last = RELAYED
    return f"""\
table ip stand_ins {{
    set turn {{ type ipv4_addr; flags interval; auto-merge; elements = {{ {turn} }} }}
    chain arriving {{
        type nat hook prerouting priority dstnat;
        iifname lo return
        ip daddr @turn tcp dport 443 dnat to {own}:{TURN_PORT}
        udp dport {{ 443, {TURN_PORT} }} dnat to {own}:{TURN_PORT}
        udp dport {{ 53, {BRIDGE_PORT}, {first}-{last} }} dnat to {own}
        tcp dport 53 dnat to {own}
    }}
    chain relayed {{
        type nat hook output priority -100;
        oifname lo ip daddr != {{ 127.0.0.0/8, {own} }} udp dport {{ {BRIDGE_PORT}, {first}-{last} }} dnat to {own}
    }}
}}
"""
