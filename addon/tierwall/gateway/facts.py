"""What a machine is like, as far as a gateway cares: a value that checks can look at without the machine.

Knows the JSON of iproute2 and nft. Refuses to run them: host.py does.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import ip_address, ip_interface, ip_network
from typing import Any

from tierwall.gateway.steps import Ipv6, routing_rules
from tierwall.gateway.topology import OWNED, RULE_PRIORITY, TABLE
from tierwall.policy.model import Address, Network


@dataclass(frozen=True, slots=True, kw_only=True)
class Interface:
    """A network interface."""

    name: str
    kind: str = ""
    """`tun`, `veth`, `bridge` and so on; empty for real ones."""
    alias: str = ""
    has_carrier: bool = True
    """Of a tun device: whether a process is attached to it."""
    addresses: tuple[Address, ...] = ()
    networks: tuple[Network, ...] = ()
    """Those of its addresses, without link-local ones."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """A route of table main; `network` is None for a default route."""

    network: Network | None
    device: str
    version: int
    advertised: bool = False
    """Learned from a router's advertisements."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A routing rule: the family, as ip takes it, and what ip calls it; None where it is none that we make."""

    family: str
    ours: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """The SSH session that the command was typed in, as `SSH_CONNECTION` has it."""

    client: Address
    server: Address
    port: int
    client_by: str | None = None
    """The interface by which this machine would answer the client."""
    server_by: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """One machine, or one network namespace of it."""

    may_administer: bool = True
    """CAP_NET_ADMIN."""
    has_tun: bool = True
    missing: tuple[str, ...] = ()
    """What to say of each program that is not there."""
    interfaces: tuple[Interface, ...] = ()
    routes: tuple[Route, ...] = ()
    has_table: bool = False
    """There is an nftables table of our name."""
    owns_table: bool = False
    """And it is ours."""
    dropping: tuple[str, ...] = ()
    """Chains of somebody else's that drop what is forwarded unless their rules accept it: `ip filter FORWARD`."""
    rules: tuple[Rule, ...] = ()
    """Routing rules with our priorities."""
    routed: tuple[str, ...] = ()
    """Families, as ip takes them, that have routes in the routing table of our number."""
    ipv6: Ipv6 = Ipv6.ON
    settings: Mapping[str, str] | None = None
    """Kernel settings by their names."""
    session: Session | None = None
    sshd_ports: frozenset[int] = frozenset()

    def interface(self, name: str) -> Interface | None:
        """The interface of that name."""
        return next((each for each in self.interfaces if each.name == name), None)


def interfaces(listed: str) -> tuple[Interface, ...]:
    """From `ip -j -d addr`."""
    return tuple(
        Interface(
            name=each["ifname"],
            kind=each.get("linkinfo", {}).get("info_kind", ""),
            alias=each.get("ifalias", ""),
            has_carrier="NO-CARRIER" not in each["flags"],
            addresses=tuple(ip_address(info["local"]) for info in _given(each)),
            networks=tuple(
                ip_interface(f"{info['local']}/{info['prefixlen']}").network
                for info in _given(each)
                if info["scope"] != "link"
            ),
        )
        for each in _objects(listed)
        if "ifname" in each
    )


def routes(listed: str, version: int) -> Iterator[Route]:
    """From `ip -j -4 route` or `ip -j -6 route`; link-local and multicast ones left out."""
    for each in _objects(listed):
        if "dev" not in each or each.get("type", "unicast") != "unicast":
            continue
        network = None if each["dst"] == "default" else ip_network(each["dst"])
        if network is None or not (network.is_link_local or network.is_multicast):
            advertised = each.get("protocol") == "ra"
            yield Route(network=network, device=each["dev"], version=version, advertised=advertised)


def rules(listed: str, family: str) -> Iterator[Rule]:
    """From `ip -j -4 rule` or `ip -j -6 rule`: those with our priorities."""
    for each in _objects(listed):
        if each.get("priority") in range(RULE_PRIORITY, RULE_PRIORITY + 3):
            ours = routing_rules([each.get("iif", "")])
            yield Rule(family, next((rule for rule in ours if _is(rule, each)), None))


def is_routed(listed: str) -> bool:
    """Whether `ip -j route show table ...` shows anything."""
    return bool(_objects(listed))


def _is(rule: str, listed: Mapping[str, Any]) -> bool:
    """Whether what is listed is this rule of ours."""
    spelled = [f"priority {listed['priority']}"]
    spelled += [f"{key} {listed[key]}" for key in ("iif", "fwmark") if key in listed]
    spelled += ["blackhole" if listed.get("action") == "blackhole" else f"lookup {listed.get('table')}"]
    return rule == " ".join(spelled)


def has_table(tables: str) -> bool:
    """Whether `nft -j list tables` has one of our name."""
    return any(_is_our_table(each.get("table", {})) for each in _nft(tables))


def owns_table(chains: str) -> bool:
    """Whether `nft -j list chains` has, in a table of our name, the chain that only we make."""
    return any(
        each["chain"]["table"] == TABLE and each["chain"]["family"] == "inet" and each["chain"]["name"] == OWNED
        for each in _nft(chains)
        if "chain" in each
    )


def dropping(chains: str) -> Iterator[str]:
    """From `nft -j list chains`: those that drop forwarded packets by default."""
    for each in _nft(chains):
        chain = each.get("chain", {})
        if chain.get("hook") == "forward" and chain.get("policy") == "drop" and chain["table"] != TABLE:
            yield f"{chain['family']} {chain['table']} {chain['name']}"


def _is_our_table(table: Mapping[str, Any]) -> bool:
    return table.get("name") == TABLE and table.get("family") == "inet"


def _nft(listed: str) -> Sequence[Mapping[str, Any]]:
    found: Sequence[Mapping[str, Any]] = json.loads(listed)["nftables"] if listed else []
    return found


def _given(interface: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield from (info for info in interface.get("addr_info", ()) if "local" in info)


def _objects(listed: str) -> Sequence[Mapping[str, Any]]:
    found: Sequence[Mapping[str, Any]] = json.loads(listed) if listed.strip() else []
    return found
