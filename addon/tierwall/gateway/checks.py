"""What keeps a gateway from being set up here: every fault at once, each with its mend.

Knows what a machine is like as a value. Refuses to look at the machine, or to change it.
"""

from collections.abc import Callable, Iterator
from difflib import get_close_matches
from typing import Final

from tierwall.gateway.facts import Facts, Interface
from tierwall.gateway.steps import Remains, Setting, as_key, wanted_settings
from tierwall.gateway.topology import ROUTES, RULE_PRIORITY, TABLE, Standing, Topology, read, written
from tierwall.policy.model import Network

_ALIAS_AT_MOST: Final = 255
_HALF: Final = 1
"""Prefix length of the two routes that VPN clients set instead of a default route; nothing would not overlap them."""

_UNSPEAKABLE: Final = set("\"\\;,='*")
"""An interface may be called so, and nothing that has to be written down in rules should be."""


def outside_of(facts: Facts) -> str | None:
    """The interface of the default route, IPv4's first."""
    return next((route.device for route in facts.routes if route.network is None), None)


def standing(facts: Facts) -> Standing | None:
    """The gateway that is up here, by the alias of its tun device."""
    found = (read(each.alias, each.name) for each in facts.interfaces if each.kind == "tun")
    return next((each for each in found if each is not None), None)


def remains(facts: Facts) -> Remains:
    """What there is to take back: ours beyond doubt, whether all of it still stands or not."""
    whole = standing(facts)
    now = facts.settings or {}
    return Remains(
        settings=tuple((key, was) for key, was in (whole.before if whole else ()) if now.get(key, was) != was),
        table=facts.owns_table,
        rules=tuple((rule.family, rule.ours) for rule in facts.rules if rule.ours is not None),
        routes=facts.routed if whole is not None or any(rule.ours for rule in facts.rules) else (),
        tun=whole.topology.tun if whole else None,
    )


def faults(topology: Topology, facts: Facts) -> list[str]:
    """Why there can be no such gateway here; none where there can. A dry run needs no rights: see `may_not`."""
    if facts.missing:
        return list(facts.missing)
    return [fault for check in _CHECKS for fault in check(topology, facts)]


def may_not(facts: Facts) -> list[str]:
    """Why this process may not set one up."""
    found = []
    if not facts.may_administer:
        found.append("CAP_NET_ADMIN is missing: run as root; in a container, add --cap-add NET_ADMIN")
    if not facts.has_tun:
        found.append("there is no /dev/net/tun: modprobe tun; in a container, add --device /dev/net/tun")
    return found


def warnings(topology: Topology, facts: Facts) -> Iterator[str]:
    """What does not keep a gateway from being set up, and may keep packets from passing it."""
    for chain in facts.dropping:
        mend = "let what comes from and goes to the inside pass there"
        if chain == "ip filter FORWARD":
            pairs = ((way, name) for name in topology.inside for way in ("-i", "-o"))
            mend = "; ".join(f"iptables -I FORWARD {way} {name} -j ACCEPT" for way, name in pairs)
        yield f"{chain} drops what is forwarded, whatever the gateway accepts: {mend}"


def settings_for(topology: Topology, facts: Facts) -> tuple[tuple[Setting, ...], tuple[tuple[str, str], ...]]:
    """The kernel settings to change, and what they were."""
    has = facts.settings or {}
    advertised = any(
        route.advertised and route.network is None and route.device == topology.outside for route in facts.routes
    )
    everywhere = has.get("net.ipv4.conf.all.rp_filter", "0")
    here = has.get(f"net.ipv4.conf.{as_key(topology.outside)}.rp_filter", "0")
    wanted = wanted_settings(
        topology.outside,
        facts.ipv6,
        by_advertisement=advertised,
        strict=everywhere == "1",
        reverse_path=(everywhere, here) != ("0", "0"),
    )
    to_change = tuple(each for each in wanted if has.get(each.key, each.value) != each.value)
    return to_change, tuple((each.key, has[each.key]) for each in to_change)


