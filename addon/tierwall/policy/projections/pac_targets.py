"""Which destinations a client should send to the proxy: vendors' hosts, admitted or not, the site's lists and portals.

Knows hosts and networks, not ports: proxy settings of browsers know none. Denied ones are among them, because a client
that went round the proxy would not meet the denial that the site is there to show.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from tierwall.policy.behaviour import CaptivePortal
from tierwall.policy.dialect import Dialect, Part, Reading, Rejected, Shape, read, vendors_part
from tierwall.policy.match.deciding import allowed_parts
from tierwall.policy.model import Catalogue, Direction, Network
from tierwall.policy.site import ListEntry, RuledEntry, Site

MOST: Final = 5000
"""Patterns and networks that browsers are given; more would pass the megabyte that Chromium reads of a PAC file."""


@dataclass(frozen=True, slots=True)
class Steering:
    """What goes through the proxy."""

    readings: tuple[Reading, ...]
    shapes: tuple[Shape, ...]
    networks: tuple[Network, ...]


def steering(site: Site, catalogue: Catalogue) -> Steering | None:
    """What goes through the proxy; None where that is more than MOST, and everything should."""
    found: dict[Part | Network, None] = {}
    for part in _parts(site, catalogue):
        found[part] = None
        if len(found) > MOST:
            return None
    return Steering(
        readings=tuple(part for part in found if isinstance(part, Reading)),
        shapes=tuple(part for part in found if isinstance(part, Shape)),
        networks=tuple(part for part in found if not isinstance(part, Reading | Shape)),
    )


def _parts(site: Site, catalogue: Catalogue) -> Iterator[Part | Network]:
    for vendor in catalogue.vendors:
        for rule in vendor.rules:
            if rule.direction is Direction.EGRESS:
                yield from map(vendors_part, rule.hosts)
                yield from rule.networks
    for entry in (*site.admit, *site.deny):
        if isinstance(entry, ListEntry):
            yield from _covered(entry.dialect, entry.hosts)
            yield from entry.networks
        elif isinstance(entry, RuledEntry):
            yield from (part for _, part in allowed_parts(entry.rules))
    for behaviour in site.behaviours:
        if isinstance(behaviour, CaptivePortal):
            yield from _covered(Dialect.LITERAL, (behaviour.portal,))


def _covered(dialect: Dialect, hosts: tuple[str, ...]) -> Iterator[Part]:
    for host in hosts:
        if not isinstance(parts := read(dialect, host), Rejected):
            yield from parts
