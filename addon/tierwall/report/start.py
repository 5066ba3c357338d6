"""What `tierwall run` says when it listens: where, which rules hold, how to point a client at it, where files are.

Knows the values in force and how people like to read them. Nothing here listens or loads.
"""

from collections import Counter
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from tierwall import __version__
from tierwall.policy.authority import host_port
from tierwall.policy.model import Catalogue, Direction, Evidence, Tier, Vendor
from tierwall.policy.site import Site


@dataclass(frozen=True, slots=True, kw_only=True)
class Listening:
    """One of mitmproxy's servers: its mode's spec, what it is, and the addresses that it listens on (none: tun)."""

    spec: str
    what: str
    addresses: tuple[tuple[str, int], ...]
    configuration: Path | None = None
    """What a client of it is given, where it has such a file. It holds a key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """What is in force when the proxy starts."""

    site: Site
    catalogue: Catalogue
    listening: tuple[Listening, ...]
    journal: Path
    everything: bool
    ca: Path


def say_start(start: Start, console: Console) -> None:
    """Print it."""
    title = f": {start.site.title}" if start.site.title else ""
    mode = "" if start.site.enforce else "  (observes only, denies nothing)"
    console.print(Text.assemble((f"tierwall {__version__}", "bold"), f"  site {start.site.id}{title}{mode}"))
    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim")
    table.add_column(overflow="fold")
    for server in start.listening:
        at = ", ".join(dict.fromkeys(host_port(*address[:2]) for address in server.addresses)) or "the tun interface"
        table.add_row("listening", Text(f"{at}  {server.what}"))
    for vendor in start.catalogue.vendors:
        table.add_row("policy", Text(_policy(vendor)))
    for server in start.listening:
        if (how := _how_to_use(server)) is not None:
            table.add_row("use it", Text(how))
        if _mode(server) in {"regular", "upstream"}:
            at = host_port(*server.addresses[0][:2])
            table.add_row("pages", Text(f"http://{at}/ says what happens; /proxy.pac and /ca.pem are for clients"))
    what = "every connection" if start.everything else "denials, failures, faults"
    table.add_row("journal", Text(f"{start.journal}  ({what})"))
    table.add_row("lab CA", Text(f"{start.ca}  (only inspecting sites and TLS block pages need it)"))
    table.add_row("stop", "Ctrl-C, which also sums up")
    console.print(table)


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


def _how_to_use(server: Listening) -> str | None:
    if not server.addresses:
        return None
    at = host_port(*server.addresses[0][:2])
    match _mode(server):
        case "regular" | "upstream":
            return f"curl -x http://{at} https://8x8.vc/    or a browser: chromium --proxy-server=http://{at}"
        case "socks5":
            return f"curl -x socks5h://{at} https://8x8.vc/"
        case "transparent":
            return f"redirect the clients' TCP here, e.g. nft … redirect to :{server.addresses[0][1]}"
        case "wireguard":
            alone = "; only this machine can reach it there" if ip_address(server.addresses[0][0]).is_loopback else ""
            return f"wg-quick up {server.configuration}    (on the client; keep it as secret as a password{alone})"
        case "dns":
            return f"dig @{server.addresses[0][0]} -p {server.addresses[0][1]} 8x8.vc"
        case _:
            return None


def _mode(server: Listening) -> str:
    return server.spec.partition("@")[0].partition(":")[0]
