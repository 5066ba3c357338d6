"""The second guard, outside Envoy: its user may not connect to what no admitted name may lead to.

Envoy looks at one of a name's addresses before it dials and may then dial another (happy eyeballs, RFC 8305), so that
only the kernel, or the network of a cluster, can hold it. Knows nftables and Kubernetes' NetworkPolicy.
"""

from collections.abc import Iterable, Sequence
from ipaddress import ip_address
from typing import Final

from tierwall.fleet.envoy.cells import Region
from tierwall.fleet.envoy.expressions import Span
from tierwall.fleet.envoy.settings import Settings

TABLE: Final = "tierwall_guard"
_ALL_PORTS: Final = ((1, 65535),)


def nftables(site: str, regions: Sequence[Region], settings: Settings) -> str:
    """A table of its own; loaded again it replaces itself. Most of it is the most specific network first."""
    rules = [
        f"    meta skuid != {settings.uid} accept",
        "    ct direction reply accept",
        "    udp dport 53 accept  # names: this Envoy carries no UDP of clients",
        *_to_ours(settings),
    ]
    for region in sorted(regions, key=lambda region: (-region.network.prefixlen, str(region.network))):
        family = "ip" if region.network.version == 4 else "ip6"
        to = f"    {family} daddr {region.network}"
        if region.open and region.closed:
            rules.append(f"{to} tcp dport {{ {_ports(region.open)} }} accept")
        rules.append(f"{to} counter reject with icmpx admin-prohibited" if region.closed else f"{to} accept")
    text = "\n".join(rules)
    return (
        f"#!/usr/sbin/nft -f\n"
        f"# What Envoy, as user {settings.uid}, may not connect to (site {_plain(site)}), whatever a name leads to.\n"
        f"table inet {TABLE}\ndelete table inet {TABLE}\n"
        f"table inet {TABLE} {{\n"
        f"  chain out {{\n    type filter hook output priority -150; policy accept;\n{text}\n  }}\n}}\n"
    )


def network_policy(site: str, regions: Sequence[Region], _: Settings) -> str:
    """For pods with the label `app: tierwall-envoy`; it holds where the cluster's network enforces such policies."""
    lines = [
        "# What Envoy's pods may connect to under the site: everything but private addresses that it does not admit.",
        "apiVersion: networking.k8s.io/v1",
        "kind: NetworkPolicy",
        "metadata:",
        f"  name: tierwall-{_plain(site)[:50].strip('-')}",
        "spec:",
        "  podSelector: {matchLabels: {app: tierwall-envoy}}",
        "  policyTypes: [Egress]",
        "  egress:",
        "    - ports: [{protocol: UDP, port: 53}]",
        "    - to:",
        *_blocks(regions, 4, "0.0.0.0/0"),
        *_blocks(regions, 6, "::/0"),
        "      ports: [{protocol: TCP}]",
    ]
    for region in regions:
        if region.open:
            excepted = [f'"{inner}"' for inner in region.but_for]
            block = f'{{cidr: "{region.network}"' + (f", except: [{', '.join(excepted)}]" if excepted else "") + "}"
            lines += ["    - to:", f"        - ipBlock: {block}", "      ports:"]
            lines += [f"        - {{protocol: TCP, port: {first}, endPort: {last}}}" for first, last in region.open]
    return "\n".join(lines) + "\n"


def _to_ours(settings: Settings) -> Iterable[str]:
    """Control planes, and who is sent the log."""
    for place in (*settings.control_plane, *([settings.log_to] if settings.log_to is not None else [])):
        try:
            address = ip_address(place.host)
        except ValueError:
            yield f"    # tierwall's {place.host}: where its address is private, accept it here"
        else:
            yield f"    {'ip' if address.version == 4 else 'ip6'} daddr {address} tcp dport {place.port} accept"


def _plain(site: str) -> str:
    """As names of Kubernetes are: RFC 1123 labels."""
    return "".join(c if c.isascii() and c.isalnum() else "-" for c in site.lower()).strip("-") or "site"


def _ports(spans: Iterable[Span]) -> str:
    return ", ".join(str(first) if first == last else f"{first}-{last}" for first, last in spans)


def _blocks(regions: Iterable[Region], version: int, everything: str) -> list[str]:
    closed = [region.network for region in regions if region.closed and region.network.version == version]
    outer = [each for each in closed if not any(each != other and each.subnet_of(other) for other in closed)]  # type: ignore[arg-type]
    lines = [f'        - ipBlock:\n            cidr: "{everything}"']
    return [*lines, "            except:", *(f'              - "{each}"' for each in outer)] if outer else lines
