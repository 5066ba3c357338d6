"""The vendors' policies as the probe carries them, and the places that they ask for.

Knows the compiled JSON (`tierwall probe` makes it from the loaded policies, `make probe` puts it in the archive), and
which of its destinations can be tried: exact names, names that a rule says exist below its wildcards, single
addresses. Never invents a name.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

HOSTS_A_RULE = 3
"""Of a rule's names and addresses, how many are tried: one network has one firewall."""
ADDRESSES_A_SERVICE = 4
"""Of a service's places that have no name, how many are tried on one port: regions are many."""
WIDEST_RANGE = 64
"""Ports of a range of which the first is tried; of wider ones (relayed media) none is known to answer."""
_HIGHEST = 65535


@dataclass(frozen=True)
class Service:
    """A function of the product, as far as a measurement needs it."""

    vendor: str
    id: str
    tier: str
    protocol: str


@dataclass(frozen=True)
class Place:
    """One destination, with every service that needs it."""

    vendor: str
    services: tuple[Service, ...]
    host: str
    port: int
    udp: bool

    @property
    def target(self) -> str:
        """As results write it."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}{'/udp' if self.udp else ''}"

    @property
    def protocols(self) -> frozenset[str]:
        """What its services speak."""
        return frozenset(service.protocol for service in self.services)

    @property
    def is_address(self) -> bool:
        """Whether it has no name."""
        return ":" in self.host or self.host.replace(".", "").isdecimal()


@dataclass(frozen=True)
class Untried:
    """A rule of which nothing can be tried."""

    service: Service
    target: str
    why: str


def vendor_ids(policies: dict[str, Any]) -> list[str]:
    """All vendors that the policies know."""
    return [vendor["id"] for vendor in policies["vendors"]]


def plan(policies: dict[str, Any], vendors: Iterable[str]) -> tuple[tuple[Place, ...], tuple[Untried, ...]]:
    """What is tried of these vendors, each place once a vendor, and what cannot be."""
    places: dict[tuple[str, str, int, bool], list[Service]] = {}
    untried: dict[Untried, None] = {}
    wanted = set(vendors)
    for vendor in policies["vendors"]:
        if vendor["id"] not in wanted:
            continue
        services = {
            each["id"]: Service(vendor["id"], each["id"], each["tier"], each["protocol"]) for each in vendor["services"]
        }
        for rule in vendor["rules"]:
            serves = [services[name] for name in rule["services"]]
            hosts = _concrete(rule)
            for port, udp, no_port in _ports(rule):
                why = no_port or ("" if hosts else "the policy names no host below it that exists")
                if why:
                    shown = ", ".join((rule["hosts"] + rule["networks"])[:2])
                    target = f"{shown} {'udp' if udp else 'tcp'}/{port or 'any'}"
                    untried.update(dict.fromkeys(Untried(service, target, why) for service in serves))
                    continue
                for host in hosts[:HOSTS_A_RULE]:
                    found = places.setdefault((vendor["id"], host, port, udp), [])
                    found += [service for service in serves if service not in found]
    all_places = [Place(vendor, tuple(found), host, port, udp) for (vendor, host, port, udp), found in places.items()]
    return tuple(_few(all_places)), tuple(untried)


def covered(policies: dict[str, Any], vendor: str, host: str) -> bool:
    """Whether the vendor asks for this host: a redirect to there is its own."""
    rules: list[Any] = next((each["rules"] for each in policies["vendors"] if each["id"] == vendor), [])
    return any(
        host == pattern or (pattern.startswith("*.") and host.endswith(pattern[1:]))
        for rule in rules
        for pattern in rule["hosts"]
    )


def _few(places: Iterable[Place]) -> Iterator[Place]:
    counts: dict[tuple[Service, int, bool], int] = {}
    for place in places:
        key = (place.services[0], place.port, place.udp)
        counts[key] = counts.get(key, 0) + 1
        if not place.is_address or counts[key] <= ADDRESSES_A_SERVICE:
            yield place


def _concrete(rule: dict[str, Any]) -> list[str]:
    hosts = [host for host in rule["hosts"] if "*" not in host]
    hosts += [name for name in rule["probe"] if name not in hosts]
    for network in rule["networks"]:
        address, _, length = network.partition("/")
        if length in ("32" if ":" not in address else "128", ""):
            hosts.append(address)
    return hosts


def _ports(rule: dict[str, Any]) -> Iterator[tuple[int, bool, str]]:
    """The first of each range; a rule for every port names none that anything is known to listen on."""
    for transport, first, last in rule["ports"]:
        if (first, last) == (1, _HIGHEST):
            yield 0, transport == "udp", "it is asked for on every port, and none is known to answer"
        elif last - first >= WIDEST_RANGE:
            yield 0, transport == "udp", f"it is asked for on ports {first} to {last}, and none is known to answer"
        else:
            yield first, transport == "udp", ""
