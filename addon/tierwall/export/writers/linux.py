"""Linux gateways: nftables for networks and ports, dnsmasq for names.

Knows that nftables has no names: sets hold addresses, and dnsmasq puts into them what it answers. A name that a client
learned elsewhere is in no set.
"""

from collections.abc import Iterator, Sequence
from typing import Final

from tierwall.export.grant import Grant, List, by_ports, plain
from tierwall.export.ports import of_transport, span
from tierwall.export.product import File, Job, Rendered, commented
from tierwall.export.spelling import Form, spell
from tierwall.policy.model import Ports, Transport

FORMS: Final = (Form("{}", 0, None),)
"""`/x/` is x and everything below it (dnsmasq(8), --server, which --nftset follows)."""

_FAMILIES: Final = ((4, "ipv4_addr", "ip"), (6, "ipv6_addr", "ip6"))

_TO_ENFORCE: Final = (
    "The chain decides nothing until a base chain jumps to it, in this same table:",
    "  type filter hook forward priority filter; policy drop; ct state established,related accept; jump allow",
)


def nftables(job: Job) -> Rendered:
    """A table with a set for each group of ports and family, and a chain to jump to."""
    sets: list[str] = []
    rules: list[str] = []
    for at, (ports, grants) in enumerate(by_ports(job.grants), start=1):
        for version, kind, family in _FAMILIES:
            elements = [plain(grant.network) for grant in grants if grant.network and grant.network.version == version]
            if elements:
                name = f"networks{at}_{version}"
                sets += _set(name, f"type {kind}; flags interval; auto-merge;", elements)
                rules += _rules(job, name, family, ports)
    text = job.header(len(job.grants)) + _table(job, sets, rules)
    return Rendered(files=(File(".nft", text, "a table for nft -f"),))


def dnsmasq(job: Job) -> Rendered:
    """Lines for dnsmasq.conf, and the table whose sets they fill."""
    lines: list[str] = []
    sets: list[str] = []
    rules: list[str] = []
    left: list[tuple[Grant, str]] = []
    inexact: list[str] = []
    for at, (ports, grants) in enumerate(by_ports(job.grants), start=1):
        found = spell(FORMS, grants)
        left += found.left
        inexact += (*found.wider, *found.short)
        if not found.spellings:
            continue
        table = f"inet#{_table_name(job)}"
        into = ",".join(f"{version}#{table}#names{at}_{version}" for version, _, _ in _FAMILIES)
        lines += [f"nftset=/{name}/{into}" for name in found.spellings]
        for version, kind, family in _FAMILIES:
            sets += _set(f"names{at}_{version}", f"type {kind};", ())
            rules += _rules(job, f"names{at}_{version}", family, ports)
    head = job.header(len(lines))
    return Rendered(
        files=(
            File(".conf", head + "".join(f"{line}\n" for line in lines), "lines for dnsmasq.conf (2.87 and later)"),
            File("-sets.nft", head + _table(job, sets, rules), "the table whose sets dnsmasq fills, for nft -f"),
        ),
        wider=tuple(dict.fromkeys(inexact)),
        left=tuple(left),
    )


def _table_name(job: Job) -> str:
    return job.name.replace("-", "_")


def _set(name: str, settings: str, elements: Sequence[str]) -> Iterator[str]:
    yield f"  set {name} {{"
    yield f"    {settings}"
    if elements:
        yield "    elements = {"
        yield from (f"      {element}," for element in elements)
        yield "    }"
    yield "  }"


def _rules(job: Job, name: str, family: str, ports: Sequence[Ports]) -> Iterator[str]:
    if job.kind is List.INBOUND:
        yield f"    {family} saddr @{name} accept"
        return
    for transport in Transport:
        if ranges := of_transport(ports, transport):
            yield f"    {family} daddr @{name} {transport} dport {{ {', '.join(map(span, ranges))} }} accept"


def _table(job: Job, sets: Sequence[str], rules: Sequence[str]) -> str:
    """Loaded again, it replaces itself."""
    name = _table_name(job)
    chain = "callers" if job.kind is List.INBOUND else "allow"
    return (
        commented(_TO_ENFORCE if job.kind is List.ALLOW else ("Who calls: jump here from the chain for your server.",))
        + f"table inet {name}\ndelete table inet {name}\ntable inet {name} {{\n"
        + "".join(f"{line}\n" for line in (*sets, f"  chain {chain} {{", *rules, "  }", "}"))
    )
