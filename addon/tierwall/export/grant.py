"""What an export asks a network for: destinations with their ports, and the services that they serve.

Knows frozen values; where they come from is selection.py's, how a product spells them is its module's.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from tierwall.policy.attempt import Impact
from tierwall.policy.dialect import Dialect, NamePart, Part, Reading, Shape
from tierwall.policy.model import Network, Ports, Tier


class List(StrEnum):
    """The three lists: they go into different rules of a firewall, and are never mixed."""

    ALLOW = "allow"
    """What the network lets through."""
    BYPASS = "bypass"
    """What must not be decrypted on its way, with the reason."""
    INBOUND = "inbound"
    """Who calls the customer's own servers: never in an egress rule."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Grant:
    """One destination that is asked for."""

    destination: Part
    ports: tuple[Ports, ...]
    """Merged and sorted; none where an inbound rule's document names none."""
    serves: tuple[Impact, ...] = ()
    """The most severe tier first; none for a site's own entries that no vendor asks for."""
    label: str = ""
    """Whose it is: `vevox/*.vevox.app`, `admit[1]`."""
    spelled: tuple[Dialect, str] | None = None
    """As the site has it, where that is a product's spelling."""
    reasons: tuple[str, ...] = ()
    """In the list of what is not decrypted: why."""

    @property
    def name(self) -> NamePart | None:
        """The host pattern, where it is one."""
        return self.destination if isinstance(self.destination, Reading | Shape) else None

    @property
    def network(self) -> Network | None:
        """The network, where it is one."""
        return None if isinstance(self.destination, Reading | Shape) else self.destination

    def __str__(self) -> str:
        return shown(self.destination)

    @property
    def purpose(self) -> str:
        """The services in a few words: `vevox core: dashboard, content`."""
        found: dict[tuple[str, Tier], dict[str, None]] = {}
        for impact in self.serves:
            found.setdefault((impact.vendor, impact.tier), {})[impact.service] = None
        return "; ".join(f"{vendor} {tier}: {', '.join(services)}" for (vendor, tier), services in found.items())


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamp:
    """When an export was written, and by which version."""

    on: date
    version: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Selection:
    """What is exported, whatever the product."""

    name: str
    """Of files and objects: letters, digits and hyphens, at most 31."""
    title: str
    """For people: `Vevox, tier core`."""
    about: tuple[str, ...]
    """Vendors with their documents, tiers, evidence: a line each, for headers."""
    lists: dict[List, tuple[Grant, ...]]
    denied: tuple[Grant, ...] = ()
    """What the site denies inside what it admits: it wins there."""
    remarks: tuple[str, ...] = ()
    """What of the site is no list, and so is in no export."""


def shown(destination: Part) -> str:
    """A destination as the catalogue spells it, or as near to that as a count of labels can be said."""
    match destination:
        case Shape():
            return destination.spelling
        case Reading(base, 0, 0):
            return base
        case Reading(base, 1, None):
            return f"*.{base}"
        case Reading(base, 0, None):
            return f"{base} and *.{base}"
        case Reading(base, fewest, most):
            return f"{base} with {fewest} to {'any number' if most is None else most} labels before it"
        case _:
            return plain(destination)


def plain(network: Network) -> str:
    """One address without its prefix length."""
    return str(network.network_address) if network.prefixlen == network.max_prefixlen else str(network)


def by_ports(grants: Iterable[Grant]) -> list[tuple[tuple[Ports, ...], list[Grant]]]:
    """The grants in groups that share all their ports, in the order in which they come."""
    groups: dict[tuple[Ports, ...], list[Grant]] = {}
    for grant in grants:
        groups.setdefault(grant.ports, []).append(grant)
    return sorted(groups.items(), key=lambda group: [(p.transport, p.first, p.last) for p in group[0]])
