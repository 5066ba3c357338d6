"""What stands of a gateway, said line by line, and whether all of it does.

Knows the JSON of nft. Refuses to look at the machine: what it finds is given.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tierwall.gateway import checks
from tierwall.gateway.facts import Facts
from tierwall.gateway.ruleset import COUNTERS
from tierwall.gateway.steps import Ipv6, routing_rules
from tierwall.gateway.topology import ROUTES, TABLE, Standing


@dataclass(frozen=True, slots=True)
class Table:
    """The nftables table as it is now."""

    packets: Mapping[str, int]
    """By counter."""
    elements: Mapping[str, int]
    """How many each set has."""


@dataclass(frozen=True, slots=True)
class Line:
    """One thing, what is said of it, and whether it is as it should be."""

    what: str
    said: str
    stands: bool = True


def table_of(listed: str) -> Table:
    """From `nft -j list table inet ...`."""
    objects: Sequence[Mapping[str, Any]] = json.loads(listed)["nftables"] if listed else []
    return Table(
        packets={each["counter"]["name"]: each["counter"]["packets"] for each in objects if "counter" in each},
        elements={each["set"]["name"]: len(each["set"].get("elem", ())) for each in objects if "set" in each},
    )


def status(facts: Facts, table: Table) -> list[Line]:
    """All lines; one alone where no gateway is up."""
    standing = checks.standing(facts)
    if standing is None:
        left = "; something of one is left: `tierwall gateway down` removes it" if _anything(facts) else ""
        return [Line("gateway", f"none is up here{left}", stands=False)]
    return [*_kernel(standing, facts), *_proxy(standing, facts, table), *_traffic(table)]


def _anything(facts: Facts) -> bool:
    return facts.owns_table or any(rule.ours for rule in facts.rules)


def _kernel(standing: Standing, facts: Facts) -> Iterator[Line]:
    topology = standing.topology
    yield Line("gateway", f"{', '.join(topology.inside)} to {topology.outside}; TCP to port {topology.port}")
    if facts.owns_table:
        yield Line("table", f"inet {TABLE}")
    else:
        yield Line("table", f"inet {TABLE} is gone: nothing from inside gets out", stands=False)
    families = 1 if facts.ipv6 is Ipv6.ABSENT else 2
    wanted = families * sum(1 for _ in routing_rules(topology.inside))
    rules = sum(rule.ours is not None for rule in facts.rules)
    whole = rules == wanted and len(facts.routed) == families
    yield Line("routes", f"table {ROUTES}, {rules} of {wanted} rules", stands=whole)
    yield from (
        Line("setting", f"{key} is {value}, and was {before[key]}")
        for before in [dict(standing.before)]
        for key, value in (facts.settings or {}).items()
        if key in before
    )


def _proxy(standing: Standing, facts: Facts, table: Table) -> Iterator[Line]:
    tun = facts.interface(standing.topology.tun)
    attached = tun is not None and tun.has_carrier
    said = "a proxy is attached" if attached else "no proxy is attached: nothing gets through"
    yield Line("tun", f"{standing.topology.tun}, {said}", stands=attached)
    leased = table.elements.get("lease", 0) > 0
    yield Line("lease", "a proxy renews it" if leased else "no proxy renews it: nothing goes straight", stands=leased)


def _traffic(table: Table) -> Iterator[Line]:
    for kind in ("direct", "named", "withheld"):
        found = [table.elements.get(f"{kind}{version}", 0) for version in (4, 6)]
        yield Line(kind, f"{found[0]} IPv4, {found[1]} IPv6")
    for name in COUNTERS:
        yield Line("packets", f"{name.replace('_', ' ')} {table.packets.get(name, 0)}")
