"""What `tierwall run` says when it listens: where, which rules hold, how to point a client at it, where files are.

Knows the values in force and how people like to read them. Nothing here listens or loads.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Interface, IPv6Interface, ip_address
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.table import Table
from rich.text import Text

from tierwall import __version__
from tierwall.events import visible
from tierwall.policy.authority import host_port
from tierwall.policy.behaviour import CaptivePortal, at_work
from tierwall.policy.model import Address, Catalogue, Direction, Evidence, Network, Tier, Vendor
from tierwall.policy.site import LOOPBACK_CLIENTS, Site

_NAMED_BY_CLIENTS: Final = {"regular", "upstream", "socks5"}
"""Modes whose clients are told where the proxy is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listening:
    """One of mitmproxy's servers: its mode's spec, what it is, and the addresses that it listens on (none: tun)."""

    spec: str
    what: str
    addresses: tuple[tuple[str, int], ...]
    configuration: Path | None = None
    """What a client of it is given, where it has such a file. It holds a key."""
    secure: bool = False
    """Clients speak TLS to the proxy itself, and trust the lab CA for it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """What is in force when the proxy starts."""

    site: Site
    catalogue: Catalogue
    listening: tuple[Listening, ...]
    journal: Path
    everything: bool
    ca: Path
    here: tuple[IPv4Interface | IPv6Interface, ...] = ()
    """This machine's addresses that others can reach, with the networks that they are in."""
    clients: tuple[Network, ...] = LOOPBACK_CLIENTS
    """Whom ports that clients name as their proxy serve."""
    served: tuple[tuple[str, Site], ...] = ()
    """Other sites, each with the listener or the network of clients that it is for."""
    gateway: bool = False
    """Whether this machine is the clients' gateway: all they send is led here already."""


def say_start(start: Start, console: Console) -> None:
    """Print it."""
    console.print(Text.assemble((f"tierwall {__version__}", "bold"), f"  site {_title(start.site)}"))
    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim")
    table.add_column(overflow="fold")
    for heading, said in _rows(start):
        table.add_row(heading, Text(said))
    console.print(table)


def _title(site: Site) -> str:
    title = f": {site.title}" if site.title else ""
    return f"{site.id}{title}{'' if site.enforce else '  (observes only, denies nothing)'}"


def _rows(start: Start) -> Iterator[tuple[str, str]]:
    for server in start.listening:
        at = ", ".join(dict.fromkeys(host_port(*address[:2]) for address in server.addresses)) or "the tun interface"
        yield "listening", f"{at}  {server.what}{', TLS to the proxy itself' if server.secure else ''}"
    yield from (("serves", f"{where}  site {_title(site)}") for where, site in start.served)
    yield from (("others", said) for server in start.listening if (said := _others(server, start)) is not None)
    yield from (("behaviour", f"{each.NAME}: {visible(at_work(each))}") for each in start.site.behaviours)
    for portal in start.site.behaviours:
        if isinstance(portal, CaptivePortal):
            yield "portal", f"http://{portal.portal}/, asked for through the proxy, accepts its terms"
    yield from (("policy", _policy(vendor)) for vendor in start.catalogue.vendors)
    for server in start.listening:
        how = _behind(server) if start.gateway else _how_to_use(server, start.ca)
        if how is not None:
            yield "use it", how
        if _mode(server) in {"regular", "upstream"}:
            at = host_port(*_from_here(server))
            scheme = "https" if server.secure else "http"
            yield "pages", f"{scheme}://{at}/ says what happens; /proxy.pac and /ca.pem are for clients"
    what = "every connection" if start.everything else "denials, failures, faults"
    yield "journal", f"{start.journal}  ({what})"
    yield "lab CA", f"{start.ca}  (for inspecting sites, TLS block pages, portals asked by TLS)"
    yield "stop", "Ctrl-C, which also sums up"


def _policy(vendor: Vendor) -> str:
    egress = [rule for rule in vendor.rules if rule.direction is Direction.EGRESS]
    leading = Counter(
        min((vendor.service(service).tier for service in rule.services), key=_severity) for rule in egress
    )
    tiers = ", ".join(f"{tier} {leading[tier]}" for tier in Tier if leading[tier])
    unspecified = sum(rule.evidence is Evidence.UNSPECIFIED for rule in egress)
    left_open = f"; {unspecified} left unspecified by its document, never admitted" if unspecified else ""
    return f"{vendor.id}  {len(egress)} rules: {tiers}{left_open}"


def _severity(tier: Tier) -> int:
    return tier.severity


def _behind(server: Listening) -> str | None:
    if _mode(server) != "transparent" or not server.addresses:
        return None
    return f"clients behind it need nothing but {server.addresses[0][0]} as their default route and name server"


def _how_to_use(server: Listening, ca: Path) -> str | None:
    if not server.addresses:
        return None
    host, port = _from_here(server)
    at = host_port(host, port)
    match _mode(server):
        case "regular" | "upstream" if server.secure:
            return f"curl --proxy-cacert {ca} -x https://{at} https://8x8.vc/    or HTTPS_PROXY=https://{at}"
        case "regular" | "upstream":
            return f"curl -x http://{at} https://8x8.vc/    or a browser: chromium --proxy-server=http://{at}"
        case "socks5":
            return f"curl -x socks5h://{at} https://8x8.vc/"
        case "transparent":
            return f"redirect the clients' TCP here, e.g. nft … redirect to :{port}"
        case "wireguard":
            alone = "; only this machine can reach it there" if ip_address(server.addresses[0][0]).is_loopback else ""
            return (
                f"wg-quick up {server.configuration}    (on the client, where its `DNS =` needs resolvconf: "
                f"apt-get install openresolv; keep the file as secret as a password{alone})"
            )
        case "dns":
            return f"dig @{host} -p {port} 8x8.vc"
        case _:
            return None


def _from_here(server: Listening) -> tuple[str, int]:
    """An address of the server's that this machine can dial; where it listens on all of them, loopback's."""
    host, port = server.addresses[0][:2]
    if (address := ip_address(host.partition("%")[0])).is_unspecified:
        return ("127.0.0.1" if address.version == 4 else "::1"), port
    return host, port


def _others(server: Listening, start: Start) -> str | None:
    """How clients on other machines come in, or why they cannot; None where nobody expects them."""
    if _mode(server) not in _NAMED_BY_CLIENTS:
        return None
    asked = {ip_address(host.partition("%")[0]): port for host, port, *_ in server.addresses}
    if all(address.is_loopback for address in asked):
        return None
    reached = [each for each in start.here if _is_reached(each, asked)]
    served = [each for each in reached if any(_meet(each.network, network) for network in start.clients)]
    if all(network.is_loopback for network in start.clients):
        example = next((str(each.network) for each in reached if each.is_private), "192.168.1.0/24")
        return f"it serves loopback only; --clients NETWORK adds more, such as --clients {example}"
    port = next(iter(asked.values()))
    at = ", ".join(host_port(each.ip, port) for each in served or reached)
    networks = ", ".join(str(network) for network in start.clients if not network.is_loopback)
    return f"reach it at {at or 'no address that this machine has'}  (clients of {networks})"


def _is_reached(here: IPv4Interface | IPv6Interface, asked: Mapping[Address, int]) -> bool:
    """Whether what listens there can be dialled at that address of this machine."""
    every = any(address.is_unspecified and address.version == here.version for address in asked)
    return here.ip in asked or every


def _meet(one: Network, other: Network) -> bool:
    return one.version == other.version and one.overlaps(other)


def _mode(server: Listening) -> str:
    return server.spec.partition("@")[0].partition(":")[0]
