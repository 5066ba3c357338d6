"""What becomes of every service of every vendor under a site: one try for each place where it could be served.

Knows the catalogue and the judge. What a site breaks is computed here and written down nowhere.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from tierwall.policy.attempt import Attempt, GivenName, NameSource, Reason, Seen, Verdict
from tierwall.policy.authority import place
from tierwall.policy.behaviour import place_of
from tierwall.policy.dialect import example_of
from tierwall.policy.judge import judge
from tierwall.policy.model import (
    Address,
    Catalogue,
    Direction,
    Evidence,
    Network,
    Ports,
    Protocol,
    Rule,
    Service,
    Tier,
    Transport,
    Vendor,
)
from tierwall.policy.site import Site

HTTPS_PORT: Final = 443
MEDIA_PORT: Final = 10000
"""Of what is asked for on every port, the ones that are tried (TCP and UDP)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Try:
    """A client of one service that goes to one place, as its rule asks for it."""

    vendor: str
    service: Service
    rule: Rule
    host: str | Address
    """A name that the rule's pattern covers, or an address of its network."""
    port: int
    transport: Transport

    @property
    def attempt(self) -> Attempt:
        """What a proxy gets to see of it."""
        seen = _seen(self.service.protocol, self.transport, self.port)
        names: tuple[GivenName, ...] = (
            GivenName(NameSource.CONNECT if seen is not Seen.HTTP else NameSource.HOST, self.host),
        )
        if seen is Seen.TLS and isinstance(self.host, str):
            names += (GivenName(NameSource.SNI, self.host),)
        address = None if isinstance(self.host, str) else self.host
        return Attempt(transport=self.transport, port=self.port, names=names, address=address, seen=seen)

    @property
    def place(self) -> str:
        """The destination as people write it."""
        return place(self.host, self.port, self.transport)


class State(StrEnum):
    """What becomes of a service."""

    WORKS = "works"
    STRUCK = "struck"
    """It gets through everywhere, and behaviours of the site break it or slow it down."""
    PARTLY = "partly"
    """Some of its places are closed, others not."""
    CLOSED = "closed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Surveyed:
    """A service under a site."""

    vendor: str
    service: str
    title: str
    tier: Tier
    symptom: str
    state: State
    reasons: tuple[Reason, ...]
    """Why places of it are closed."""
    behaviours: tuple[str, ...]
    """What strikes it where it gets through, in the order in which they act."""
    closed: tuple[str, ...]
    """The places that are closed."""
    places: int
    """How many were looked at."""


def tries_of(catalogue: Catalogue, vendor_id: str | None = None) -> Iterator[Try]:
    """A try for each service, rule, host pattern and port range that a vendor asks for, out of the network.

    Of a pattern `*.x` a name one label deep that is the service's own, so that what happens there can be told apart.
    """
    for vendor in catalogue.vendors:
        if vendor_id is None or vendor.id == vendor_id:
            for service in vendor.services:
                yield from _tries(vendor, service)


def survey(site: Site, catalogue: Catalogue) -> tuple[Surveyed, ...]:
    """Every service that asks for anything, in the catalogue's order."""
    found: dict[tuple[str, str], list[tuple[Try, Verdict]]] = {}
    for each in tries_of(catalogue):
        found.setdefault((each.vendor, each.service.id), []).append((each, judge(site, catalogue, each.attempt)))
    return tuple(_surveyed(judged) for judged in found.values())


# Which tries


def _tries(vendor: Vendor, service: Service) -> Iterator[Try]:
    for rule in vendor.rules:
        asks = rule.direction is Direction.EGRESS and rule.evidence is not Evidence.UNSPECIFIED
        if not asks or service.id not in rule.services:
            continue
        hosts: list[str | Address] = [_named(host, service) for host in rule.hosts]
        hosts += [network[0] if network.num_addresses == 1 else network[1] for network in _of_each_version(rule)]
        for host in hosts:
            for ports in rule.ports:
                port, transport = _port(ports), ports.transport
                yield Try(vendor=vendor.id, service=service, rule=rule, host=host, port=port, transport=transport)


def _of_each_version(rule: Rule) -> Iterable[Network]:
    """The first of its networks of IPv4, and the first of IPv6."""
    first: dict[int, Network] = {}
    for network in rule.networks:
        first.setdefault(network.version, network)
    return first.values()


def _named(pattern: str, service: Service) -> str:
    return example_of(pattern, service.id)


def _port(ports: Ports) -> int:
    if (ports.first, ports.last) == (1, 65535):
        return HTTPS_PORT if ports.transport is Transport.TCP else MEDIA_PORT
    return ports.first


def _seen(protocol: Protocol, transport: Transport, port: int) -> Seen | None:
    if transport is Transport.UDP:
        return Seen.OPAQUE
    if protocol is Protocol.HTTP_REDIRECT or port == 80:
        return Seen.HTTP
    return Seen.TLS


# What became of them


def _surveyed(judged: list[tuple[Try, Verdict]]) -> Surveyed:
    first = judged[0][0]
    closed = [(each, verdict) for each, verdict in judged if not verdict.passes]
    behaviours = {
        place_of(effect.behaviour): effect.behaviour.NAME
        for _, verdict in judged
        if verdict.passes
        for effect in verdict.effects
        if any((impact.vendor, impact.service) == (first.vendor, first.service.id) for impact in effect.breaks)
    }
    return Surveyed(
        vendor=first.vendor,
        service=first.service.id,
        title=first.service.title,
        tier=first.service.tier,
        symptom=first.service.symptom,
        state=_state(len(closed), len(judged), broken_by=bool(behaviours)),
        reasons=tuple(dict.fromkeys(verdict.reason for _, verdict in closed if verdict.reason is not None)),
        behaviours=tuple(name for _, name in sorted(behaviours.items())),
        closed=tuple(dict.fromkeys(each.place for each, _ in closed)),
        places=len(judged),
    )


def _state(closed: int, tried: int, *, broken_by: bool) -> State:
    if closed == tried:
        return State.CLOSED
    if closed:
        return State.PARTLY
    return State.STRUCK if broken_by else State.WORKS