def _already_up(_: Topology, facts: Facts) -> Iterator[str]:
    if standing(facts) is not None:
        yield "a gateway is up here already: `tierwall gateway down` first"
        return
    if facts.owns_table:
        yield f"the nftables table inet {TABLE} of a former gateway is left over: `tierwall gateway down` first"
    elif facts.has_table:
        yield f"the nftables table inet {TABLE} is somebody else's: nft delete table inet {TABLE}"
    if facts.routed or facts.rules:
        numbers = f"{RULE_PRIORITY}-{RULE_PRIORITY + 2}"
        ours = all(rule.ours for rule in facts.rules)
        mend = "`tierwall gateway down` first" if ours and facts.rules else "see `ip rule` and `ip -6 rule`"
        yield f"routing table {ROUTES} or rules of priority {numbers} are in use: {mend}"


def _interfaces(topology: Topology, facts: Facts) -> Iterator[str]:
    known = [each.name for each in facts.interfaces if each.name != "lo"]
    named = [("--inside", name) for name in topology.inside]
    if topology.outside:
        named.append(("--outside", topology.outside))
    else:
        yield "there is no default route: name the interface to the internet with --outside"
    for option, name in named:
        if name in known:
            if _UNSPEAKABLE & set(name):
                yield f"{option} {name}: rename the interface; rules cannot spell it"
            continue
        near = get_close_matches(name, known, 1)
        there = f"did you mean {near[0]}?" if near else f"there are {', '.join(known) or 'none'}"
        yield f"{option} {name}: there is no such interface; {there}"
    if topology.outside in topology.inside:
        yield f"--outside {topology.outside}: the same interface is --inside; clients would be on both sides of it"


def _addresses(topology: Topology, facts: Facts) -> Iterator[str]:
    for name in topology.inside:
        interface = facts.interface(name)
        if interface is not None and not interface.networks:
            yield f"--inside {name}: it has no address; clients need one as their default route"


def _overlaps(topology: Topology, facts: Facts) -> Iterator[str]:
    inside = [each for name in topology.inside if (each := facts.interface(name)) is not None]
    others = {
        (network, other.name) for other in facts.interfaces for network in other.networks if other.name != "lo"
    } | {(route.network, route.device) for route in facts.routes if route.network is not None}
    for interface in inside:
        for network in interface.networks:
            for other, device in sorted(others, key=str):
                if device != interface.name and other.prefixlen > _HALF and _overlap(network, other):
                    yield (
                        f"--inside {interface.name}: its network {network} overlaps {other} of {device}; "
                        "give the clients another one"
                    )


def _overlap(one: Network, other: Network) -> bool:
    return one.version == other.version and one.overlaps(other)


def _tun(topology: Topology, facts: Facts) -> Iterator[str]:
    found: Interface | None = facts.interface(topology.tun)
    if found is None or standing(facts) is not None:
        return
    if found.kind == "tun":
        yield (
            f"--tun {topology.tun}: the device is there already; stop the proxy that made it, `run` comes after `up`"
        )
    else:
        yield f"--tun {topology.tun}: an interface that is no tun device has this name; choose another"


def _written_state(topology: Topology, facts: Facts) -> Iterator[str]:
    _, before = settings_for(topology, facts)
    if len(written(Standing(topology=topology, before=before))) > _ALIAS_AT_MOST:
        yield f"{len(topology.inside)} interfaces inside are too many: put them on a bridge"


def _ssh(topology: Topology, facts: Facts) -> Iterator[str]:
    """What is addressed to this machine is never touched; what would cut it off is what remains."""
    session = facts.session
    if topology.port in facts.sshd_ports or (session is not None and session.port == topology.port):
        yield f"--port {topology.port}: sshd listens there, and clients would be led to it; choose another"
    if session is None:
        return
    here = {address for each in facts.interfaces for address in each.addresses}
    inside = set(topology.inside)
    ends = {session.client_by, session.server_by}
    if not {session.client, session.server} & here and ends & inside and ends - inside:
        yield (
            f"this SSH session ({session.client} to {session.server}) comes through --inside and would be cut off: "
            "work on the machine's console"
        )


_CHECKS: Final[tuple[Callable[[Topology, Facts], Iterator[str]], ...]] = (
    _already_up,
    _interfaces,
    _addresses,
    _overlaps,
    _tun,
    _written_state,
    _ssh,
)
